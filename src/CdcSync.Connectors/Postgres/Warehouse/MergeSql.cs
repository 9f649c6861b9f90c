using System.Globalization;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>Which kinds of change a stage holds: what it has none of is left out of the statement.</summary>
[Flags]
internal enum StagedKinds
{
    None = 0,
    Upserts = 1,
    Deletes = 2,
    Erases = 4,
}

/// <summary>What a merge does to the target: a WITH list, and where in it the counts are.</summary>
/// <param name="With">Ends without a main statement; empty = nothing is done.</param>
/// <param name="Kinds">What it changes.</param>
/// <param name="InsertedBefore">Rows that the transaction has put into the target already.</param>
internal sealed record MergeText(string With, StagedKinds Kinds, long InsertedBefore = 0)
{
    /// <summary>Nothing is merged.</summary>
    public static MergeText Nothing { get; } = new("", StagedKinds.None);

    public string Inserted => InsertedBefore > 0 ? InsertedBefore.ToString(CultureInfo.InvariantCulture) : Count(StagedKinds.Upserts, "upserted WHERE fresh");

    public string Updated => Count(StagedKinds.Upserts, "upserted WHERE NOT fresh");

    public string Deleted => Count(StagedKinds.Deletes, "deleted");

    public string Erased => Count(StagedKinds.Erases, "erased");

    private string Count(StagedKinds kind, string from) => Kinds.HasFlag(kind) ? $"(SELECT count(*) FROM {from})" : "0";
}

/// <summary>
/// The statements that publish a stage: pure text. A stage is a relation with <c>_cdc_kind</c> (0 upsert, 1 delete, 2 erase), <c>_cdc_seq</c> (its order) and the
/// target's columns: a temporary table, or arrays in parameters.
/// </summary>
internal static class MergeSql
{
    /// <summary>The columns of a stage besides the target's.</summary>
    public const string Kind = "_cdc_kind", Sequence = "_cdc_seq";

    /// <summary>Creates the session's stage where it is not there. It empties itself at the end of each transaction.</summary>
    public static string CreateStage(PostgresTable table) =>
        $"""
        CREATE TEMP TABLE IF NOT EXISTS {table.StageName} (
            {Kind} smallint, {Sequence} bigint{Each(table.Columns, c => $", {c.Name} {c.Type.Name}")}
        ) ON COMMIT DELETE ROWS
        """;

    /// <summary>Fills the stage.</summary>
    public static string CopyStage(PostgresTable table) =>
        $"COPY {table.StageName} ({Kind}, {Sequence}{Each(table.Columns, c => $", {c.Name}")}) FROM STDIN (FORMAT binary)";

    /// <summary>Fills the target itself.</summary>
    public static string CopyTarget(PostgresTable table) => $"COPY {table.Name} ({List(table.Columns, c => c.Name)}) FROM STDIN (FORMAT binary)";

    /// <summary>Adds what checks the key, after the rows: sorting them once is quicker than placing each.</summary>
    public static string AddKey(PostgresTable table) => $"ALTER TABLE {table.Name} ADD PRIMARY KEY ({List(table.Key, c => c.Name)})";

    /// <summary>Rows in array parameters as a stage.</summary>
    /// <param name="table">The target.</param>
    /// <param name="first">The number of the first parameter: the kinds. One per column follows.</param>
    public static string Arrays(PostgresTable table, int first) =>
        $"""
        unnest(${first}::smallint[]{EachAt(table.Columns, (c, i) => $", ${first + 1 + i}::{c.Type.Name}[]")})
                  WITH ORDINALITY AS r ({Kind}{Each(table.Columns, c => $", {c.Name}")}, {Sequence})
        """;

    /// <summary>The last change of each key, in the order of the keys.</summary>
    private static string Folded(PostgresTable table, string stage) =>
        $"""
        SELECT DISTINCT ON ({List(table.Key, c => c.Sorted("r"))}) r.*
              FROM {stage}
             ORDER BY {List(table.Key, c => c.Sorted("r"))}, r.{Sequence} DESC
        """;

    /// <summary>The WITH list that changes the target; <c>erased</c>, <c>deleted</c> and <c>upserted</c> hold a row per row changed.</summary>
    /// <param name="table">A target with a key.</param>
    /// <param name="stage">The stage, with alias <c>r</c>.</param>
    /// <param name="kinds">What it holds.</param>
    public static MergeText Merge(PostgresTable table, string stage, StagedKinds kinds) => kinds == StagedKinds.None ? MergeText.Nothing : new(
        $"""
        WITH folded AS (
            {Folded(table, stage)}
        ){(kinds.HasFlag(StagedKinds.Erases) ? Erased(table) : "")}{(kinds.HasFlag(StagedKinds.Deletes) ? Deleted(table) : "")}{(kinds.HasFlag(StagedKinds.Upserts) ? Upserted(table, kinds) : "")}
        """, kinds);

