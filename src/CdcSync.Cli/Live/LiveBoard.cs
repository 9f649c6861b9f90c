using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Live;

/// <summary>Keeps what the engine told of each dataset, for views to look at whenever they like.</summary>
internal sealed class LiveBoard : ISyncObserver
{
    private readonly Lock _lock = new();
    private readonly Pipeline _pipeline;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _began;
    private readonly Dictionary<DatasetId, DatasetTally> _tallies;
    private readonly Dictionary<string, TimeSpan> _clockOffsets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimedFault> _faults = new(StringComparer.Ordinal);
    private LeaseState _lease;

    public LiveBoard(Pipeline pipeline, TimeProvider time)
    {
        _pipeline = pipeline;
        _time = time;
        _began = time.GetUtcNow();
        _tallies = pipeline.Datasets.ToDictionary(d => d.Id, d => new DatasetTally(d));
    }

    /// <summary>How all stands now.</summary>
    public BoardState Read()
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            return new BoardState(_pipeline.Name, _lease, now - _began, [.. _pipeline.Datasets.Select(d => _tallies[d.Id].Line(now, _clockOffsets.GetValueOrDefault(d.SourceName)))],
                _faults.Values.OrderByDescending(f => f.Happened).FirstOrDefault()?.At(now));
        }
    }

    /// <summary>True if every dataset is complete up to <paramref name="instant"/> of the source's clock.</summary>
    public bool IsCompleteUpTo(DateTimeOffset instant)
    {
        lock (_lock)
            return _tallies.Values.All(t => t.CompleteUpTo >= instant);
    }

    public void CheckpointRead(Dataset dataset, Checkpoint? checkpoint) => On(dataset, t =>
    {
        _faults.Remove("warehouse");
        t.Completed(checkpoint?.CompleteUpTo);
    });

    public void Polled(string source, DateTimeOffset sourceTime, TimeSpan clockOffset, IReadOnlyList<Dataset> datasets)
    {
        lock (_lock)
        {
            _clockOffsets[source] = clockOffset;
            _faults.Remove("source");
        }
    }

    public void RowsRead(Dataset dataset, long rows, long bytes) => On(dataset, t => t.Read(rows, _time.GetUtcNow()));

    public void SnapshotProgressed(Dataset dataset, SnapshotProgress progress) => On(dataset, t => t.Progressed(progress, _time.GetUtcNow()));

    public void BatchCommitted(Dataset dataset, BatchReport report) => On(dataset, t => t.Committed(report));

    public void IdleAdvanced(Dataset dataset, DateTimeOffset completeUpTo) => On(dataset, t => t.Completed(completeUpTo));

    public void BatchFailed(Dataset dataset, CdcSyncException fault, TimeSpan? retryIn) => On(dataset, t => t.Failed(new TimedFault(fault, _time.GetUtcNow(), retryIn)));

    public void WorkerFailed(string side, CdcSyncException fault, TimeSpan retryIn)
    {
        lock (_lock)
            _faults[side] = new TimedFault(fault, _time.GetUtcNow(), retryIn);
    }

    public void PauseChanged(Dataset dataset, bool isPaused) => On(dataset, t => t.Paused(isPaused));

    public void PhaseChanged(Dataset dataset, DatasetPhase phase) => On(dataset, t => t.Entered(phase));

    public void QuarantineCounted(Dataset dataset, long rows) => On(dataset, t => t.Quarantined(rows));

    public void LeaseChanged(bool held)
    {
        lock (_lock)
        {
            _faults.Remove("warehouse");
            _lease = held ? LeaseState.Held : _lease == LeaseState.Held ? LeaseState.Gone : LeaseState.Elsewhere;
        }
    }

    private void On(Dataset dataset, Action<DatasetTally> what)
    {
        lock (_lock)
            what(_tallies[dataset.Id]);
    }
}
