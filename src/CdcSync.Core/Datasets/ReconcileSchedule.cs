using CdcSync.Core.Reconciliation;

namespace CdcSync.Core.Datasets;

/// <summary>When a worker compares a dataset's source and target by itself.</summary>
/// <param name="Every">The time from the end of one comparison to the next.</param>
/// <param name="Mode">How it goes about it.</param>
/// <param name="IsRepair">True if it makes the target equal; the dataset is not synced meanwhile. Never with <see cref="ReconcileMode.Totals"/>.</param>
public sealed record ReconcileSchedule(TimeSpan Every, ReconcileMode Mode = ReconcileMode.Digest, bool IsRepair = false);
