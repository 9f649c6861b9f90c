using System.Diagnostics;

namespace CdcSync.Core.Metrics;

/// <summary>One series: a value under a set of labels. Written by any thread, read by the exposition.</summary>
public abstract class MetricCell
{
    private protected MetricCell(IReadOnlyList<KeyValuePair<string, string>> labels)
    {
        Labels = labels;
        Tags = new TagList([.. labels.Select(l => KeyValuePair.Create<string, object?>(l.Key, l.Value))]);
    }

    /// <summary>Its labels, in the family's order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Labels { get; }

    /// <summary>The labels as <see cref="System.Diagnostics.Metrics"/> wants them.</summary>
    internal TagList Tags { get; }
}

/// <summary>A number that only rises.</summary>
public sealed class Counter : MetricCell
{
    private readonly Func<double>? _read;
    private double _value;

    internal Counter(IReadOnlyList<KeyValuePair<string, string>> labels, Func<double>? read)
        : base(labels) => _read = read;

    /// <summary>The sum of what was added since the process began.</summary>
    public double Value => _read?.Invoke() ?? Volatile.Read(ref _value);

    /// <summary>Adds to it.</summary>
    /// <param name="amount">How much; not negative.</param>
    public void Add(double amount = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        double before;
        do
            before = Volatile.Read(ref _value);
        while (Interlocked.CompareExchange(ref _value, before + amount, before) != before);
    }
}

/// <summary>A number that rises and falls, or one that is computed when it is read.</summary>
public sealed class Gauge : MetricCell
{
    private Func<double>? _read;
    private double _value;

    internal Gauge(IReadOnlyList<KeyValuePair<string, string>> labels)
        : base(labels)
    {
    }

    /// <summary>The value now.</summary>
    public double Value => Volatile.Read(ref _read)?.Invoke() ?? Volatile.Read(ref _value);

    /// <summary>Sets it.</summary>
    public void Set(double value) => Volatile.Write(ref _value, value);

    /// <summary>Sets it to an instant, in seconds since 1970 (UTC); null = 0, which means "not known".</summary>
    public void Set(DateTimeOffset? instant) => Set(instant is { } at ? at.ToUnixTimeMilliseconds() / 1000.0 : 0);

    /// <summary>Sets it to 1 or 0.</summary>
    public void Set(bool value) => Set(value ? 1 : 0);

    /// <summary>Has it computed whenever it is read, from now on.</summary>
    public void ComputeFrom(Func<double> read) => Volatile.Write(ref _read, read);
}

/// <summary>Observations, counted into buckets.</summary>
public sealed class Histogram : MetricCell
{
    private readonly System.Diagnostics.Metrics.Histogram<double> _instrument;
    private readonly IReadOnlyList<double> _bounds;
    private readonly long[] _counts;
    private readonly Lock _writing = new();
    private double _sum;

    internal Histogram(IReadOnlyList<KeyValuePair<string, string>> labels, IReadOnlyList<double> bounds, System.Diagnostics.Metrics.Histogram<double> instrument)
        : base(labels)
    {
        _bounds = bounds;
        _counts = new long[bounds.Count + 1];
        _instrument = instrument;
    }

    /// <summary>Counts an observation.</summary>
    /// <param name="duration">A duration; what is negative (a clock stepped back) counts as 0.</param>
    public void Observe(TimeSpan duration)
    {
        var value = Math.Max(0, duration.TotalSeconds);
        var bucket = 0;
        while (bucket < _bounds.Count && value > _bounds[bucket])
            bucket++;
        lock (_writing)
        {
            _counts[bucket]++;
            _sum += value;
        }
        _instrument.Record(value, Tags);
    }

    /// <summary>A consistent copy: cumulative counts per bound, the last one (of <c>+Inf</c>) being the count of all, and the sum.</summary>
    internal HistogramReading Read()
    {
        var cumulative = new (double Bound, long Count)[_counts.Length];
        lock (_writing)
        {
            long count = 0;
            for (var i = 0; i < _counts.Length; i++)
                cumulative[i] = (i < _bounds.Count ? _bounds[i] : double.PositiveInfinity, count += _counts[i]);
            return new HistogramReading(cumulative, _sum);
        }
    }
}

/// <summary>A histogram at one instant.</summary>
/// <param name="Buckets">Upper bounds, ascending, <c>+Inf</c> last, with cumulative counts.</param>
/// <param name="Sum">The sum of all observations.</param>
internal sealed record HistogramReading(IReadOnlyList<(double Bound, long Count)> Buckets, double Sum);
