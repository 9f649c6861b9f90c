using System.Globalization;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>
/// The statements that publish a stage: pure text. A stage is a temporary table with the kind of change (0 upsert, 1 delete, 2 erase), its order, and the
/// target's columns as c0, c1 …. Why there is no MERGE: docs/adr/0050.
/// </summary>
/// <param name="table">The target.</param>
/// <param name="stage">The temporary table's name, a plain word that begins with #.</param>
/// <param name="keyCollations">The collation of each text column of the target's key: the stage compares as the target does.</param>
internal sealed class MergeSql(SqlServerTable table, string stage, IReadOnlyDictionary<TargetColumn, string> keyCollations)
{
    private const string DeletedAt = SqlServerTable.DeletedAt, Bytewise = TargetSql.Bytewise, Now = "SYSUTCDATETIME()";

    /// <summary>The stage's columns besides the target's.</summary>
    public const string Kind = "_cdc_kind", Sequence = "_cdc_seq";

    /// <summary>Makes the stage.</summary>
    public TSql CreateStage()
    {
        string[] lines =
        [
            $"    {Kind} tinyint NOT NULL",
            $"    {Sequence} bigint NOT NULL",
            .. table.Columns.Select(c => $"    {c.Staged} {c.Type.Sql}{Collation(c)} {(c.IsKey ? "NOT NULL" : "NULL")}"),
            .. table.Key.Count == 0 ? Array.Empty<string>() : [$"    PRIMARY KEY CLUSTERED ({List(table.Key, c => c.Staged)}, {Sequence})"],
        ];
        return new($"CREATE TABLE {stage} (\n{string.Join(",\n", lines)}\n);", TSqlKinds.Ddl);
    }

    /// <summary>Removes the stage.</summary>
    public TSql DropStage() => new($"DROP TABLE IF EXISTS {stage};", TSqlKinds.Ddl);

    /// <summary>Leaves of each key the last change only.</summary>
    public TSql Fold() => new(
        $"""
        DELETE s
          FROM {stage} AS s
         WHERE EXISTS (SELECT 1 FROM {stage} AS l WHERE {SameKey("l", c => c.Staged)} AND l.{Sequence} > s.{Sequence});
        """, TSqlKinds.Delete);

    /// <summary>The batch that publishes a folded stage, writes the ledger's entry with the counts, and returns them: inserted, updated, deleted, erased.</summary>
    /// <param name="mode">How it is published; of a target without a key always as a whole.</param>
    /// <param name="kinds">What the stage holds.</param>
    public TSql Publish(PublishMode mode, StagedKinds kinds)
    {
        var whole = mode == PublishMode.Difference;
        string[] statements = table.Key.Count == 0 ? [Replace] : mode == PublishMode.Append && !kinds.HasFlag(StagedKinds.Deletes) ? kinds.HasFlag(StagedKinds.Upserts) ? [Append] : [] :
        [
            // What goes makes room first: a unique index of the user's may need its place.
            .. kinds.HasFlag(StagedKinds.Erases) ? [Erase] : Array.Empty<string>(),
            .. whole ? [table.MarksDeletes ? MarkAbsent : DeleteAbsent] : kinds.HasFlag(StagedKinds.Deletes) ? table.MarksDeletes ? [Mark, Tombstones] : [Delete] : Array.Empty<string>(),
            .. kinds.HasFlag(StagedKinds.Upserts) ? [.. table.MarksDeletes || table.Values.Any() ? [Update] : Array.Empty<string>(), Insert] : Array.Empty<string>(),
        ];
        return new(
            $"""
            DECLARE @inserted bigint = 0, @updated bigint = 0, @deleted bigint = 0, @erased bigint = 0;
            {string.Join('\n', statements)}
            {ControlSql.LedgerText}
            SELECT @inserted AS inserted, @updated AS updated, @deleted AS deleted, @erased AS erased;
            """, TSqlKinds.Control | TSqlKinds.Insert | TSqlKinds.Update | TSqlKinds.Delete | TSqlKinds.Select, ControlSql.Ledger);
    }

    /// <summary>1 if a target holds any row.</summary>
    public static TSql HasRows(SqlServerTable table) => new($"SELECT CASE WHEN EXISTS (SELECT 1 FROM {table.Name}) THEN 1 ELSE 0 END AS has_rows;", TSqlKinds.Select);

