using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Core.Warehouses;

/// <summary>The control state in the warehouse. docs/state.md describes each table.</summary>
public interface IControlStore
{
    /// <summary>Checks that the control schema is there and that this binary may run on it.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.ControlSchemaMissing"/>, <see cref="ErrorCodes.ControlSchemaNewer"/>.</exception>
    ValueTask CheckSchemaAsync(CancellationToken ct);

    /// <summary>Runs the scripts of migrations/ that have not run yet, in order, each in a transaction where the engine allows.</summary>
    /// <returns>The names of the scripts that ran.</returns>
    ValueTask<IReadOnlyList<string>> MigrateAsync(CancellationToken ct);

    /// <summary>Reads checkpoints; a dataset without one is absent from the answer.</summary>
    ValueTask<IReadOnlyDictionary<DatasetId, Checkpoint>> ReadCheckpointsAsync(IReadOnlyCollection<DatasetId> datasets, CancellationToken ct);

    /// <summary>Creates or moves one checkpoint without rows, comparing generation and lease: how a first load records its plan. Writes a ledger entry.</summary>
    /// <returns>False if another worker was faster.</returns>
    ValueTask<bool> TryMoveCheckpointAsync(Lease lease, DatasetId dataset, CheckpointMove move, LedgerDraft ledger, CancellationToken ct);

    /// <summary>Looks a publication up in the ledger: true if it was committed.</summary>
    ValueTask<bool> WasCommittedAsync(Guid publication, CancellationToken ct);

    /// <summary>The newest ledger entries, newest first.</summary>
    /// <param name="dataset">Only this dataset's; null = all.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Cancels.</param>
    ValueTask<IReadOnlyList<LedgerEntry>> ReadLedgerAsync(DatasetId? dataset, int limit, CancellationToken ct);

    /// <summary>The newest columns that are written of each dataset's source; a dataset of which none are is absent.</summary>
    ValueTask<IReadOnlyDictionary<DatasetId, SourceSchema>> ReadSourceSchemasAsync(string pipeline, CancellationToken ct);

    /// <summary>Writes the columns of a dataset's source; one with the number is not overwritten.</summary>
    ValueTask WriteSourceSchemaAsync(string pipeline, DatasetId dataset, SourceSchema schema, CancellationToken ct);

    /// <summary>The rows that publications of a dataset deleted within a time, after the last ones that a person accepted.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="within">The time up to now, by the warehouse's clock.</param>
    /// <param name="ct">Cancels.</param>
    ValueTask<long> SumDeletedAsync(string pipeline, DatasetId dataset, TimeSpan within, CancellationToken ct);

    /// <summary>The newest publications of a kind, newest first.</summary>
    ValueTask<IReadOnlyList<PastBatch>> ReadPastAsync(string pipeline, DatasetId dataset, BatchKind kind, int limit, CancellationToken ct);

    /// <summary>The landing files that the ledger names, as paths relative to the landing folder.</summary>
    ValueTask<IReadOnlySet<string>> ReadLandedPathsAsync(string pipeline, CancellationToken ct);

    /// <summary>Records a dataset's state (upsert).</summary>
    ValueTask WriteStateAsync(DatasetState state, CancellationToken ct);

    /// <summary>The status of every dataset of a pipeline, as the view <c>dataset_status</c> shows it.</summary>
    ValueTask<IReadOnlyList<DatasetStatus>> ReadStatusAsync(string pipeline, CancellationToken ct);

    /// <summary>Pauses a dataset or lets it go on. Needs no lease: whoever works asks at every poll.</summary>
    /// <returns>False if nothing is known of the dataset.</returns>
    ValueTask<bool> SetPausedAsync(string pipeline, DatasetId dataset, bool paused, CancellationToken ct);

    /// <summary>The datasets of a pipeline that are paused.</summary>
    ValueTask<IReadOnlySet<DatasetId>> ReadPausedAsync(string pipeline, CancellationToken ct);

    /// <summary>Records which columns of a dataset's target have values in all rows. Nothing where nothing is known of the dataset.</summary>
    ValueTask WriteFilledColumnsAsync(string pipeline, DatasetId dataset, string columns, CancellationToken ct);

    /// <summary>What was recorded so; a dataset of which nothing was is absent.</summary>
    ValueTask<IReadOnlyDictionary<DatasetId, string>> ReadFilledColumnsAsync(string pipeline, CancellationToken ct);

    /// <summary>Records a comparison of source and target.</summary>
    ValueTask WriteReconciliationAsync(string pipeline, ReconcileReport report, CancellationToken ct);

    /// <summary>When each dataset's last comparisons of all its rows ended; a dataset that was never compared is absent.</summary>
    ValueTask<IReadOnlyDictionary<DatasetId, LastCompared>> ReadReconciledAsync(string pipeline, CancellationToken ct);

