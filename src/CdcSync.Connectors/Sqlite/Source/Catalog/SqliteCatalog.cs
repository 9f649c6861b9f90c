using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using CdcSync.Connectors.Sqlite.Source.Tracking;

namespace CdcSync.Connectors.Sqlite.Source.Catalog;

/// <summary>
/// What the file's catalogue says, read inside a transaction. Tables are described when first asked for and remembered for as long as the catalogue's whole
/// text stays the same; so a pass over hundreds of datasets reads one small table.
/// </summary>
internal sealed class SqliteCatalog
{
    private readonly ConcurrentDictionary<string, SqliteTable?> _described = new(SqliteNames.Comparer);
    private readonly List<Entry> _entries;
    private readonly string _fingerprint;

    private SqliteCatalog(List<Entry> entries, string fingerprint)
    {
        _entries = entries;
        _fingerprint = fingerprint;
    }

    /// <summary>Reads the catalogue, or hands back the one known before if nothing changed in it.</summary>
    /// <param name="connection">Inside the transaction that will read the tables.</param>
    /// <param name="known">The catalogue of the last time; null = none.</param>
    public static SqliteCatalog Read(SourceConnection connection, SqliteCatalog? known)
    {
        var entries = new List<Entry>();
        using (var rows = connection.Prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name", "reading the catalogue"))
            while (rows.Step())
                entries.Add(new Entry(rows.Text(0)!, rows.Text(1)!, rows.Text(2)!, rows.Text(3)));
        var fingerprint = FingerprintOf(entries);
        return known?._fingerprint == fingerprint ? known : new SqliteCatalog(entries, fingerprint);
    }

    /// <summary>The names of the tables and views of the user: neither SQLite's own nor those of change tracking.</summary>
    public IEnumerable<string> UserTables => _entries
        .Where(e => e.Type is "table" or "view" && !SqliteNames.StartsWith(e.Name, "sqlite_") && !SqliteNames.StartsWith(e.Name, TrackingNames.Prefix))
        .Select(e => e.Name);

    /// <summary>True if there is a table or view of that name.</summary>
    public bool Has(string name) => _entries.Exists(e => e.Type is "table" or "view" && SqliteNames.Same(e.Name, name));

    /// <summary>True if there is a view of that name.</summary>
    public bool IsView(string name) => _entries.Exists(e => e.Type == "view" && SqliteNames.Same(e.Name, name));

    /// <summary>The text of a trigger as the catalogue keeps it; null if there is none of that name.</summary>
    public string? TriggerText(string name) => _entries.Find(e => e.Type == "trigger" && SqliteNames.Same(e.Name, name))?.Sql;

    /// <summary>The triggers of change tracking on a table (or on its log).</summary>
    public IEnumerable<string> TrackingTriggersOn(string table) => _entries
        .Where(e => e.Type == "trigger" && SqliteNames.Same(e.Table, table) && SqliteNames.StartsWith(e.Name, TrackingNames.Prefix)).Select(e => e.Name);

    /// <summary>Describes a table or view.</summary>
    /// <param name="connection">In a transaction of the same state as the one the catalogue was read in.</param>
    /// <param name="name">Its name; the case of ASCII letters does not matter.</param>
    /// <returns>Null if there is none.</returns>
    public SqliteTable? Find(SourceConnection connection, string name)
    {
        if (!_described.TryGetValue(name, out var table))
            _described[name] = table = Describe(connection, name);
        return table;
    }

    private SqliteTable? Describe(SourceConnection connection, string name)
    {
        if (!Has(name))
            return null;
        using var list = connection.Prepare("SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE", $"describing {name}")
            .Bind(1, name);
        if (!list.Step())
            return null;
        var exact = list.Text(0)!;
        var kind = list.Text(1) switch { "view" => TableKind.View, "virtual" => TableKind.Virtual, "shadow" => TableKind.Shadow, _ => TableKind.Table };
        var columns = Columns(connection, exact, list.Integer(3) == 1, out var key);
        var indexes = UniqueIndexes(connection, exact, columns);
        var hasRowId = kind == TableKind.Table && list.Integer(2) == 0;
        var keyIsRowId = hasRowId && key.Count > 0 && !indexes.Any(i => i.IsPrimaryKey);
        return new SqliteTable
        {
            Name = exact,
            Kind = kind,
            Columns = columns,
            Key = key,
            KeyIsRowId = keyIsRowId,
            HiddenRowId = hasRowId && !keyIsRowId ? RowIdNames.FirstOrDefault(r => !columns.Exists(c => SqliteNames.Same(c.Name, r))) : null,
            UniqueIndexes = indexes,
        };
    }

    private static readonly string[] RowIdNames = ["rowid", "_rowid_", "oid"];

    private static List<SqliteColumn> Columns(SourceConnection connection, string table, bool isStrict, out IReadOnlyList<SqliteColumn> key)
    {
        var columns = new List<SqliteColumn>();
        var ordinals = new SortedDictionary<long, SqliteColumn>();
        using var rows = connection.Prepare("SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1)", $"describing {table}").Bind(1, table);
        while (rows.Step())
        {
            // Hidden = 1: a virtual table's own; 2 and 3: generated.
            if (rows.Integer(5) == 1) continue;
            var type = rows.Text(1) ?? "";
            var column = new SqliteColumn(rows.Text(0)!, type, Affinities.Of(type, isStrict), rows.Integer(2) == 1, rows.Text(3), rows.Integer(5) > 1);
            columns.Add(column);
            if (rows.Integer(4) > 0) ordinals.Add(rows.Integer(4), column);
        }
        key = [.. ordinals.Values];
        return columns;
    }

    private List<UniqueIndex> UniqueIndexes(SourceConnection connection, string table, List<SqliteColumn> columns)
    {
        var indexes = new List<UniqueIndex>();
        using var rows = connection.Prepare("SELECT name, origin FROM pragma_index_list(?1) WHERE \"unique\" = 1 ORDER BY name", $"describing {table}").Bind(1, table);
        while (rows.Step())
        {
            var name = rows.Text(0)!;
            var written = _entries.Find(e => e.Type == "index" && SqliteNames.Same(e.Name, name))?.Sql is { } sql ? IndexSql.Parse(sql) : null;
            var parts = new List<IndexPart>();
            using var xinfo = connection.Prepare("SELECT cid, name, coll, \"desc\" FROM pragma_index_xinfo(?1) WHERE key = 1 ORDER BY seqno", $"describing {table}").Bind(1, name);
            while (xinfo.Step())
            {
                var column = xinfo.Text(1) is { } of ? columns.Find(c => SqliteNames.Same(c.Name, of)) : null;
                parts.Add(new IndexPart(column, column is null ? written!.Parts[parts.Count] : null, xinfo.Text(2)!, xinfo.Integer(3) == 1));
            }
            indexes.Add(new UniqueIndex(name, rows.Text(1) == "pk", parts, written?.Predicate));
        }
        return indexes;
    }

    private static string FingerprintOf(List<Entry> entries)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var e in entries)
            hash.AppendData(Encoding.UTF8.GetBytes($"{e.Type}\0{e.Name}\0{e.Table}\0{e.Sql}\u0001"));
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private sealed record Entry(string Type, string Name, string Table, string? Sql);
}
