using CdcSync.Cli.Output;

namespace CdcSync.Cli.Http.Api;

/// <summary>What an order's answer says: nothing is done yet, this is what will be.</summary>
internal sealed record OrderDocument(string Pipeline, string Order, IReadOnlyList<OrderedDocument> Datasets) : JsonDocumentRoot;

/// <summary>What becomes of an order for one dataset.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="IsAccepted">True if it will be carried out.</param>
/// <param name="Outlook">When, or why not: begins, follows, already_ordered; another_waits, paused, resync_required, not_loaded.</param>
internal sealed record OrderedDocument(string Dataset, bool IsAccepted, string Outlook);

/// <summary>Comparisons as they are recorded, newest first.</summary>
internal sealed record ReconciliationsDocument(string Pipeline, IReadOnlyList<ReconciliationDocument> Reconciliations) : JsonDocumentRoot;

internal sealed record ReconciliationDocument(string Id, string Dataset, string Mode, string Outcome, string FinishedAt, ReconcileReportDocument Report);

/// <summary>What this worker does; the only document that is its own and not the warehouse's.</summary>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="Version">The binary's version.</param>
/// <param name="Worker">Who it is in leases and the ledger.</param>
/// <param name="State">starting, standby, active, stopping.</param>
/// <param name="UpSeconds">Since when it runs.</param>
/// <param name="TakesOrders">True if a token is set, so that orders can be given.</param>
/// <param name="Lease">Who works; null = nobody, or the warehouse does not answer.</param>
/// <param name="Fault">What keeps a source or the warehouse as a whole from being used; null = nothing.</param>
/// <param name="Datasets">Its datasets, in the pipeline's order.</param>
/// <param name="Batches">The last batches that it committed, newest first.</param>
internal sealed record WorkerDocument(string Pipeline, string Version, string Worker, string State, double UpSeconds, bool TakesOrders, LeaseDocument? Lease, WorkerFaultDocument? Fault,
    IReadOnlyList<WorkerDatasetDocument> Datasets, IReadOnlyList<RecentBatchDocument> Batches) : JsonDocumentRoot;

internal sealed record LeaseDocument(string Holder, string ExpiresAt, bool IsThisWorker);

internal sealed record WorkerFaultDocument(string Code, string Title, string? Command, double SecondsAgo, double? RetryInSeconds);

internal sealed record WorkerDatasetDocument(string Dataset, string Activity, string? Waiting, double IntervalSeconds, string? NextPollAt, string? NextReconcileAt, double? LagSeconds, long RowsRead, long RowsMerged, double RowsPerSecond,
    LoadDocument? Load, OrderEndDocument? LastOrder);

internal sealed record LoadDocument(int Ranges, int RangesDone, long Rows, double? SecondsLeft);

internal sealed record OrderEndDocument(string Order, string At, string? Outcome, long? Missing, long? Different, long? Extra, long? Repaired, FaultDocument? Error);

internal sealed record RecentBatchDocument(string Dataset, string CommittedAt, string Kind, long Generation, long RowsRead, long Inserted, long Updated, long Deleted, long Erased, long Quarantined, IReadOnlyDictionary<string, double> StageSeconds);

/// <summary>How old the warehouse was, over the last while.</summary>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="EverySeconds">The time between two samples.</param>
/// <param name="At">When the last sample was taken.</param>
/// <param name="Datasets">Its datasets.</param>
internal sealed record LagDocument(string Pipeline, double EverySeconds, string At, IReadOnlyList<DatasetLagDocument> Datasets) : JsonDocumentRoot;

internal sealed record DatasetLagDocument(string Dataset, double? TargetSeconds, IReadOnlyList<double?> Seconds);