    /// <summary>The WITH list that inserts new rows; an erase of a row that was never there does nothing.</summary>
    public static MergeText Append(PostgresTable table, string stage, StagedKinds kinds) => !kinds.HasFlag(StagedKinds.Upserts) ? MergeText.Nothing : new(
        $"""
        WITH upserted AS (
            INSERT INTO {table.Name} ({List(table.Columns, c => c.Name)})
            SELECT {List(table.Columns, c => $"r.{c.Name}")} FROM {stage} WHERE r.{Kind} = 0
            RETURNING true AS fresh
        )
        """, StagedKinds.Upserts);

    /// <summary>The WITH list that makes the target equal to the stage.</summary>
    /// <param name="table">A target with a key.</param>
    /// <param name="stage">The whole content, with alias <c>r</c>.</param>
    /// <param name="kinds">What it holds; deletes are rows that are absent.</param>
    public static MergeText Difference(PostgresTable table, string stage, StagedKinds kinds) => new(
        $"""
        WITH folded AS (
            {Folded(table, stage)}
        ){(kinds.HasFlag(StagedKinds.Erases) ? Erased(table) : "")}, deleted AS (
            {(table.MarksDeletes
                ? $"UPDATE {table.Name} AS t SET {DeletedAt} = clock_timestamp()\n     WHERE t.{DeletedAt} IS NULL AND {Absent(table)}"
                : $"DELETE FROM {table.Name} AS t\n     WHERE {Absent(table)}")}
            RETURNING 1
        ){(kinds.HasFlag(StagedKinds.Upserts) ? Upserted(table, kinds | StagedKinds.Deletes, Differs(table)) : "")}
        """, kinds | StagedKinds.Deletes);

    /// <summary>The WITH list that replaces the content of a target without a key, where it differs. Readers see the old rows until the commit.</summary>
    public static MergeText Replace(PostgresTable table, string stage) => new(
        $"""
        WITH content AS (
            SELECT {List(table.Columns, c => $"r.{c.Name}")} FROM {stage} WHERE r.{Kind} = 0
        ), changed AS MATERIALIZED (
            SELECT EXISTS (
                (SELECT * FROM content EXCEPT ALL SELECT {List(table.Columns, c => $"t.{c.Name}")} FROM {table.Name} AS t)
                UNION ALL
                (SELECT {List(table.Columns, c => $"t.{c.Name}")} FROM {table.Name} AS t EXCEPT ALL SELECT * FROM content)) AS yes
        ), deleted AS (
            DELETE FROM {table.Name} AS t
             WHERE (SELECT yes FROM changed)
            RETURNING 1
        ), upserted AS (
            INSERT INTO {table.Name} ({List(table.Columns, c => c.Name)})
            SELECT * FROM content
             WHERE (SELECT yes FROM changed) AND (SELECT count(*) FROM deleted) >= 0
            RETURNING true AS fresh
        )
        """, StagedKinds.Upserts | StagedKinds.Deletes);

    /// <summary>Rows of the target that are not marked as deleted.</summary>
    public static string CountLive(PostgresTable table) =>
        $"SELECT count(*) FROM {table.Name} AS t{(table.MarksDeletes ? $" WHERE t.{DeletedAt} IS NULL" : "")}";

    /// <summary>The same, no more than a limit.</summary>
    public static string CountLiveUpTo(PostgresTable table, long limit) =>
        string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM (SELECT 1 FROM {table.Name} AS t{(table.MarksDeletes ? $" WHERE t.{DeletedAt} IS NULL" : "")} LIMIT {limit}) AS live");

    /// <summary>Live rows that a merge of the stage would delete.</summary>
    public static string CountMergeDeletes(PostgresTable table, string stage) =>
        $"""
        WITH folded AS (
            {Folded(table, stage)}
        )
        SELECT count(*) FROM folded AS f JOIN {table.Name} AS t ON {SameKey(table)}
         WHERE f.{Kind} = 1{(table.MarksDeletes ? $" AND t.{DeletedAt} IS NULL" : "")}
        """;

    /// <summary>Live rows that are absent from the stage.</summary>
    public static string CountDifferenceDeletes(PostgresTable table, string stage) =>
        $"""
        WITH folded AS (
            {Folded(table, stage)}
        )
        SELECT count(*) FROM {table.Name} AS t
         WHERE {(table.MarksDeletes ? $"t.{DeletedAt} IS NULL AND " : "")}{Absent(table)}
        """;

