using System.Globalization;
namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>
/// The statements that publish a stage: pure text. A stage is a temporary table with the kind of change (0 upsert, 1 delete, 2 erase) and the target's
/// columns as c0, c1 …; where the target has a key the stage has it too, so that rows fold as they are staged and merge in key order.
/// </summary>
/// <param name="table">The target.</param>
/// <param name="stage">The temporary table's name, a plain word.</param>
/// <param name="keyCollations">The collation of key columns that have another than BINARY, by folded name: the stage folds as the target compares.</param>
internal sealed class MergeSql(SqliteTable table, string stage, IReadOnlyDictionary<string, string> keyCollations)
{
    private const string DeletedAt = SqliteTable.DeletedAt;

    public string CreateStage => $"CREATE TEMP TABLE {stage} (kind INTEGER NOT NULL{Each(table.Columns, c => $", {c.Staged} {c.Declared}{Collation(c)}")}{StageKey}";

    public string DropStage => $"DROP TABLE IF EXISTS temp.{stage}";

    /// <summary>Parameters: the kind, then the columns. Later rows of a key take the place of earlier ones.</summary>
    public string InsertStaged => $"INSERT OR REPLACE INTO temp.{stage} (kind{Each(table.Columns, c => $", {c.Staged}")}) VALUES (?1{string.Concat(table.Columns.Select((_, i) => $", ?{i + 2}"))})";

    public string Erase => $"DELETE FROM {table.Name} AS t WHERE {KeyOf("t")} IN (SELECT {List(table.Key, c => $"s.{c.Staged}")} FROM temp.{stage} AS s WHERE s.kind = 2)";

    public string Delete => $"DELETE FROM {table.Name} AS t WHERE {KeyOf("t")} IN {StagedDeletes}";

    /// <summary>Marks live rows; ?1 is the time.</summary>
    public string Mark => $"UPDATE {table.Name} AS t SET {DeletedAt} = ?1 WHERE t.{DeletedAt} IS NULL AND {KeyOf("t")} IN {StagedDeletes}";

    /// <summary>A row for each deleted key that was never seen; ?1 is the time.</summary>
    public string Tombstones =>
        $"""
        INSERT INTO {table.Name} ({List(table.Key, c => c.Name)}, {DeletedAt})
        SELECT {List(table.Key, c => $"s.{c.Staged}")}, ?1 FROM temp.{stage} AS s WHERE s.kind = 1
        ON CONFLICT ({List(table.Key, c => c.Name)}) DO NOTHING
        """;

    public string DeleteAbsent => $"DELETE FROM {table.Name} AS t WHERE {IsAbsent}";

    /// <summary>Marks live rows that the whole content lacks; ?1 is the time.</summary>
    public string MarkAbsent => $"UPDATE {table.Name} AS t SET {DeletedAt} = ?1 WHERE t.{DeletedAt} IS NULL AND {IsAbsent}";

    /// <summary>Two numbers: keys staged as upsert, and how many of them the target has.</summary>
    public string CountUpserts =>
        $"SELECT count(*), count(t.{table.Key[0].Name}) FROM temp.{stage} AS s LEFT JOIN {table.Name} AS t ON {SameKey} WHERE s.kind = 0";

    /// <summary>Inserts, and updates what differs; rows that are equal are not touched and not counted.</summary>
    public string Upsert =>
        $"""
        INSERT INTO {table.Name} AS t ({List(table.Columns, c => c.Name)})
        SELECT {List(table.Columns, c => $"s.{c.Staged}")} FROM temp.{stage} AS s WHERE s.kind = 0
        ON CONFLICT ({List(table.Key, c => c.Name)}) DO {OnConflict}
        """;

