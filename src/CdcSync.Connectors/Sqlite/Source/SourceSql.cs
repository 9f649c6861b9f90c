using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Connectors.Sqlite.Source.Tracking;
using CdcSync.Core.Datasets;
using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>The statements that read a source; pure. The object is always aliased <c>b</c> (base) and every column written with it.</summary>
internal static class SourceSql
{
    /// <summary>The clock of the machine that has the file, in milliseconds since 1970 UTC.</summary>
    public const string SourceTime = $"SELECT {TrackingScript.Now}";

    /// <summary>What is read, as a FROM item named b. A query stands on lines of its own: it may end in a comment.</summary>
    public static string From(SourceObject source) => source switch
    {
        SourceObject.Table table => $"main.{Quote(table.Name)} AS b",
        SourceObject.Query query => $"(\n{query.Sql}\n) AS b",
        _ => throw new InvalidOperationException(source.GetType().Name),
    };

    /// <summary>The dataset's columns in order.</summary>
    public static string Columns(Dataset dataset) => string.Join(", ", dataset.Columns.Select(c => Quote("b", c.Source)));

    /// <summary>All rows.</summary>
    public static string All(Dataset dataset) => $"SELECT {Columns(dataset)} FROM {From(dataset.Object)}";

    /// <summary>Where a table's tracking stands: identity, minimum valid version, milliseconds for which changes are kept. Parameter: the table.</summary>
    public const string TrackingMeta = $"SELECT identity, min_valid_version, retention_ms FROM \"{TrackingNames.Meta}\" WHERE table_name = ?1";

    /// <summary>The indexes of a table that begin with a column. Parameters: the table, the column.</summary>
    public const string LeadingColumns = """
        SELECT l.name FROM pragma_index_list(?1) AS l JOIN pragma_index_info(l.name) AS i
        WHERE i.seqno = 0 AND i.name = ?2 COLLATE NOCASE AND l.partial = 0
        """;

    /// <summary>The newest change: version and token; no row = none yet.</summary>
    public static string CurrentVersion(string table) => $"SELECT version, token FROM {TrackingNames.QuotedLog(table)} ORDER BY version DESC LIMIT 1";

    /// <summary>The token of a version. Parameter: the version.</summary>
    public static string TokenOf(string table) => $"SELECT token FROM {TrackingNames.QuotedLog(table)} WHERE version = ?1";

    /// <summary>
    /// The last change of each key in a window, oldest first, with the row that has this key now. Columns: time, what became of the row (see
    /// <see cref="KeyState"/>), the log's key columns, the dataset's columns. Parameters: after, up to.
    /// </summary>
    /// <remarks>Keys are told apart by their bytes (the log has no collation), rows are found by the table's own collation. A key that is equal to a row's only
    /// by collation is gone: the row got its present key by a later change. LIMIT -1 keeps SQLite from dropping the order of the inner query.</remarks>
    public static string NetChanges(Dataset dataset, SqliteTable table)
    {
        var keys = table.Key.Select((k, i) => (Base: Quote("b", k.Name), Net: $"n.{TrackingNames.KeyColumn(i)}", k.Affinity)).ToList();
        var grouping = table.Key.SelectMany((k, i) => k.Affinity == Affinity.Blob
            ? [TrackingNames.KeyColumn(i), $"typeof({TrackingNames.KeyColumn(i)})"]
            : (IEnumerable<string>)[TrackingNames.KeyColumn(i)]);
        var same = keys.Select(k => k.Affinity == Affinity.Blob
            ? $"{k.Base} = {k.Net} COLLATE BINARY AND typeof({k.Base}) = typeof({k.Net})"
            : $"{k.Base} = {k.Net} COLLATE BINARY");
        return $"""
            SELECT n.at,
              CASE WHEN {string.Join(" OR ", keys.Select(k => $"{k.Net} IS NULL"))} THEN {(int)KeyState.HasNull}
                WHEN {string.Join(" AND ", same)} THEN {(int)KeyState.Present} ELSE {(int)KeyState.Gone} END,
              {string.Join(", ", keys.Select(k => k.Net))},
              {Columns(dataset)}
            FROM (
              SELECT max(version) AS version, max(at) AS at, {TrackingNames.KeyColumns(keys.Count)} FROM {TrackingNames.QuotedLog(table.Name)}
              WHERE version > ?1 AND version <= ?2 GROUP BY {string.Join(", ", grouping)} ORDER BY 1 LIMIT -1) AS n
            LEFT JOIN {From(dataset.Object)} ON {string.Join(" AND ", keys.Select(k => $"{k.Base} = {k.Net}"))}
            """;
    }

    /// <summary>The rows whose key has NULL in the places where a key of the log has it. Parameters: the key's parts.</summary>
    public static string RowsWithNullKey(Dataset dataset, SqliteTable table) =>
        $"{All(dataset)} WHERE {string.Join(" AND ", table.Key.Select((k, i) => $"{Quote("b", k.Name)} IS ?{i + 1}"))}";
}

/// <summary>What became of the row of a changed key.</summary>
internal enum KeyState
{
    /// <summary>It is gone.</summary>
    Gone = 0,

    /// <summary>It is there.</summary>
    Present = 1,

    /// <summary>The key has a NULL: no row can be told by it.</summary>
    HasNull = 2,
}
