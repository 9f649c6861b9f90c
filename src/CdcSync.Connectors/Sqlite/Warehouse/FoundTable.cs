namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>A table as the catalogue describes it.</summary>
/// <param name="Kind"><c>table</c>, <c>view</c>, <c>virtual</c> or <c>shadow</c>.</param>
/// <param name="Columns">Its columns in order.</param>
/// <param name="KeyCollations">The collation of each key column that has another than BINARY, by folded name.</param>
internal sealed record FoundTable(string Kind, IReadOnlyList<FoundColumn> Columns, IReadOnlyDictionary<string, string> KeyCollations)
{
    /// <summary>Reads the catalogue.</summary>
    /// <returns>Null if there is no table or view of that name.</returns>
    public static FoundTable? Read(SqliteSession session, string name)
    {
        var kind = session.Fixed("SELECT type FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE").With(name).First(row => row.Text(0), missing: null);
        if (kind is null) return null;
        var columns = session
            .Fixed("SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo(?1, 'main')")
            .With(name)
            .All(row => new FoundColumn(row.Text(0), row.Text(1), row.Int64(2) != 0, row.Int64(3) != 0, (int)row.Int64(4), row.Int64(5) != 0));
        var collations = session
            .Fixed("""
                SELECT x.name, x.coll FROM pragma_index_list(?1, 'main') AS i, pragma_index_xinfo(i.name, 'main') AS x
                 WHERE i.origin = 'pk' AND x.key = 1 AND x.name IS NOT NULL AND x.coll <> 'BINARY'
                """)
            .With(name)
            .All(row => (Name: SqliteTable.Folded(row.Text(0)), Collation: row.Text(1)))
            .ToDictionary(row => row.Name, row => row.Collation, StringComparer.Ordinal);
        return new FoundTable(kind, columns, collations);
    }
}

/// <summary>A column as the catalogue describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Declared">Its declared type; empty = none.</param>
/// <param name="IsNotNull">True if it refuses null.</param>
/// <param name="HasDefault">True if an insert may leave it out although it refuses null.</param>
/// <param name="KeyOrdinal">Its place in the primary key, from 1; 0 = not in it.</param>
/// <param name="IsComputed">True if it can't be written (generated or hidden).</param>
internal sealed record FoundColumn(string Name, string Declared, bool IsNotNull, bool HasDefault, int KeyOrdinal, bool IsComputed);