    /// <summary>The last comparisons, newest first.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="dataset">Only this dataset's; null = all.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Cancels.</param>
    ValueTask<IReadOnlyList<RecordedComparison>> ReadComparisonsAsync(string pipeline, DatasetId? dataset, int limit, CancellationToken ct);

    /// <summary>The lease that somebody holds now, by the warehouse's clock; null = nobody does.</summary>
    ValueTask<Lease?> ReadLeaseAsync(string pipeline, CancellationToken ct);

    /// <summary>Records results of checks; those of other checks of the dataset stay, but where the dataset no longer has the check.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="dataset">The dataset, with all its checks.</param>
    /// <param name="results">What was measured.</param>
    /// <param name="ct">Cancels.</param>
    ValueTask WriteChecksAsync(string pipeline, Dataset dataset, IReadOnlyList<CheckResult> results, CancellationToken ct);

    /// <summary>The newest result of each check.</summary>
    ValueTask<IReadOnlyList<RecordedCheck>> ReadChecksAsync(string pipeline, CancellationToken ct);

    /// <summary>Takes the pipeline's lease if it is free or expired, by the warehouse's clock. Each taking has a new, higher token.</summary>
    /// <returns>The lease; null if another holder has it.</returns>
    ValueTask<Lease?> TryAcquireLeaseAsync(string pipeline, string holder, TimeSpan duration, CancellationToken ct);

    /// <summary>Extends a lease that is still held.</summary>
    /// <returns>The extended lease; null if it was lost.</returns>
    ValueTask<Lease?> RenewLeaseAsync(Lease lease, TimeSpan duration, CancellationToken ct);

    /// <summary>Gives a lease back; nothing happens if it was lost.</summary>
    ValueTask ReleaseLeaseAsync(Lease lease, CancellationToken ct);

    /// <summary>Removes a dataset's state in one transaction, comparing the lease: checkpoint, state (with the claim of its target), ledger (whose
    /// generations begin anew) and quarantine. Comparisons and the target itself stay.</summary>
    /// <returns>True if there was any.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.LeaseLost"/>; <see cref="ErrorCodes.WarehouseDenied"/>: a worker's own rights do not suffice.</exception>
    ValueTask<bool> ForgetAsync(Lease lease, DatasetId dataset, CancellationToken ct);

    /// <summary>The number of quarantined rows per dataset.</summary>
    ValueTask<IReadOnlyDictionary<DatasetId, long>> CountQuarantinedAsync(string pipeline, CancellationToken ct);

    /// <summary>The rows in quarantine, those that were kept out last first.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="dataset">Only this dataset's; null = all.</param>
    /// <param name="key">Only the entry of this key (<see cref="QuarantinedRow.Key"/>); null = all.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Cancels.</param>
    ValueTask<IReadOnlyList<QuarantineEntry>> ReadQuarantineAsync(string pipeline, DatasetId? dataset, string? key, int limit, CancellationToken ct);

    /// <summary>Forgets entries without looking at their rows again.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="dataset">The dataset.</param>
    /// <param name="key">Only the entry of this key; null = all of the dataset.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>How many were there.</returns>
    ValueTask<long> DropQuarantinedAsync(string pipeline, DatasetId dataset, string? key, CancellationToken ct);

    /// <summary>Empties the rows of entries that were last seen before an instant (<see cref="QuarantineEntry.Expired"/>). The entries stay: their rows are still not in the target (ADR 151).</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="before">The instant.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>How many were emptied.</returns>
    ValueTask<long> ExpireQuarantinedAsync(string pipeline, DateTimeOffset before, CancellationToken ct);
}

/// <summary>The right to publish for a pipeline.</summary>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="Holder">Who has it: host, process, start.</param>
/// <param name="Token">Rises with every taking; compared in every publishing transaction.</param>
/// <param name="ExpiresAt">When it ends, by the warehouse's clock.</param>
public sealed record Lease(string Pipeline, string Holder, long Token, DateTimeOffset ExpiresAt);

/// <summary>What a publication tells the ledger about one dataset's part.</summary>
/// <param name="Kind">What it was.</param>
/// <param name="After">The stream position before; null = none.</param>
/// <param name="UpTo">The stream position after.</param>
/// <param name="RowsRead">Rows read from the source.</param>
/// <param name="RowsQuarantined">Rows kept out.</param>
/// <param name="Landing">The landing file; null = none (no rows).</param>
/// <param name="SourceTime">The source's clock at the reading.</param>
/// <param name="NewestCommit">The source's commit time of the newest change; null = not known.</param>
/// <param name="Range">The key range, for a snapshot range.</param>
public sealed record LedgerDraft(BatchKind Kind, Position? After, Position UpTo, long RowsRead, long RowsQuarantined, LandedFile? Landing, DateTimeOffset SourceTime, DateTimeOffset? NewestCommit, int? Range = null);

