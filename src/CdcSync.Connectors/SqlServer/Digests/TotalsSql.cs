using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>The statement that computes a control total where the rows are; pure.</summary>
internal static class TotalsSql
{
    /// <summary>Of each group its canonical form, the number of its rows, and the sum in two halves: of the digits of the values without their point, those behind the last 19 and these.</summary>
    public static TSql Of(DigestTable table, TotalScope scope, RangeBounds bounds)
    {
        var (conditions, parameters) = DigestSql.Choice(table, scope.Range, bounds);
        var (high, low) = scope.Sum is { } sum ? Halves(table.Columns[sum]) : (Nothing, Nothing);
        return new(
            $"""
            SELECT r.group_key, COUNT_BIG(*) AS row_count, SUM(r.high) AS high, SUM(r.low) AS low
              FROM (SELECT {DigestSql.Record([.. scope.Groups.Select(i => table.Columns[i].Grouped!)])} AS group_key, {high} AS high, {low} AS low
                      FROM {table.From}{DigestSql.Where(conditions)}) AS r
             GROUP BY r.group_key;
            """, TSqlKinds.Select, parameters);
    }

    private const string Nothing = "CAST(NULL AS decimal(38, 0))";

    // A sum of decimals has 38 digits, as one of them may have: no half has more than 19.
    private static (string High, string Low) Halves(DigestedColumn column)
    {
        var value = column.Found.Kind is "money" or "smallmoney" ? $"CAST({column.Column} AS decimal(19, 4))" : column.Column;
        if (column.Found.Integers is not null) return (Nothing, $"CAST({value} AS decimal(38, 0))");
        if (column.Found.Precision <= 19) return (Nothing, $"CAST(REPLACE(CAST({value} AS varchar(41)), '.', '') AS decimal(38, 0))");
        var digits = $"RIGHT('{new string('0', 38)}' + REPLACE(REPLACE(CAST({value} AS varchar(41)), '-', ''), '.', ''), 38)";
        var sign = $"CASE WHEN {value} < 0 THEN -1 ELSE 1 END";
        return ($"CAST(LEFT({digits}, 19) AS decimal(38, 0)) * {sign}", $"CAST(RIGHT({digits}, 19) AS decimal(38, 0)) * {sign}");
    }
}
