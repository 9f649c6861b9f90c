using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Checks;
using CdcSync.Core.Gates.Rules;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Checks;

/// <summary>The statements that measure a target; pure.</summary>
internal static class CheckSql
{
    /// <summary>1 pipeline, 2 the datasets.</summary>
    public const string Completeness = "SELECT dataset, complete_up_to FROM cdcsync.checkpoint WHERE pipeline = $1 AND dataset = ANY ($2)";

    /// <summary>The live rows, then per measure those that count, in one scan.</summary>
    /// <param name="table">The target.</param>
    /// <param name="measures">What is counted.</param>
    /// <param name="lists">Takes the lists of values, and bounds, in the order of their parameters.</param>
    public static string Count(PostgresTable table, IReadOnlyList<Measure> measures, List<NpgsqlParameter> lists) =>
        $"""
        SELECT count(*){string.Concat(measures.Select(m => $",\n       {Counted(table, m, lists)}"))}
          FROM {table.Name} AS t{Live(table, "t", "\n WHERE")}
        """;

    /// <summary>Rows that repeat another, and the live rows.</summary>
    public static string Duplicates(PostgresTable table, DuplicateMeasure measure)
    {
        var columns = measure.Columns.Select(c => Column("t", c)).ToArray();
        return $"""
            SELECT coalesce(sum(g.rows - 1) FILTER (WHERE NOT g.has_null), 0)::bigint, coalesce(sum(g.rows), 0)::bigint
              FROM (SELECT count(*) AS rows, bool_or({string.Join(" OR ", columns.Select(c => $"{c} IS NULL"))}) AS has_null
                      FROM {table.Name} AS t{Live(table, "t", "\n                 WHERE")}
                     GROUP BY {string.Join(", ", columns)}) AS g
            """;
    }

    /// <summary>Each text of a column and its live rows.</summary>
    public static string Values(PostgresTable table, string column) => $"SELECT {Column("t", column)}::text, count(*) FROM {table.Name} AS t{Live(table, "t", " WHERE")} GROUP BY {Column("t", column)}";

    /// <summary>The parents that are missing, the rows that name each, and all such rows. 1 at the most so many parents.</summary>
    public static string Orphans(PostgresTable table, OrphanMeasure measure, PostgresTable parent)
    {
        var columns = string.Join(", ", measure.Columns.Select(c => Column("c", c)));
        return $"""
            SELECT {string.Join(", ", measure.Columns.Select(c => $"{Column("c", c)}::text"))}, count(*), (sum(count(*)) OVER ())::bigint
              FROM {table.Name} AS c
             WHERE {string.Join(" AND ", measure.Columns.Select(c => $"{Column("c", c)} IS NOT NULL"))}{Live(table, "c", " AND")}
               AND NOT EXISTS (SELECT FROM {parent.Name} AS p
                                WHERE {string.Join(" AND ", measure.Columns.Zip(measure.ParentColumns, (c, p) => $"{Column("p", p)} = {Column("c", c)}"))}{Live(parent, "p", " AND")})
             GROUP BY {columns}
             ORDER BY {columns}
             LIMIT $1
            """;
    }

    /// <summary>A query of a contract. As a table of another statement it can be nothing but a query. 1 at the most so many rows.</summary>
    public static string Ask(PostgresTable table, SqlMeasure measure) =>
        $"SELECT q.v::text FROM (\n{measure.Over(table.Name, measure.Column is null ? null : PostgresDialect.Quote(measure.Column))}\n) AS q (v) LIMIT $1";

    private static string Counted(PostgresTable table, Measure measure, List<NpgsqlParameter> lists) => measure switch
    {
        BreachMeasure breach => $"count(*) FILTER (WHERE {string.Join(" OR ", breach.Rules.Select(r => Broken(table, r, lists)))})",
        BeforeMeasure before => $"count(*) FILTER (WHERE {Before(table, before, lists)})",
        _ => "count(*)",
    };

    private static string Before(PostgresTable table, BeforeMeasure measure, List<NpgsqlParameter> lists)
    {
        lists.Add(Parameter.Text(measure.Bound));
        return $"{Column("t", measure.Column)} < ${lists.Count}::{Type(table, measure.Column)}";
    }

    private static string Type(PostgresTable table, string column) => table.Columns.First(c => c.Plain == column).Type.Name;

    private static string Broken(PostgresTable table, ValueRule rule, List<NpgsqlParameter> lists)
    {
        var column = Column("t", rule.Column);
        if (rule is not ListRule list) return $"{column} IS NULL";
        lists.Add(Parameter.Texts([.. list.Values]));
        var values = $"(${lists.Count}::{Type(table, rule.Column)}[])";
        return list.Membership == Membership.Within ? $"{column} <> ALL {values}" : $"{column} = ANY {values}";
    }

    private static string Column(string alias, string name) => $"{alias}.{PostgresDialect.Quote(name)}";

    private static string Live(PostgresTable table, string alias, string word) => table.MarksDeletes ? $"{word} {alias}.{PostgresDialect.DeletedAt} IS NULL" : "";
}
