using System.Globalization;
using System.Text.Json;
using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Warehouse;
using CdcSync.Core.Checks;
using CdcSync.Core.Gates.Rules;

namespace CdcSync.Connectors.Sqlite.Checks;

/// <summary>The statements that measure a target; pure.</summary>
internal static class CheckSql
{
    /// <summary>The live rows, then per measure those that count, in one scan.</summary>
    /// <param name="table">The target.</param>
    /// <param name="measures">What is counted.</param>
    /// <param name="lists">Takes the lists of values, as JSON, and bounds, in the order of their parameters.</param>
    public static string Count(SqliteTable table, IReadOnlyList<Measure> measures, List<string> lists) =>
        $"""
        SELECT count(*){string.Concat(measures.Select(m => $",\n       {Counted(table, m, lists)}"))}
          FROM {table.Name} AS t{Live(table, "t", "\n WHERE")}
        """;

    /// <summary>Rows that repeat another, and the live rows.</summary>
    public static string Duplicates(SqliteTable table, DuplicateMeasure measure)
    {
        var columns = measure.Columns.Select(c => Column("t", c)).ToArray();
        return $"""
            SELECT coalesce(sum(iif(g.has_null, 0, g.rows - 1)), 0), coalesce(sum(g.rows), 0)
              FROM (SELECT count(*) AS rows, max({string.Join(" OR ", columns.Select(c => $"{c} IS NULL"))}) AS has_null
                      FROM {table.Name} AS t{Live(table, "t", "\n                 WHERE")}
                     GROUP BY {string.Join(", ", columns)}) AS g
            """;
    }

    /// <summary>Each value of a column and its live rows.</summary>
    public static string Values(SqliteTable table, string column) =>
        $"SELECT {Column("t", column)}, count(*) FROM {table.Name} AS t{Live(table, "t", " WHERE")} GROUP BY {Column("t", column)} COLLATE BINARY";

    /// <summary>The parents that are missing, the rows that name each, and all such rows. ?1 = at the most so many parents.</summary>
    public static string Orphans(SqliteTable table, OrphanMeasure measure, SqliteTable parent)
    {
        var columns = string.Join(", ", measure.Columns.Select(c => Column("c", c)));
        return $"""
            SELECT {columns}, count(*), sum(count(*)) OVER ()
              FROM {table.Name} AS c
             WHERE {string.Join(" AND ", measure.Columns.Select(c => $"{Column("c", c)} IS NOT NULL"))}{Live(table, "c", " AND")}
               AND NOT EXISTS (SELECT 1 FROM {parent.Name} AS p
                                WHERE {string.Join(" AND ", measure.Columns.Zip(measure.ParentColumns, (c, p) => $"{Column("p", p)} = {Column("c", c)}"))}{Live(parent, "p", " AND")})
             GROUP BY {columns}
             ORDER BY {columns}
             LIMIT ?1
            """;
    }

    private static string Counted(SqliteTable table, Measure measure, List<string> lists) => measure switch
    {
        BreachMeasure breach => $"coalesce(sum({string.Join(" OR ", breach.Rules.Select(r => Broken(table, r, lists)))}), 0)",
        BeforeMeasure before => $"coalesce(sum({Before(before, lists)}), 0)",
        _ => "count(*)",
    };

    // Dates and times are texts in their order; a bound without digits after the seconds is before all of its second.
    private static string Before(BeforeMeasure measure, List<string> lists)
    {
        lists.Add(measure.Bound);
        return $"({Column("t", measure.Column)} IS NOT NULL AND {Column("t", measure.Column)} < ?{lists.Count})";
    }

    private static string Broken(SqliteTable table, ValueRule rule, List<string> lists)
    {
        var column = Column("t", rule.Column);
        if (rule is not ListRule list) return $"{column} IS NULL";
        lists.Add(Json(list.Values, table.Columns.First(c => c.Plain == rule.Column).Type));
        var member = $"IN (SELECT value FROM json_each(?{lists.Count}))";
        return list.Membership == Membership.Within ? $"({column} IS NOT NULL AND {column} COLLATE BINARY NOT {member})" : $"({column} IS NOT NULL AND {column} COLLATE BINARY {member})";
    }

    // In the form in which the column holds them.
    private static string Json(IReadOnlyList<string> values, ArrowType type) => type switch
    {
        StringType => JsonSerializer.Serialize(values),
        BooleanType => $"[{string.Join(',', values.Select(v => v == "true" ? "1" : "0"))}]",
        Decimal128Type number when !ColumnType.IsNumeric(number) => JsonSerializer.Serialize(values.Select(v => Number(v).ToString(string.Create(CultureInfo.InvariantCulture, $"F{Math.Max(number.Scale, 0)}"), CultureInfo.InvariantCulture))),
        _ => $"[{string.Join(',', values.Select(v => Number(v).ToString(CultureInfo.InvariantCulture)))}]",
    };

    private static decimal Number(string text) => decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static string Column(string alias, string name) => $"{alias}.{SqliteDialect.Quote(name)}";

    private static string Live(SqliteTable table, string alias, string word) => table.MarksDeletes ? $"{word} {Column(alias, SqliteTable.DeletedAt)} IS NULL" : "";
}
