using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>Is told what the engine does: metrics, logs and views are observers. Calls are short, may come from several threads, and must not throw. What an observer does not implement it does not hear.</summary>
public interface ISyncObserver
{
    /// <summary>A dataset's checkpoint as the warehouse has it, at the start of every pass; null = none yet.</summary>
    void CheckpointRead(Dataset dataset, Checkpoint? checkpoint)
    {
    }

    /// <summary>A source was read without error. All changes committed before <paramref name="sourceTime"/> were seen.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="sourceTime">The source's clock.</param>
    /// <param name="clockOffset">By how much the source's clock is ahead of the worker's, as far as it is certain: 0 where it may be the time the answer took.</param>
    /// <param name="datasets">The datasets that were read or found unchanged, or whose first load can begin.</param>
    void Polled(string source, DateTimeOffset sourceTime, TimeSpan clockOffset, IReadOnlyList<Dataset> datasets)
    {
    }

    /// <summary>A source keeps so many bytes of changes because this pipeline has not acknowledged them. Never told where a source keeps changes by age.</summary>
    void SourceRetains(string source, long bytes)
    {
    }

    /// <summary>A source's read transaction ended.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="openFor">How long it was open: so long the source kept its rows' old versions for it.</param>
    /// <param name="heldBackFor">The age of the oldest transaction of others that held back what it could see; null = none, or not to be known.</param>
    void ReadEnded(string source, TimeSpan openFor, TimeSpan? heldBackFor)
    {
    }

    /// <summary>The source keeps changes of a dataset for so long. Told at each poll where it keeps them by age.</summary>
    void RetentionKnown(Dataset dataset, TimeSpan retention)
    {
    }

    /// <summary>Rows were read from the source.</summary>
    void RowsRead(Dataset dataset, long rows, long bytes)
    {
    }

    /// <summary>A first load goes forward.</summary>
    void SnapshotProgressed(Dataset dataset, SnapshotProgress progress)
    {
    }

    /// <summary>A batch was committed: its rows are visible.</summary>
    void BatchCommitted(Dataset dataset, BatchReport report)
    {
    }

    /// <summary>A dataset was found unchanged, and the warehouse is complete up to the source's time.</summary>
    void IdleAdvanced(Dataset dataset, DateTimeOffset completeUpTo)
    {
    }

    /// <summary>An attempt failed.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="fault">Why.</param>
    /// <param name="retryIn">When it is tried again; null = a person has to act.</param>
    void BatchFailed(Dataset dataset, CdcSyncException fault, TimeSpan? retryIn)
    {
    }

    /// <summary>A source or the warehouse as a whole could not be used; nothing of the pass was done.</summary>
    /// <param name="side"><c>source</c> or <c>warehouse</c>.</param>
    /// <param name="fault">Why.</param>
    /// <param name="retryIn">When it is tried again.</param>
    void WorkerFailed(string side, CdcSyncException fault, TimeSpan retryIn)
    {
    }

    /// <summary>A dataset's phase changed.</summary>
    void PhaseChanged(Dataset dataset, DatasetPhase phase)
    {
    }

    /// <summary>A person paused a dataset (true), or let it go on. Told once at the start as well.</summary>
    void PauseChanged(Dataset dataset, bool isPaused)
    {
    }

    /// <summary>A dataset's schedule says when it is polled next; what fails is tried again sooner, and does not change it. Told at the start and after every poll that brought it to its source's now.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="next">When; null = when another dataset has published.</param>
    void Planned(Dataset dataset, DateTimeOffset? next)
    {
    }

    /// <summary>The number of rows in a dataset's quarantine.</summary>
    void QuarantineCounted(Dataset dataset, long rows)
    {
    }

    /// <summary>The columns of a dataset's object in the source changed. Told once, also where the contract freezes such changes.</summary>
    void SchemaChanged(Dataset dataset, IReadOnlyList<SchemaChange> changes)
    {
    }

    /// <summary>A gate finds a batch unusual, and lets it through.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="verdict">What it would be blocked with.</param>
    void GateWarned(Dataset dataset, CdcSyncException verdict)
    {
    }

    /// <summary>Rows of a batch were found that the warehouse itself refuses; the batch is published without them.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="rows">How many.</param>
    /// <param name="attempts">How often the warehouse was asked to find them.</param>
    void RowsIsolated(Dataset dataset, long rows, int attempts)
    {
    }

    /// <summary>A dataset's source and target were compared, and perhaps made equal.</summary>
    void Reconciled(Dataset dataset, ReconcileReport report)
    {
    }

    /// <summary>Checks of a dataset's contract were measured; at the start of a worker also what was found last.</summary>
    void Checked(Dataset dataset, IReadOnlyList<CheckResult> results)
    {
    }

    /// <summary>A deadline came before the warehouse was complete up to its cut. Told once per deadline, also of those that came while no worker ran.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="check">The deadline's check.</param>
    /// <param name="at">When it came.</param>
    void DeadlineMissed(Dataset dataset, ContractCheck check, DateTimeOffset at)
    {
    }

    /// <summary>What a person, or a system elsewhere, ordered has ended: also a poll, when the dataset is at its source's now.</summary>
    void OrderEnded(Dataset dataset, OrderEnd end)
    {
    }

    /// <summary>The lease was taken (true) or lost (false).</summary>
    void LeaseChanged(bool held)
    {
    }
}

/// <summary>A committed batch.</summary>
/// <param name="Generation">The checkpoint's generation after it.</param>
/// <param name="Kind">What it was.</param>
/// <param name="Checkpoint">The checkpoint after it.</param>
/// <param name="Stats">What it changed in the target.</param>
/// <param name="RowsRead">Rows read from the source.</param>
/// <param name="RowsQuarantined">Rows kept out.</param>
/// <param name="Landing">The landing file.</param>
/// <param name="NewestCommit">The source's commit time of the newest change; null = not known.</param>
/// <param name="Stages">The time spent per stage of the flow: read, land, stage, publish.</param>
public sealed record BatchReport(long Generation, BatchKind Kind, Checkpoint Checkpoint, MergeStats Stats, long RowsRead, long RowsQuarantined, LandedFile? Landing, DateTimeOffset? NewestCommit, IReadOnlyDictionary<string, TimeSpan> Stages)
{
    /// <summary>Why the dataset was loaded anew; null = it was not.</summary>
    public ResyncCause? Resync { get; init; }

    /// <summary>The transaction's id, as the ledger has it.</summary>
    public Guid Publication { get; init; }
}
