using System.Collections.Concurrent;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Fakes;

/// <summary>Remembers what it was told.</summary>
internal sealed class RecordingObserver : ISyncObserver
{
    public ConcurrentQueue<(DatasetId Dataset, BatchReport Report)> Batches { get; } = [];

    public ConcurrentQueue<(DatasetId Dataset, CdcSyncException Fault)> Faults { get; } = [];

    public ConcurrentQueue<(string Side, CdcSyncException Fault)> WorkerFaults { get; } = [];

    public ConcurrentQueue<(DatasetId Dataset, DatasetPhase Phase)> Phases { get; } = [];

    public ConcurrentDictionary<DatasetId, DateTimeOffset> CompleteUpTo { get; } = [];

    public ConcurrentQueue<IReadOnlyList<DatasetId>> Polls { get; } = [];

    /// <summary>When which datasets were polled, by the source's clock.</summary>
    public ConcurrentQueue<(DateTimeOffset At, IReadOnlyList<DatasetId> Datasets)> PollTimes { get; } = [];

    public ConcurrentQueue<(DatasetId Dataset, DateTimeOffset? Next)> Plans { get; } = [];

    public void Planned(Dataset dataset, DateTimeOffset? next) => Plans.Enqueue((dataset.Id, next));

    public ConcurrentQueue<(DatasetId Dataset, CheckResult Result)> Checks { get; } = [];

    public void Checked(Dataset dataset, IReadOnlyList<CheckResult> results)
    {
        foreach (var result in results)
            Checks.Enqueue((dataset.Id, result));
    }

    public ConcurrentQueue<(string Check, DateTimeOffset At)> MissedDeadlines { get; } = [];

    public void DeadlineMissed(Dataset dataset, ContractCheck check, DateTimeOffset at) => MissedDeadlines.Enqueue((check.Id, at));

    public ConcurrentQueue<bool> Leases { get; } = [];

    public ConcurrentQueue<(string Source, long Bytes)> Retained { get; } = [];

    public ConcurrentQueue<ReconcileReport> Reconciliations { get; } = [];

    public ConcurrentQueue<(DatasetId Dataset, long Rows, int Attempts)> Isolations { get; } = [];

    public ConcurrentQueue<(DatasetId Dataset, CdcSyncException Verdict)> Warnings { get; } = [];

    public ConcurrentQueue<(DatasetId Dataset, IReadOnlyList<SchemaChange> Changes)> SchemaChanges { get; } = [];

    public void SchemaChanged(Dataset dataset, IReadOnlyList<SchemaChange> changes) => SchemaChanges.Enqueue((dataset.Id, changes));

    public void GateWarned(Dataset dataset, CdcSyncException verdict) => Warnings.Enqueue((dataset.Id, verdict));

    public void RowsIsolated(Dataset dataset, long rows, int attempts) => Isolations.Enqueue((dataset.Id, rows, attempts));

    public void Reconciled(Dataset dataset, ReconcileReport report) => Reconciliations.Enqueue(report);

    public void SourceRetains(string source, long bytes) => Retained.Enqueue((source, bytes));

    public ConcurrentQueue<(DatasetId Dataset, bool IsPaused)> Pauses { get; } = [];

    public void PauseChanged(Dataset dataset, bool isPaused) => Pauses.Enqueue((dataset.Id, isPaused));

    public ConcurrentDictionary<DatasetId, TimeSpan> Retentions { get; } = [];

    public ConcurrentQueue<(string Source, TimeSpan? HeldBackFor)> Reads { get; } = [];

    public void ReadEnded(string source, TimeSpan openFor, TimeSpan? heldBackFor) => Reads.Enqueue((source, heldBackFor));

    public void RetentionKnown(Dataset dataset, TimeSpan retention) => Retentions[dataset.Id] = retention;

    public void Polled(string source, DateTimeOffset sourceTime, TimeSpan clockOffset, IReadOnlyList<Dataset> datasets)
    {
        Polls.Enqueue([.. datasets.Select(d => d.Id)]);
        PollTimes.Enqueue((sourceTime, [.. datasets.Select(d => d.Id)]));
    }

    public void BatchCommitted(Dataset dataset, BatchReport report) => Batches.Enqueue((dataset.Id, report));

    public void IdleAdvanced(Dataset dataset, DateTimeOffset completeUpTo) => CompleteUpTo[dataset.Id] = completeUpTo;

    public void BatchFailed(Dataset dataset, CdcSyncException fault, TimeSpan? retryIn) => Faults.Enqueue((dataset.Id, fault));

    public void WorkerFailed(string side, CdcSyncException fault, TimeSpan retryIn) => WorkerFaults.Enqueue((side, fault));

    public void PhaseChanged(Dataset dataset, DatasetPhase phase) => Phases.Enqueue((dataset.Id, phase));

    public ConcurrentQueue<(DatasetId Dataset, OrderEnd End)> OrderEnds { get; } = [];

    public void OrderEnded(Dataset dataset, OrderEnd end) => OrderEnds.Enqueue((dataset.Id, end));

    public void LeaseChanged(bool held) => Leases.Enqueue(held);
}