    /// <summary>Rows of a target without a key that are not in the stage, or fewer times.</summary>
    public static string CountReplaceDeletes(PostgresTable table, string stage) =>
        $"""
        SELECT count(*) FROM (
            SELECT {List(table.Columns, c => $"t.{c.Name}")} FROM {table.Name} AS t
            EXCEPT ALL
            SELECT {List(table.Columns, c => $"r.{c.Name}")} FROM {stage} WHERE r.{Kind} = 0) AS gone
        """;

    private const string DeletedAt = PostgresDialect.DeletedAt;

    private static string Erased(PostgresTable table) =>
        $"""
        , erased AS (
            DELETE FROM {table.Name} AS t USING folded AS f
             WHERE f.{Kind} = 2 AND {SameKey(table)}
            RETURNING 1
        )
        """;

    private static string Deleted(PostgresTable table) => table.MarksDeletes
        ? $"""
        , deleted AS (
            INSERT INTO {table.Name} AS t ({List(table.Key, c => c.Name)}, {DeletedAt})
            SELECT {List(table.Key, c => $"f.{c.Name}")}, clock_timestamp() FROM folded AS f WHERE f.{Kind} = 1
            ON CONFLICT ({List(table.Key, c => c.Name)}) DO UPDATE SET {DeletedAt} = excluded.{DeletedAt}
             WHERE t.{DeletedAt} IS NULL
            RETURNING 1
        )
        """
        : $"""
        , deleted AS (
            DELETE FROM {table.Name} AS t USING folded AS f
             WHERE f.{Kind} = 1 AND {SameKey(table)}
            RETURNING 1
        )
        """;

    // What goes is waited for before the first row comes: a unique index of the user's may need its place.
    private static string Upserted(PostgresTable table, StagedKinds kinds, string onlyIf = "") =>
        $"""
        , upserted AS (
            INSERT INTO {table.Name} AS t ({List(table.Columns, c => c.Name)})
            SELECT {List(table.Columns, c => $"f.{c.Name}")} FROM folded AS f
             WHERE f.{Kind} = 0{Waits(kinds, StagedKinds.Erases, "erased")}{Waits(kinds, StagedKinds.Deletes, "deleted")}{onlyIf}
            ON CONFLICT ({List(table.Key, c => c.Name)}) DO {OnConflict(table)}
            RETURNING t.xmax = 0 AS fresh
        )
        """;

    private static string Waits(StagedKinds kinds, StagedKinds kind, string name) => kinds.HasFlag(kind) ? $" AND (SELECT count(*) FROM {name}) >= 0" : "";

    private static string OnConflict(PostgresTable table)
    {
        string[] set = [.. table.Values.Select(c => $"{c.Name} = excluded.{c.Name}"), .. table.MarksDeletes ? [$"{DeletedAt} = NULL"] : Array.Empty<string>()];
        if (set.Length == 0) return "NOTHING";
        string[] differs =
        [
            .. table.Values.Any() ? [$"({List(table.Values, c => $"t.{c.Name}")}) IS DISTINCT FROM ({List(table.Values, c => $"excluded.{c.Name}")})"] : Array.Empty<string>(),
            .. table.MarksDeletes ? [$"t.{DeletedAt} IS NOT NULL"] : Array.Empty<string>(),
        ];
        return $"UPDATE SET {string.Join(", ", set)}\n     WHERE {string.Join(" OR ", differs)}";
    }

    // A conflict locks the row, and writes to it, also where nothing differs: of a whole content most rows do not, and are left out before.
    private static string Differs(PostgresTable table)
    {
        var values = table.Values.Any() ? $" AND ({List(table.Values, c => $"t.{c.Name}")}) IS NOT DISTINCT FROM ({List(table.Values, c => $"f.{c.Name}")})" : "";
        return $"\n       AND NOT EXISTS (SELECT FROM {table.Name} AS t WHERE {SameKey(table)}{values}{(table.MarksDeletes ? $" AND t.{DeletedAt} IS NULL" : "")})";
    }

    private static string Absent(PostgresTable table) => $"NOT EXISTS (SELECT FROM folded AS f WHERE f.{Kind} <> 1 AND {SameKey(table)})";

    private static string SameKey(PostgresTable table) => string.Join(" AND ", table.Key.Select(c => $"t.{c.Name} = f.{c.Name}"));

    private static string List(IEnumerable<PostgresColumn> columns, Func<PostgresColumn, string> text) => string.Join(", ", columns.Select(text));

    private static string Each(IEnumerable<PostgresColumn> columns, Func<PostgresColumn, string> text) => string.Concat(columns.Select(text));

    private static string EachAt(IEnumerable<PostgresColumn> columns, Func<PostgresColumn, int, string> text) => string.Concat(columns.Select(text));
}
