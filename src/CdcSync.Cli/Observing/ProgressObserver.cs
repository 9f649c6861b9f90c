using System.Collections.Concurrent;
using System.Diagnostics;
using CdcSync.Cli.Output;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Observing;

/// <summary>Shows how far a long pass is: one line that is written over on a terminal, a line per 10 seconds elsewhere.</summary>
internal sealed class ProgressObserver : ISyncObserver, IAsyncDisposable
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Elsewhere = TimeSpan.FromSeconds(10);
    private readonly Terminal _terminal;
    private readonly ConcurrentDictionary<DatasetId, SnapshotProgress> _snapshots = new();
    private readonly ITimer _timer;
    private readonly long _began = Stopwatch.GetTimestamp();
    private int _rangesAtStart = -1;
    private long _rows;
    private bool _hasNews;

    public ProgressObserver(Terminal terminal, TimeProvider time)
    {
        _terminal = terminal;
        var period = terminal.Abilities.IsInteractive ? OnTerminal : Elsewhere;
        _timer = time.CreateTimer(_ => Show(), null, period, period);
    }

    public void RowsRead(Dataset dataset, long rows, long bytes)
    {
        Interlocked.Add(ref _rows, rows);
        _hasNews = true;
    }

    public void SnapshotProgressed(Dataset dataset, SnapshotProgress progress) => _snapshots[dataset.Id] = progress;

    public void CheckpointRead(Dataset dataset, Checkpoint? checkpoint)
    {
        // Tells nothing of progress.
    }

    public void Polled(string source, DateTimeOffset sourceTime, TimeSpan clockOffset, IReadOnlyList<Dataset> datasets)
    {
        // Tells nothing of progress.
    }

    public void BatchCommitted(Dataset dataset, BatchReport report)
    {
        if (report.Kind == BatchKind.Range && report.Checkpoint.Snapshot is null && _snapshots.TryGetValue(dataset.Id, out var last))
            _snapshots[dataset.Id] = last with { Remaining = [] };
    }

    public void IdleAdvanced(Dataset dataset, DateTimeOffset completeUpTo)
    {
        // Tells nothing of progress.
    }

    public void BatchFailed(Dataset dataset, CdcSyncException fault, TimeSpan? retryIn)
    {
        // The log tells it.
    }

    public void WorkerFailed(string side, CdcSyncException fault, TimeSpan retryIn)
    {
        // The log tells it.
    }

    public void PhaseChanged(Dataset dataset, DatasetPhase phase)
    {
        // The log tells it.
    }

    public void QuarantineCounted(Dataset dataset, long rows)
    {
        // The log tells it.
    }

    public void LeaseChanged(bool held)
    {
        // The log tells it.
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Show()
    {
        if (!_hasNews)
            return;
        var text = Text(Stopwatch.GetElapsedTime(_began));
        if (_terminal.Abilities.IsInteractive)
            _terminal.Progress(text);
        else
            _terminal.Note(text);
    }

    private string Text(TimeSpan elapsed)
    {
        var rows = Interlocked.Read(ref _rows);
        var text = $"{Words.Of(rows)} rows read, {Words.Of((long)(rows / elapsed.TotalSeconds))} rows/s";
        var (total, remaining) = (_snapshots.Values.Sum(s => s.Total), _snapshots.Values.Sum(s => s.Remaining.Count));
        if (remaining == 0)
            return text;
        if (_rangesAtStart < 0)
            _rangesAtStart = total - remaining;
        var done = total - remaining - _rangesAtStart;
        var eta = done > 0 ? $", about {Words.Of(elapsed / done * remaining)} left" : "";
        return $"first load: {total - remaining} of {total} ranges, {text}{eta}";
    }
}