    /// <summary>Rows of the target that are not marked as deleted.</summary>
    public TSql CountLive() => new($"SELECT COUNT_BIG(*) AS live FROM {table.Name} AS t{(table.MarksDeletes ? $" WHERE t.{DeletedAt} IS NULL" : "")};", TSqlKinds.Select);

    /// <summary>The same, no more than a limit.</summary>
    public TSql CountLiveUpTo(long limit) => new(string.Create(CultureInfo.InvariantCulture, $"SELECT COUNT_BIG(*) AS live FROM (SELECT TOP ({limit}) 1 AS found FROM {table.Name} AS t{(table.MarksDeletes ? $" WHERE t.{DeletedAt} IS NULL" : "")}) AS counted;"), TSqlKinds.Select);

    /// <summary>Live rows that publishing a folded stage would delete.</summary>
    /// <param name="mode">How it is published.</param>
    public TSql CountDeletes(PublishMode mode) => new((table.Key.Count, mode) switch
    {
        (0, _) => $"""
            SELECT COALESCE(SUM(CASE WHEN n > m THEN n - m ELSE 0 END), 0) AS gone
              FROM (
            {Contents}
                   ) AS g;
            """,
        (_, PublishMode.Difference) => $"SELECT COUNT_BIG(*) AS gone FROM {table.Name} AS t WHERE {IsAbsent}{AndLive};",
        _ => $"SELECT COUNT_BIG(*) AS gone FROM {table.Name} AS t WHERE EXISTS ({Staged(1)}){AndLive};",
    }, TSqlKinds.Select);

    private string Erase => $"DELETE t FROM {table.Name} AS t WHERE EXISTS ({Staged(2)});\nSET @erased = ROWCOUNT_BIG();";

    private string Delete => $"DELETE t FROM {table.Name} AS t WHERE EXISTS ({Staged(1)});\nSET @deleted = ROWCOUNT_BIG();";

    private string Mark => $"UPDATE t SET {DeletedAt} = {Now} FROM {table.Name} AS t WHERE t.{DeletedAt} IS NULL AND EXISTS ({Staged(1)});\nSET @deleted = ROWCOUNT_BIG();";

    private string Tombstones =>
        $"""
        INSERT INTO {table.Name} ({List(table.Key, c => c.Name)}, {DeletedAt})
        SELECT {List(table.Key, c => $"s.{c.Staged}")}, {Now}
          FROM {stage} AS s
         WHERE s.{Kind} = 1 AND {IsUnknown};
        SET @deleted = @deleted + ROWCOUNT_BIG();
        """;

    private string DeleteAbsent => $"DELETE t FROM {table.Name} AS t WHERE {IsAbsent};\nSET @deleted = ROWCOUNT_BIG();";

    private string MarkAbsent => $"UPDATE t SET {DeletedAt} = {Now} FROM {table.Name} AS t WHERE t.{DeletedAt} IS NULL AND {IsAbsent};\nSET @deleted = ROWCOUNT_BIG();";

    // Rows that are equal are not touched. EXCEPT takes two nulls for equal.
    private string Update
    {
        get
        {
            string[] set = [.. table.Values.Select(c => $"{c.Name} = s.{c.Staged}"), .. table.MarksDeletes ? [$"{DeletedAt} = NULL"] : Array.Empty<string>()];
            string[] differs =
            [
                .. table.Values.Any() ? [$"EXISTS (SELECT {Compared(table.Values, "t", c => c.Name)} EXCEPT SELECT {Compared(table.Values, "s", c => c.Staged)})"] : Array.Empty<string>(),
                .. table.MarksDeletes ? [$"t.{DeletedAt} IS NOT NULL"] : Array.Empty<string>(),
            ];
            return $"""
                UPDATE t
                   SET {string.Join(", ", set)}
                  FROM {table.Name} AS t
                  JOIN {stage} AS s ON {SameKey("t", c => c.Name)}
                 WHERE s.{Kind} = 0 AND ({string.Join(" OR ", differs)});
                SET @updated = ROWCOUNT_BIG();
                """;
        }
    }

    private string Insert => Inserted($" AND {IsUnknown}");

    // Keys that are certainly new: the target is not looked at, and the rows come in the order of its index.
    private string Append => Inserted($"\n ORDER BY {List(table.Key, c => $"s.{c.Staged}")}");

