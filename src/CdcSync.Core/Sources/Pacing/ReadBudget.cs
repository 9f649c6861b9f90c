namespace CdcSync.Core.Sources.Pacing;

/// <summary>How much of a source may be used by reading whole tables or ranges of them: first loads, backfills, comparisons. Changes are read without it, but for the connections.</summary>
/// <param name="RowsPerSecond">Rows a second, over all readings; null = as many as come.</param>
/// <param name="Parallel">Readings side by side; null = as many as there are.</param>
public sealed record ReadBudget(long? RowsPerSecond, int? Parallel)
{
    /// <summary>Connections to it at the most, of one process, changes and tables together; null = as many as are asked for.</summary>
    public int? Connections { get; init; }
}
