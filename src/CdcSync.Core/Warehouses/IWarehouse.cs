using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Core.Warehouses;

/// <summary>A system that holds the target tables and, beside them, the control state; opened for one pipeline, whose name scopes all state.</summary>
public interface IWarehouse : IAsyncDisposable
{
    /// <summary>The control state: checkpoints, ledger, states, leases, quarantine.</summary>
    IControlStore Control { get; }

    /// <summary>Creates the dataset's table where it is missing and adds columns it lacks; never drops, never narrows. Existing indexes, views and grants survive.</summary>
    /// <returns>What was done, for the log; empty = nothing.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetMismatch"/> if the table can't take the dataset (other key, narrower type);
    /// <see cref="ErrorCodes.TargetTaken"/> if another dataset owns it; <see cref="ErrorCodes.WarehouseDenied"/>.</exception>
    ValueTask<IReadOnlyList<string>> EnsureTargetAsync(Dataset dataset, CancellationToken ct);

    /// <summary>As <see cref="EnsureTargetAsync"/>, before rows come as <see cref="PublishMode.Append"/>: what checks the key may still be missing, and comes with the
    /// publication whose checkpoint has no range left.</summary>
    /// <returns>What was done, for the log; empty = nothing.</returns>
    ValueTask<IReadOnlyList<string>> EnsureTargetForAppendAsync(Dataset dataset, CancellationToken ct) => EnsureTargetAsync(dataset, ct);

    /// <summary>The warehouse's own row gate: rejects, with rule <c>type</c>, values that its columns can't hold (a NUL in PostgreSQL text, NaN in SQLite, instants out of range).</summary>
    IRowGate ValueGate(Dataset dataset);

    /// <summary>The dataset's target as one side of a comparison; null = this kind of warehouse has none.</summary>
    IDigestReader? Digests(Dataset dataset) => null;

    /// <summary>A control total of the dataset's target, by the canonical form of its groups (<see cref="LocalTotals"/>). Rows that a soft delete marks are left out.</summary>
    /// <returns>Null = this kind of warehouse can't say.</returns>
    ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>?> TotalsAsync(TotalScope scope, CancellationToken ct) => new((IReadOnlyDictionary<CanonicalKey, GroupTotal>?)null);

    /// <summary>Measures targets for the checks of contracts; null = this kind of warehouse does not.</summary>
    ICheckReader? Checks => null;

    /// <summary>True if the dataset's target holds any row.</summary>
    ValueTask<bool> HasRowsAsync(Dataset dataset, CancellationToken ct);

    /// <summary>Opens a publication: rows are staged into it, then published in one transaction. Disposed without publishing, it leaves nothing.</summary>
    /// <param name="lease">The lease under which it publishes; its token is compared in the transaction.</param>
    /// <param name="ct">Cancels the opening.</param>
    ValueTask<IPublication> OpenPublicationAsync(Lease lease, CancellationToken ct);

    /// <summary>Moves the checkpoints of datasets that were read as unchanged, in one statement. Compares generation and lease for each; those that lost are left alone.</summary>
    /// <returns>The datasets whose checkpoint moved.</returns>
    ValueTask<IReadOnlyList<DatasetId>> AdvanceIdleAsync(Lease lease, IReadOnlyDictionary<DatasetId, CheckpointMove> moves, CancellationToken ct);

    /// <summary>Removes stages that a crash left behind.</summary>
    /// <returns>How many were removed.</returns>
    ValueTask<int> SweepStagesAsync(CancellationToken ct);
}

/// <summary>One warehouse transaction in the making: changes, quarantine, ledger and checkpoint of one or several datasets, all or nothing.</summary>
public interface IPublication : IAsyncDisposable
{
    /// <summary>Its identity in the ledger, by which a lost commit answer is settled.</summary>
    Guid Id { get; }

    /// <summary>Opens the stage of a dataset. Nothing of it is visible to readers.</summary>
    ValueTask<IStage> OpenStageAsync(Dataset dataset, PublishMode mode, CancellationToken ct);

