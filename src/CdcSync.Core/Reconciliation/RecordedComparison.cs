using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Core.Reconciliation;

/// <summary>A comparison as the control table <c>reconciliation</c> holds it.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="Dataset">The dataset.</param>
/// <param name="Mode">How it went about it.</param>
/// <param name="StartedAt">When it began, by the worker's clock.</param>
/// <param name="FinishedAt">When it ended.</param>
/// <param name="Outcome">How it ended, in a word.</param>
/// <param name="SourceRows">Rows of the source that belong into the target.</param>
/// <param name="TargetRows">Rows of the target.</param>
/// <param name="Found">The drift that was found.</param>
/// <param name="Repaired">Rows of it that were mended.</param>
/// <param name="Details">The rest.</param>
public sealed record RecordedComparison(Guid Id, DatasetId Dataset, ReconcileMode Mode, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, ReconcileOutcome Outcome,
    long SourceRows, long TargetRows, DriftCounts Found, long Repaired, ComparisonDetails Details);

/// <summary>What the columns of a recorded comparison do not hold; each as <see cref="ReconcileReport"/> has it.</summary>
public sealed record ComparisonDetails(string? Range, bool IsHashedBySource, long SoftDeleted, long Explained, long InFlight, long RowsTravelled, bool IsCut, IReadOnlyList<long> Map, IReadOnlyList<DriftedKey> Keys, IReadOnlyList<TotalResult> Totals);
