using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Demo;

/// <summary>What the demo shows of a dataset at one moment.</summary>
/// <param name="Dataset">Its name.</param>
/// <param name="Capture">How its changes are found.</param>
/// <param name="State">What it does now.</param>
/// <param name="Rows">Rows in the warehouse.</param>
/// <param name="Merged">Rows merged since the start.</param>
/// <param name="RowsPerSecond">Rows merged per second, over the last few seconds.</param>
/// <param name="Lag">How old the warehouse is; null = not complete yet.</param>
internal sealed record DatasetLine(string Dataset, string Capture, string State, long Rows, long Merged, double RowsPerSecond, TimeSpan? Lag);

/// <summary>Counts what happens to one dataset. Not safe for threads by itself: the board locks.</summary>
internal sealed class DatasetTally(Dataset dataset)
{
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(3);

    private readonly Queue<(DateTimeOffset At, long Rows)> _recent = new();
    private DatasetPhase _phase = DatasetPhase.New;
    private SnapshotProgress? _snapshot;
    private CdcSyncException? _fault;
    private long _rows;
    private long _merged;

    /// <summary>The source's time up to which the warehouse is complete; null = not yet.</summary>
    public DateTimeOffset? CompleteUpTo { get; private set; }

    public void Completed(DateTimeOffset? upTo) => CompleteUpTo = upTo ?? CompleteUpTo;

    public void Entered(DatasetPhase phase) => _phase = phase;

    public void Progressed(SnapshotProgress progress) => _snapshot = progress;

    public void Failed(CdcSyncException fault) => _fault = fault;

    public void Committed(BatchReport report, DateTimeOffset now)
    {
        var stats = report.Stats;
        var changed = stats.Inserted + stats.Updated + stats.Deleted + stats.Erased;
        _rows += stats.Inserted - stats.Deleted - stats.Erased;
        _merged += changed;
        _recent.Enqueue((now, changed));
        _fault = null;
        Completed(report.Checkpoint.CompleteUpTo);
    }

    public DatasetLine Read(DateTimeOffset now)
    {
        while (_recent.TryPeek(out var oldest) && oldest.At < now - RateWindow)
            _recent.Dequeue();
        var rate = _recent.Sum(r => r.Rows) / RateWindow.TotalSeconds;
        var lag = CompleteUpTo is { } upTo ? TimeSpan.FromTicks(Math.Max(0, (now - upTo).Ticks)) : (TimeSpan?)null;
        return new DatasetLine(dataset.Id.Value, CaptureName, State, _rows, _merged, rate, lag);
    }

    private string CaptureName => dataset.Capture switch
    {
        Capture.ChangeTracking => "change tracking",
        Capture.HighWaterMark => "high-water mark",
        _ => "full refresh",
    };

    private string State => _fault is not null ? $"{_fault.Code.Id} {_fault.Code.Title}" : _phase switch
    {
        DatasetPhase.Snapshot when _snapshot is { } s => $"first load {s.Total - s.Remaining.Count}/{s.Total}",
        DatasetPhase.Snapshot => "first load",
        DatasetPhase.ResyncRequired => "resync required",
        _ => _phase.ToString().ToLowerInvariant(),
    };
}
