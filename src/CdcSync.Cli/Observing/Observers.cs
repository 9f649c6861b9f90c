using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Observing;

/// <summary>Tells several observers the same.</summary>
internal sealed class Observers(params IReadOnlyList<ISyncObserver> all) : ISyncObserver
{
    public void CheckpointRead(Dataset dataset, Checkpoint? checkpoint) => Tell(o => o.CheckpointRead(dataset, checkpoint));

    public void Polled(string source, DateTimeOffset sourceTime, TimeSpan clockOffset, IReadOnlyList<Dataset> datasets) => Tell(o => o.Polled(source, sourceTime, clockOffset, datasets));

    public void SourceRetains(string source, long bytes) => Tell(o => o.SourceRetains(source, bytes));

    public void ReadEnded(string source, TimeSpan openFor, TimeSpan? heldBackFor) => Tell(o => o.ReadEnded(source, openFor, heldBackFor));

    public void RetentionKnown(Dataset dataset, TimeSpan retention) => Tell(o => o.RetentionKnown(dataset, retention));

    public void RowsRead(Dataset dataset, long rows, long bytes) => Tell(o => o.RowsRead(dataset, rows, bytes));

    public void SnapshotProgressed(Dataset dataset, SnapshotProgress progress) => Tell(o => o.SnapshotProgressed(dataset, progress));

    public void BatchCommitted(Dataset dataset, BatchReport report) => Tell(o => o.BatchCommitted(dataset, report));

    public void IdleAdvanced(Dataset dataset, DateTimeOffset completeUpTo) => Tell(o => o.IdleAdvanced(dataset, completeUpTo));

    public void BatchFailed(Dataset dataset, CdcSyncException fault, TimeSpan? retryIn) => Tell(o => o.BatchFailed(dataset, fault, retryIn));

    public void WorkerFailed(string side, CdcSyncException fault, TimeSpan retryIn) => Tell(o => o.WorkerFailed(side, fault, retryIn));

    public void PhaseChanged(Dataset dataset, DatasetPhase phase) => Tell(o => o.PhaseChanged(dataset, phase));

    public void PauseChanged(Dataset dataset, bool isPaused) => Tell(o => o.PauseChanged(dataset, isPaused));

    public void Planned(Dataset dataset, DateTimeOffset? next) => Tell(o => o.Planned(dataset, next));

    public void QuarantineCounted(Dataset dataset, long rows) => Tell(o => o.QuarantineCounted(dataset, rows));

    public void SchemaChanged(Dataset dataset, IReadOnlyList<SchemaChange> changes) => Tell(o => o.SchemaChanged(dataset, changes));

    public void GateWarned(Dataset dataset, CdcSyncException verdict) => Tell(o => o.GateWarned(dataset, verdict));

    public void RowsIsolated(Dataset dataset, long rows, int attempts) => Tell(o => o.RowsIsolated(dataset, rows, attempts));

    public void Reconciled(Dataset dataset, ReconcileReport report) => Tell(o => o.Reconciled(dataset, report));

    public void Checked(Dataset dataset, IReadOnlyList<CheckResult> results) => Tell(o => o.Checked(dataset, results));

    public void DeadlineMissed(Dataset dataset, ContractCheck check, DateTimeOffset at) => Tell(o => o.DeadlineMissed(dataset, check, at));

    public void OrderEnded(Dataset dataset, OrderEnd end) => Tell(o => o.OrderEnded(dataset, end));

    public void LeaseChanged(bool held) => Tell(o => o.LeaseChanged(held));

    private void Tell(Action<ISyncObserver> tell)
    {
        foreach (var observer in all)
            tell(observer);
    }
}
