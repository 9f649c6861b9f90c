namespace CdcSync.Core.Datasets;

/// <summary>A sum that source and warehouse are both asked for, group by group: what people who know the business trust more than digests.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Sum">The column that is summed, an integer or a decimal; null = rows are counted alone. As in the warehouse.</param>
/// <param name="GroupBy">The columns by whose values rows are grouped, timestamps by their day in UTC; empty = all rows are one group. As in the warehouse.</param>
public sealed record ControlTotal(string Name, string? Sum, IReadOnlyList<string> GroupBy);
