using CdcSync.Arrow;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Connectors.Postgres.Digests;

/// <summary>The statement that computes a control total where the rows are; pure.</summary>
internal static class TotalsSql
{
    /// <summary>Of each group its canonical form, the number of its rows and their sum as text. Parameters: the range's bounds, as far as there are any; then the table's own.</summary>
    public static string Of(DigestTable table, TotalScope scope)
    {
        var conditions = table.Conditions(scope.Range, 1);
        return $"""
            SELECT record_send(ROW({string.Join(", ", scope.Groups.Select(i => Group(table, i, scope.Dataset.TargetSchema.Fields[i].DataType)))})), count(*), {(scope.Sum is { } sum ? $"sum({table.Names[sum]})::text" : "NULL::text")}
              FROM {table.From}{(conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}")}
             GROUP BY 1
            """;
    }

    private static string Group(DigestTable table, int column, ArrowType type) => type switch
    {
        TimestampType { Timezone: null } => $"{table.Names[column]}::date",
        TimestampType => $"({table.Names[column]} AT TIME ZONE 'UTC')::date",
        _ => table.Columns[column].Sql,
    };
}
