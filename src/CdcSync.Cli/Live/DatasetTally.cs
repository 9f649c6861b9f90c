using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Live;

/// <summary>Counts what happens to one dataset. Not safe for threads by itself: the board locks.</summary>
internal sealed class DatasetTally(Dataset dataset)
{
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(5);

    private readonly Queue<(DateTimeOffset At, long Rows)> _recent = new();
    private DatasetPhase _phase = DatasetPhase.New;
    private bool _isPaused;
    private LoadTally? _load;
    private TimedFault? _fault;
    private bool _isFailing;
    private DateTimeOffset? _began;
    private long _read;
    private long _merged;
    private long _quarantined;

    /// <summary>The source's time up to which the warehouse is complete; null = not yet.</summary>
    public DateTimeOffset? CompleteUpTo { get; private set; }

    public void Completed(DateTimeOffset? upTo)
    {
        if (upTo is null || upTo <= CompleteUpTo)
            return;
        CompleteUpTo = upTo;
        _isFailing = false;
    }

    public void Entered(DatasetPhase phase)
    {
        _phase = phase;
        if (phase is not DatasetPhase.Snapshot)
            _load = null;
        if (phase is DatasetPhase.Streaming or DatasetPhase.Snapshot)
            _isFailing = false;
    }

    public void Progressed(SnapshotProgress progress, DateTimeOffset now)
    {
        _load ??= new LoadTally(progress, now, _read);
        _load.Progressed(progress, now);
    }

    public void Failed(TimedFault fault) => (_fault, _isFailing) = (fault, true);

    public void Quarantined(long rows) => _quarantined = rows;

    public void Paused(bool isPaused) => _isPaused = isPaused;

    public void Read(long rows, DateTimeOffset now)
    {
        _began ??= now;
        _read += rows;
        _recent.Enqueue((now, rows));
    }

    public void Committed(BatchReport report)
    {
        var stats = report.Stats;
        _merged += stats.Inserted + stats.Updated + stats.Deleted + stats.Erased;
        _isFailing = false;
        if (report.Kind == BatchKind.Range && report.Checkpoint.Snapshot is null)
            _load = null;
        Completed(report.Checkpoint.CompleteUpTo);
    }

    /// <summary>How it stands.</summary>
    /// <param name="now">The worker's clock.</param>
    /// <param name="clockOffset">By how much the source's is ahead of it.</param>
    public DatasetLine Line(DateTimeOffset now, TimeSpan clockOffset)
    {
        while (_recent.TryPeek(out var oldest) && oldest.At < now - RateWindow)
            _recent.Dequeue();
        // What began a second ago is not divided by five.
        var window = Math.Clamp((now - (_began ?? now)).TotalSeconds, 1, RateWindow.TotalSeconds);
        return new DatasetLine
        {
            Name = dataset.Id.Value,
            Phase = _phase,
            Merged = _merged,
            Read = _read,
            ReadPerSecond = _recent.Sum(r => r.Rows) / window,
            Lag = CompleteUpTo is { } upTo ? TimeSpan.FromTicks(Math.Max(0, (now - (upTo - clockOffset)).Ticks)) : null,
            Target = dataset.FreshnessTarget,
            Load = _load?.At(now, _read),
            Fault = _fault?.At(now),
            IsFailing = _isFailing,
            Quarantined = _quarantined,
            IsPaused = _isPaused,
        };
    }

    /// <summary>A first load as this process sees it: what an earlier one committed says nothing of the speed.</summary>
    private sealed class LoadTally(SnapshotProgress first, DateTimeOffset now, long readBefore)
    {
        private readonly int _doneBefore = first.Total - first.Remaining.Count;
        private readonly DateTimeOffset _began = now;
        private SnapshotProgress _last = first;
        private DateTimeOffset _lastDoneAt = now;

        public void Progressed(SnapshotProgress progress, DateTimeOffset now)
        {
            if (progress.Remaining.Count < _last.Remaining.Count)
                _lastDoneAt = now;
            _last = progress;
        }

        public LoadProgress At(DateTimeOffset now, long read)
        {
            var (done, remaining) = (_last.Total - _last.Remaining.Count, _last.Remaining.Count);
            var own = done - _doneBefore;
            TimeSpan? left = own > 0 ? (_lastDoneAt - _began) / own * remaining - (now - _lastDoneAt) : null;
            return new LoadProgress(_last.Total, done, read - readBefore, left < TimeSpan.Zero ? TimeSpan.Zero : left);
        }
    }
}
