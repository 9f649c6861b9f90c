using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Demo;

/// <summary>Watches the engine for the demo: rows, rate, state and lag per dataset.</summary>
internal sealed class DemoBoard(Pipeline pipeline, TimeProvider time) : ISyncObserver
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DatasetId, DatasetTally> _tallies = pipeline.Datasets.ToDictionary(d => d.Id, d => new DatasetTally(d));

    /// <summary>The newest failure of a whole source or the warehouse; null = none since the last good poll.</summary>
    public CdcSyncException? WorkerFault { get; private set; }

    /// <summary>One line per dataset, in the pipeline's order.</summary>
    public IReadOnlyList<DatasetLine> Read()
    {
        lock (_lock)
            return [.. pipeline.Datasets.Select(d => _tallies[d.Id].Read(time.GetUtcNow()))];
    }

    /// <summary>True if every dataset is complete up to <paramref name="instant"/> of the source's clock.</summary>
    public bool IsCompleteUpTo(DateTimeOffset instant)
    {
        lock (_lock)
            return _tallies.Values.All(t => t.CompleteUpTo >= instant);
    }

    public void CheckpointRead(Dataset dataset, Checkpoint? checkpoint) => On(dataset, t => t.Completed(checkpoint?.CompleteUpTo));

    public void Polled(string source, DateTimeOffset sourceTime, TimeSpan clockOffset, IReadOnlyList<Dataset> datasets) => WorkerFault = null;

    public void RowsRead(Dataset dataset, long rows, long bytes)
    {
    }

    public void SnapshotProgressed(Dataset dataset, SnapshotProgress progress) => On(dataset, t => t.Progressed(progress));

    public void BatchCommitted(Dataset dataset, BatchReport report) => On(dataset, t => t.Committed(report, time.GetUtcNow()));

    public void IdleAdvanced(Dataset dataset, DateTimeOffset completeUpTo) => On(dataset, t => t.Completed(completeUpTo));

    public void BatchFailed(Dataset dataset, CdcSyncException fault, TimeSpan? retryIn) => On(dataset, t => t.Failed(fault));

    public void WorkerFailed(string side, CdcSyncException fault, TimeSpan retryIn) => WorkerFault = fault;

    public void PhaseChanged(Dataset dataset, DatasetPhase phase) => On(dataset, t => t.Entered(phase));

    public void QuarantineCounted(Dataset dataset, long rows)
    {
    }

    public void LeaseChanged(bool held)
    {
    }

    private void On(Dataset dataset, Action<DatasetTally> what)
    {
        lock (_lock)
            what(_tallies[dataset.Id]);
    }
}
