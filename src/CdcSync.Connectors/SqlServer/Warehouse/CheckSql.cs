using System.Data;
using CdcSync.Core.Checks;
using CdcSync.Core.Gates.Rules;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>The statements that measure a target, and those of the table that keeps what was measured; pure.</summary>
internal static class CheckSql
{
    /// <summary>The database user, without a login and with SELECT alone, as whom queries of contracts are asked.</summary>
    public const string Reader = "cdcsync_checks";

    public static readonly TSqlParameter Value = new("@value", TSqlType.Text), Limit = new("@limit", TSqlType.BigInt);

    private static readonly TSqlParameter Check = new("@check_id", new(SqlDbType.NVarChar, 300)), Severity = new("@severity", new(SqlDbType.NVarChar, 20)), Verdict = new("@verdict", new(SqlDbType.NVarChar, 20)),
        Measured = new("@measured", new(SqlDbType.Float)), Expected = new("@expected", TSqlType.Text), Detail = new("@detail", TSqlType.Text), CheckedAt = new("@checked_at", new(SqlDbType.DateTime2, Scale: 6));

    /// <summary>The live rows, then per measure those that count, in one scan.</summary>
    /// <param name="table">The target.</param>
    /// <param name="measures">What is counted.</param>
    /// <param name="values">Takes the values of lists, and bounds, in the order of the parameters <see cref="Value"/>.</param>
    public static TSql Count(SqlServerTable table, IReadOnlyList<Measure> measures, List<string> values)
    {
        var text = $"SELECT COUNT_BIG(*) AS live_rows{string.Concat(measures.Select((m, i) => $",\n       {Counted(table, m, values)} AS counted_{i}"))}\n  FROM {table.Name} AS t{Live(table, "t", "\n WHERE")};";
        return new(text, TSqlKinds.Select, [.. values.Select((_, i) => Value.At(i))]);
    }

    /// <summary>Rows that repeat another, and the live rows.</summary>
    public static TSql Duplicates(SqlServerTable table, DuplicateMeasure measure)
    {
        var columns = measure.Columns.Select(c => Column("t", c)).ToArray();
        return new($"""
            SELECT ISNULL(SUM(CASE WHEN g.has_null = 0 THEN g.row_count - 1 ELSE 0 END), 0) AS repeated, ISNULL(SUM(g.row_count), 0) AS live_rows
              FROM (SELECT COUNT_BIG(*) AS row_count, MAX(CASE WHEN {string.Join(" OR ", columns.Select(c => $"{c} IS NULL"))} THEN 1 ELSE 0 END) AS has_null
                      FROM {table.Name} AS t{Live(table, "t", "\n                 WHERE")}
                     GROUP BY {string.Join(", ", columns)}) AS g;
            """, TSqlKinds.Select);
    }

    /// <summary>Each text of a column and its live rows.</summary>
    public static TSql Values(SqlServerTable table, string column) =>
        new($"SELECT {Column("t", column)} AS value, COUNT_BIG(*) AS row_count FROM {table.Name} AS t{Live(table, "t", " WHERE")} GROUP BY {Column("t", column)};", TSqlKinds.Select);

    /// <summary>The parents that are missing, the rows that name each, and all such rows; at most @limit parents.</summary>
    public static TSql Orphans(SqlServerTable table, OrphanMeasure measure, SqlServerTable parent)
    {
        var columns = string.Join(", ", measure.Columns.Select(c => Column("c", c)));
        return new($"""
            SELECT TOP (@limit) {string.Join(", ", measure.Columns.Select((c, i) => $"{AsText(table, c)} AS key_{i}"))}, COUNT_BIG(*) AS row_count, SUM(COUNT_BIG(*)) OVER () AS all_rows
              FROM {table.Name} AS c
             WHERE {string.Join(" AND ", measure.Columns.Select(c => $"{Column("c", c)} IS NOT NULL"))}{Live(table, "c", " AND")}
               AND NOT EXISTS (SELECT 1 FROM {parent.Name} AS p
                                WHERE {string.Join(" AND ", measure.Columns.Zip(measure.ParentColumns, (c, p) => $"{Column("p", p)} = {Column("c", c)}"))}{Live(parent, "p", " AND")})
             GROUP BY {columns}
             ORDER BY {columns};
            """, TSqlKinds.Select, Limit);
    }

    /// <summary>A query of a contract, asked as a user who can only read. As a table of another statement it can be nothing but a query; without the cookie it can't become
    /// the worker again. A batch with parameters is a scope of its own: when it ends, also by an error, the worker is itself again.</summary>
    public static TSql Ask(SqlServerTable table, SqlMeasure measure) => new(
        $"""
        DECLARE @cookie varbinary(8000);
        EXECUTE AS USER = N'{Reader}' WITH COOKIE INTO @cookie;
        SELECT TOP (@limit) CONVERT(nvarchar(100), q.v) AS answer FROM (
        {measure.Over(table.Name, measure.Column is null ? null : SqlServerDialect.Quote(measure.Column))}
        ) AS q (v);
        REVERT WITH COOKIE = @cookie;
        """, TSqlKinds.Control | TSqlKinds.Impersonate | TSqlKinds.Select, Limit);