    /// <summary>
    /// In one transaction: locks the datasets' checkpoint rows (in id order), compares generation and lease token, runs the gates, merges, runs the gates that judge what was merged, writes
    /// quarantine and ledger, swaps the checkpoints, commits. The commit itself takes no token.
    /// </summary>
    /// <returns>Committed with the counts per dataset, or why nothing was committed.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.CommitUnknown"/> if the answer to the commit was lost, with its cause as inner where that is known
    /// (a full disk); transient ones roll back.</exception>
    ValueTask<PublicationResult> PublishAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct);

    /// <summary>
    /// Does what <see cref="PublishAsync"/> would do, without asking the gates, and rolls back: tells whether the warehouse takes the rows. Constraints that are
    /// checked at the commit are checked too. Instead of publishing, and once.
    /// </summary>
    /// <returns>Committed = it would be.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WarehouseRefusedRows"/> with its <see cref="CdcSyncException.Refusal"/>: it does not take them.</exception>
    ValueTask<PublicationOutcome> RehearseAsync(IReadOnlyList<DatasetPublication> parts, CancellationToken ct);
}

/// <summary>How a stage is published.</summary>
public enum PublishMode
{
    /// <summary>Upserts, deletes and erases the staged keys.</summary>
    Merge,

    /// <summary>The stage is the whole content: upserts what differs, deletes what is absent. For a dataset without a key: deletes all and inserts the stage.</summary>
    Difference,

    /// <summary>As <see cref="Merge"/>, with the promise that no staged key is in the target or staged twice: a range of a first load of a source that
    /// guarantees its keys. A warehouse may insert straight away.</summary>
    Append,
}

/// <summary>Rows on their way into one dataset's table.</summary>
public interface IStage
{
    /// <summary>The dataset.</summary>
    Dataset Dataset { get; }

    /// <summary>How it is published.</summary>
    PublishMode Mode { get; }

    /// <summary>Appends shaped and gated rows, in source order.</summary>
    /// <param name="chunk">Rows in the dataset's target schema; faults are ignored here.</param>
    /// <param name="ct">Cancels.</param>
    ValueTask WriteAsync(ChangeChunk chunk, CancellationToken ct);
}

/// <summary>One dataset's part of a publication.</summary>
/// <param name="Stage">Its rows.</param>
/// <param name="Move">Its checkpoint's move.</param>
/// <param name="Quarantined">Rows kept out; replaces older entries of the same keys. Entries of keys that are staged are removed: a newer version supersedes them.</param>
/// <param name="Ledger">What the ledger records.</param>
/// <param name="Gates">Judged in the transaction, in order.</param>
public sealed record DatasetPublication(IStage Stage, CheckpointMove Move, IReadOnlyList<QuarantinedRow> Quarantined, LedgerDraft Ledger, IReadOnlyList<IBatchGate> Gates)
{
    /// <summary>What gates would have blocked and a person accepted; known once the gates were asked, and recorded with the rest.</summary>
    public IReadOnlyList<AcceptedVerdict> Accepted { get; init; } = [];

    /// <summary>Judged in the transaction after all merges of all parts, in order; a rehearsal leaves them out.</summary>
    public IReadOnlyList<IMergedGate> MergedGates { get; init; } = [];
}

/// <summary>What became of a publication.</summary>
/// <param name="Outcome">Committed, or why not.</param>
/// <param name="Stats">Per dataset, in the order of the parts; empty unless committed.</param>
/// <param name="Blocked">The gate's error, where blocked; its dataset in <paramref name="BlockedDataset"/>.</param>
/// <param name="BlockedDataset">The dataset whose gate blocked.</param>
public sealed record PublicationResult(PublicationOutcome Outcome, IReadOnlyList<MergeStats> Stats, CdcSyncException? Blocked = null, DatasetId? BlockedDataset = null);

/// <summary>What became of a publication.</summary>
public enum PublicationOutcome
{
    /// <summary>All of it is visible.</summary>
    Committed,

    /// <summary>A checkpoint's generation was another: nothing was committed.</summary>
    Superseded,

    /// <summary>The lease has another token or has expired: nothing was committed.</summary>
    LeaseLost,

    /// <summary>A batch gate blocked: nothing was committed.</summary>
    Blocked,
}

/// <summary>What a merge changed in the target.</summary>
/// <param name="Inserted">Rows that were not there.</param>
/// <param name="Updated">Rows that were there with other values.</param>
/// <param name="Deleted">Rows removed, or marked under soft delete.</param>
/// <param name="Erased">Rows removed by an erase.</param>
public sealed record MergeStats(long Inserted, long Updated, long Deleted, long Erased)
{
    /// <summary>Nothing changed.</summary>
    public static MergeStats None { get; } = new(0, 0, 0, 0);

    /// <summary>The sum of two.</summary>
    public MergeStats Plus(MergeStats other) => new(Inserted + other.Inserted, Updated + other.Updated, Deleted + other.Deleted, Erased + other.Erased);
}