/// <summary>What a ledger entry was.</summary>
public enum BatchKind
{
    /// <summary>A first load's plan.</summary>
    Plan,

    /// <summary>A snapshot range.</summary>
    Range,

    /// <summary>A window of changes.</summary>
    Window,

    /// <summary>A full refresh.</summary>
    Refresh,

    /// <summary>Rows that a comparison found to differ.</summary>
    Repair,

    /// <summary>Rows that were read again.</summary>
    Backfill,

    /// <summary>Rows that a comparison found to differ after changes were lost; the stream goes on from a new position.</summary>
    Gap,

    /// <summary>The whole content, out of landing files; it has none of its own.</summary>
    Rebuild,
}

/// <summary>A publication as its volume is looked at.</summary>
/// <param name="RowsRead">Rows read from the source.</param>
/// <param name="SourceTime">The source's clock at the reading.</param>
public sealed record PastBatch(long RowsRead, DateTimeOffset SourceTime);

/// <summary>When source and target of a dataset were last compared.</summary>
/// <param name="Rows">Row by row, or the keys; null = never.</param>
/// <param name="Totals">By control totals; null = never.</param>
public sealed record LastCompared(DateTimeOffset? Rows, DateTimeOffset? Totals)
{
    /// <summary>When they were last compared in the way of a schedule; a comparison of totals says nothing of rows.</summary>
    public DateTimeOffset? By(ReconcileMode mode) => mode == ReconcileMode.Totals ? Totals : Rows;
}

/// <summary>A landing file as the ledger names it.</summary>
/// <param name="Path">Relative to the landing folder, with <c>/</c>.</param>
/// <param name="Sha256">Of the whole file, lower-case hex.</param>
/// <param name="Rows">Rows in it.</param>
/// <param name="Bytes">Its length.</param>
public sealed record LandedFile(string Path, string Sha256, long Rows, long Bytes);

/// <summary>A ledger entry: one dataset's part of one committed publication.</summary>
/// <param name="Publication">The publication's identity.</param>
/// <param name="Dataset">The dataset.</param>
/// <param name="Generation">The checkpoint's generation after it.</param>
/// <param name="Draft">What was known before the merge.</param>
/// <param name="Stats">What the merge changed.</param>
/// <param name="CommittedAt">By the warehouse's clock.</param>
/// <param name="Holder">Who published it.</param>
public sealed record LedgerEntry(Guid Publication, DatasetId Dataset, long Generation, LedgerDraft Draft, MergeStats Stats, DateTimeOffset CommittedAt, string Holder);

/// <summary>A row in quarantine.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Row">What kept it out.</param>
/// <param name="Generation">The generation of the publication that kept it out last.</param>
/// <param name="Position">The stream position of that publication.</param>
/// <param name="FirstSeenAt">When it was first kept out, by the warehouse's clock.</param>
/// <param name="LastSeenAt">When it was last.</param>
public sealed record QuarantineEntry(DatasetId Dataset, QuarantinedRow Row, long Generation, string Position, DateTimeOffset FirstSeenAt, DateTimeOffset LastSeenAt)
{
    /// <summary>The payload of an entry whose row has expired: an object of no columns, which no row is.</summary>
    public const string Expired = "{}";
}

/// <summary>The phases of a dataset.</summary>
public enum DatasetPhase
{
    /// <summary>Known, not read yet.</summary>
    New,

    /// <summary>The first load runs.</summary>
    Snapshot,

    /// <summary>Changes flow.</summary>
    Streaming,

    /// <summary>The last attempt failed; it is tried again.</summary>
    Failing,

    /// <summary>A gate blocked a batch; a person decides.</summary>
    Blocked,

    /// <summary>It can't go on without a resync.</summary>
    ResyncRequired,
}

/// <summary>A dataset's state as the worker last saw it.</summary>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="Dataset">The dataset.</param>
/// <param name="Target">Its target table; one table belongs to one dataset.</param>
/// <param name="Phase">Its phase.</param>
/// <param name="ErrorCode">The last error's code; null = none.</param>
/// <param name="Error">The last error's message and remedy; null = none.</param>
/// <param name="FreshnessTarget">From the contract.</param>
/// <param name="Contract">The contract it stands under.</param>
public sealed record DatasetState(string Pipeline, DatasetId Dataset, TargetTable Target, DatasetPhase Phase, string? ErrorCode, string? Error, TimeSpan? FreshnessTarget, ContractReference Contract);

/// <summary>A line of the view <c>dataset_status</c>.</summary>
/// <param name="State">The state.</param>
/// <param name="Checkpoint">The checkpoint; null = none yet.</param>
/// <param name="LastCommitAt">The last publication, by the warehouse's clock.</param>
/// <param name="Quarantined">Rows in quarantine.</param>
public sealed record DatasetStatus(DatasetState State, Checkpoint? Checkpoint, DateTimeOffset? LastCommitAt, long Quarantined);