    /// <summary>The results of a pipeline.</summary>
    public static TSql Read() => new("SELECT dataset, check_id, severity, verdict, value, expected, detail, checked_at, since FROM cdcsync.contract_check WHERE pipeline = @pipeline ORDER BY dataset, check_id;", TSqlKinds.Select, PipelineName);

    /// <summary>Drops the result of a check that is no more.</summary>
    public static TSql Drop() => new("DELETE FROM cdcsync.contract_check WHERE pipeline = @pipeline AND dataset = @dataset AND check_id = @check_id;", TSqlKinds.Delete, PipelineName, DatasetName, Check);

    /// <summary>The same with its values.</summary>
    public static Statement Drop(string pipeline, string dataset, string check) => new(Drop(), PipelineName.With(pipeline), DatasetName.With(dataset), Check.With(check));

    /// <summary>Writes a result.</summary>
    public static TSql Write() => new(
        """
        UPDATE cdcsync.contract_check
           SET since = CASE WHEN verdict = @verdict THEN since ELSE @checked_at END, severity = @severity, verdict = @verdict, value = @measured,
               expected = @expected, detail = @detail, checked_at = @checked_at
         WHERE pipeline = @pipeline AND dataset = @dataset AND check_id = @check_id;
        IF ROWCOUNT_BIG() = 0
            INSERT INTO cdcsync.contract_check (pipeline, dataset, check_id, severity, verdict, value, expected, detail, checked_at, since)
            VALUES (@pipeline, @dataset, @check_id, @severity, @verdict, @measured, @expected, @detail, @checked_at, @checked_at);
        """, TSqlKinds.Update | TSqlKinds.Control | TSqlKinds.Insert, PipelineName, DatasetName, Check, Severity, Verdict, Measured, Expected, Detail, CheckedAt);

    /// <summary>The same with its values.</summary>
    public static Statement Write(string pipeline, string dataset, CheckResult result) => new(Write(), PipelineName.With(pipeline), DatasetName.With(dataset), Check.With(result.Check),
        Severity.With(Core.Warehouses.ControlText.Of(result.Severity)), Verdict.With(Core.Warehouses.ControlText.Of(result.Verdict)), Measured.With((double?)result.Value),
        Expected.With(result.Expected), Detail.With(result.Detail), CheckedAt.WithInstant(result.At));

    private static string Counted(SqlServerTable table, Measure measure, List<string> values) => measure switch
    {
        BreachMeasure breach => Sum(string.Join(" OR ", breach.Rules.Select(r => Broken(table, r, values)))),
        BeforeMeasure before => Sum(Before(table, before, values)),
        _ => "COUNT_BIG(*)",
    };

    private static string Sum(string condition) => $"ISNULL(SUM(CASE WHEN {condition} THEN CAST(1 AS bigint) ELSE 0 END), 0)";

    private static string Before(SqlServerTable table, BeforeMeasure measure, List<string> values)
    {
        var name = Value.At(values.Count).Name;
        values.Add(measure.Bound);
        return $"{Column("t", measure.Column)} < CAST({name} AS {table.Columns.First(c => c.Plain == measure.Column).Type.Sql})";
    }

    private static string Broken(SqlServerTable table, ValueRule rule, List<string> values)
    {
        var column = Column("t", rule.Column);
        if (rule is not ListRule list) return $"{column} IS NULL";
        var type = table.Columns.First(c => c.Plain == rule.Column).Type;
        var members = list.Values.Select(value =>
        {
            var name = Value.At(values.Count).Name;
            values.Add(value);
            return type.IsText ? name : $"CAST({name} AS {type.Sql})";
        }).ToArray();
        var compared = type.IsText ? $"{column} COLLATE {TargetSql.Bytewise}" : column;
        return $"{compared} {(list.Membership == Membership.Within ? "NOT IN" : "IN")} ({string.Join(", ", members)})";
    }

    private static string AsText(SqlServerTable table, string column) => $"CONVERT(nvarchar(max), {Column("c", column)}{table.Columns.First(c => c.Plain == column).Type.Kind switch
    {
        "varbinary" or "binary" => ", 2",
        "float" or "real" => ", 3",
        _ => "",
    }})";

    private static string Column(string alias, string name) => $"{alias}.{SqlServerDialect.Quote(name)}";

    private static string Live(SqlServerTable table, string alias, string word) => table.MarksDeletes ? $"{word} {alias}.{SqlServerTable.DeletedAt} IS NULL" : "";
}