    private string Inserted(string more) =>
        $"""
        INSERT INTO {table.Name} ({List(table.Columns, c => c.Name)})
        SELECT {List(table.Columns, c => $"s.{c.Staged}")}
          FROM {stage} AS s
         WHERE s.{Kind} = 0{more};
        SET @inserted = ROWCOUNT_BIG();
        """;

    // Readers see the old rows until the commit.
    private string Replace =>
        $"""
        IF EXISTS (
            SELECT 1
              FROM (
        {Contents}
                   ) AS g
             WHERE n <> m)
        BEGIN
            DELETE FROM {table.Name};
            SET @deleted = ROWCOUNT_BIG();
            INSERT INTO {table.Name} ({List(table.Columns, c => c.Name)})
            SELECT {List(table.Columns, c => $"s.{c.Staged}")}
              FROM {stage} AS s
             WHERE s.{Kind} = 0;
            SET @inserted = ROWCOUNT_BIG();
        END
        """;

    /// <summary>Each content once: how often the target has it (n), and how often the stage (m).</summary>
    private string Contents =>
        $"""
                SELECT SUM(n) AS n, SUM(m) AS m
                  FROM (SELECT CAST(1 AS bigint) AS n, CAST(0 AS bigint) AS m, {Named(c => c.Name, "t")} FROM {table.Name} AS t
                        UNION ALL
                        SELECT CAST(0 AS bigint), CAST(1 AS bigint), {Compared(table.Columns, "s", c => c.Staged)} FROM {stage} AS s WHERE s.{Kind} = 0) AS u
                 GROUP BY {string.Join(", ", table.Columns.SelectMany(c => c.Type.IsPadded ? [c.Staged, $"{c.Staged}_length"] : new[] { c.Staged }))}
        """;

    private string Staged(int kind) => $"SELECT 1 FROM {stage} AS s WHERE s.{Kind} = {kind} AND {SameKey("t", c => c.Name)}";

    // A row staged as erase is not absent: it has been erased already, and the delete breaker does not count it.
    private string IsAbsent => $"NOT EXISTS (SELECT 1 FROM {stage} AS s WHERE s.{Kind} <> 1 AND {SameKey("t", c => c.Name)})";

    private string IsUnknown => $"NOT EXISTS (SELECT 1 FROM {table.Name} AS t WHERE {SameKey("t", c => c.Name)})";

    private string AndLive => table.MarksDeletes ? $" AND t.{DeletedAt} IS NULL" : "";

    /// <summary>The key of the stage's row s is that of another's.</summary>
    private string SameKey(string alias, Func<TargetColumn, string> name) => string.Join(" AND ", table.Key.Select(c => c.Type.IsPadded
        ? $"{alias}.{name(c)} = s.{c.Staged} AND DATALENGTH({alias}.{name(c)}) = DATALENGTH(s.{c.Staged})"
        : $"{alias}.{name(c)} = s.{c.Staged}"));

    /// <summary>Columns as they are compared: text by its bytes, and what is padded with its length.</summary>
    private static string Compared(IEnumerable<TargetColumn> columns, string alias, Func<TargetColumn, string> name) => List(columns, c => Compared(c, $"{alias}.{name(c)}", "", ""));

    private string Named(Func<TargetColumn, string> name, string alias) => List(table.Columns, c => Compared(c, $"{alias}.{name(c)}", $" AS {c.Staged}", $" AS {c.Staged}_length"));

    private static string Compared(TargetColumn column, string value, string named, string lengthNamed) =>
        column.Type.IsText ? $"{value} COLLATE {Bytewise}{named}, DATALENGTH({value}){lengthNamed}"
        : column.Type.IsPadded ? $"{value}{named}, DATALENGTH({value}){lengthNamed}"
        : $"{value}{named}";

    // A temporary table would have tempdb's collation.
    private string Collation(TargetColumn column) => column.Type.IsText ? $" COLLATE {(column.IsKey ? keyCollations[column] : Bytewise)}" : "";

    private static string List(IEnumerable<TargetColumn> columns, Func<TargetColumn, string> text) => string.Join(", ", columns.Select(text));
}

/// <summary>Which kinds of change a stage holds: what it has none of is left out.</summary>
[Flags]
internal enum StagedKinds
{
    None = 0,
    Upserts = 1,
    Deletes = 2,
    Erases = 4,
}