    /// <summary>Two numbers for a target without a key: values that it holds another number of times than the stage, and rows that the stage lacks.</summary>
    public string CompareContent =>
        $"""
        SELECT total(n <> m), total(max(n - m, 0)) FROM (
            SELECT sum(n) AS n, sum(m) AS m FROM (
                SELECT 1 AS n, 0 AS m{Each(table.Columns, c => $", t.{c.Name} AS {c.Staged}")} FROM {table.Name} AS t
                UNION ALL
                SELECT 0, 1{Each(table.Columns, c => $", s.{c.Staged}")} FROM temp.{stage} AS s)
            GROUP BY {List(table.Columns, c => c.Staged)})
        """;

    public string DeleteAll => $"DELETE FROM {table.Name}";

    public string InsertAll =>
        $"INSERT INTO {table.Name} ({List(table.Columns, c => c.Name)}) SELECT {List(table.Columns, c => $"s.{c.Staged}")} FROM temp.{stage} AS s";

    public string CountLive => $"SELECT count(*) FROM {table.Name} AS t{(table.MarksDeletes ? $" WHERE t.{DeletedAt} IS NULL" : "")}";

    public string CountLiveUpTo(long limit) => string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM (SELECT 1 FROM {table.Name} AS t{(table.MarksDeletes ? $" WHERE t.{DeletedAt} IS NULL" : "")} LIMIT {limit})");

    public string CountDeletes => $"SELECT count(*) FROM temp.{stage} AS s CROSS JOIN {table.Name} AS t ON {SameKey} WHERE s.kind = 1{AndLive}";

    public string CountAbsent => $"SELECT count(*) FROM {table.Name} AS t WHERE {IsAbsent}{AndLive}";

    private string StagedDeletes => $"(SELECT {List(table.Key, c => $"s.{c.Staged}")} FROM temp.{stage} AS s WHERE s.kind = 1)";

    // A row staged as erase is not absent: it has been erased already, and the delete breaker does not count it.
    private string IsAbsent => $"NOT EXISTS (SELECT 1 FROM temp.{stage} AS s WHERE {SameKey} AND s.kind <> 1)";

    private string AndLive => table.MarksDeletes ? $" AND t.{DeletedAt} IS NULL" : "";

    private string SameKey => string.Join(" AND ", table.Key.Select(c => $"t.{c.Name} = s.{c.Staged}"));

    // One integer as key is the stage's rowid; any other key clusters it.
    private string StageKey => table.Key switch
    {
        [] => ")",
        [{ Declared: "INTEGER" } key] => $", PRIMARY KEY ({key.Staged}))",
        _ => $", PRIMARY KEY ({List(table.Key, c => c.Staged)})) WITHOUT ROWID",
    };

    private string OnConflict
    {
        get
        {
            var (set, differs) = (new List<string>(), new List<string>());
            if (table.Values.Any())
            {
                set.AddRange(table.Values.Select(c => $"{c.Name} = excluded.{c.Name}"));
                differs.Add($"({List(table.Values, c => $"t.{c.Name}")}) IS NOT ({List(table.Values, c => $"excluded.{c.Name}")})");
            }
            if (table.MarksDeletes)
            {
                set.Add($"{DeletedAt} = NULL");
                differs.Add($"t.{DeletedAt} IS NOT NULL");
            }
            return set.Count == 0 ? "NOTHING" : $"UPDATE SET {string.Join(", ", set)}\n WHERE {string.Join(" OR ", differs)}";
        }
    }

    private string KeyOf(string alias) => table.Key.Count == 1 ? $"{alias}.{table.Key[0].Name}" : $"({List(table.Key, c => $"{alias}.{c.Name}")})";

    private string Collation(SqliteColumn column) =>
        column.IsKey && keyCollations.TryGetValue(SqliteTable.Folded(column.Plain), out var collation) ? $" COLLATE {SqliteDialect.Quote(collation)}" : "";

    private static string List(IEnumerable<SqliteColumn> columns, Func<SqliteColumn, string> text) => string.Join(", ", columns.Select(text));

    private static string Each(IEnumerable<SqliteColumn> columns, Func<SqliteColumn, string> text) => string.Concat(columns.Select(text));
}
