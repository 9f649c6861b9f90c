using CdcSync.Cli.Live;
using CdcSync.Core.Datasets;

namespace CdcSync.Cli.Http.Api;

/// <summary>How old the warehouse was, sampled for as long as the process runs: half an hour of it, in memory. Prometheus keeps more.</summary>
internal sealed class LagHistory : IDisposable
{
    /// <summary>The time between two samples.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private const int Kept = 180;
    private readonly Lock _sampling = new();
    private readonly LiveBoard _board;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, Queue<double?>> _samples;
    private readonly ITimer _timer;
    private DateTimeOffset _at;

    public LagHistory(Pipeline pipeline, LiveBoard board, TimeProvider time)
    {
        (_board, _time, _at) = (board, time, time.GetUtcNow());
        _samples = pipeline.Datasets.ToDictionary(d => d.Id.Value, _ => new Queue<double?>(), StringComparer.Ordinal);
        _timer = time.CreateTimer(_ => Sample(), null, Every, Every);
    }

    /// <summary>The samples of each dataset, oldest first, null where nothing was known; and when the last was taken.</summary>
    public (DateTimeOffset At, IReadOnlyDictionary<string, double?[]> Seconds) Read()
    {
        lock (_sampling)
            return (_at, _samples.ToDictionary(s => s.Key, s => s.Value.ToArray(), StringComparer.Ordinal));
    }

    public void Dispose() => _timer.Dispose();

    private void Sample()
    {
        lock (_sampling)
        {
            _at = _time.GetUtcNow();
            foreach (var line in _board.Read().Datasets)
            {
                var samples = _samples[line.Name];
                samples.Enqueue(line.Lag is { } lag ? Math.Round(lag.TotalSeconds, 1) : null);
                if (samples.Count > Kept)
                    samples.Dequeue();
            }
        }
    }
}
