namespace CdcSync.Core.Sources.Pacing;

/// <summary>How much of a source may be used by reading whole tables or ranges of them: first loads, backfills, comparisons. Changes are read without it.</summary>
/// <param name="RowsPerSecond">Rows a second, over all readings; null = as many as come.</param>
/// <param name="Parallel">Readings side by side; null = as many as there are.</param>
public sealed record ReadBudget(long? RowsPerSecond, int? Parallel);
