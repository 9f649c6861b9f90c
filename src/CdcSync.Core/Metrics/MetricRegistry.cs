using System.Diagnostics.Metrics;

namespace CdcSync.Core.Metrics;

/// <summary>
/// The families of one process: what the exposition writes. Each is also an instrument of the <see cref="Meter"/> <c>CdcSync</c>, so that
/// dotnet-counters and an OpenTelemetry exporter see the same numbers without a second bookkeeping.
/// </summary>
public sealed class MetricRegistry : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "CdcSync";

    private readonly Meter _meter = new(MeterName);
    private readonly List<MetricFamily> _families = [];

    /// <summary>All families, in the order in which they were made.</summary>
    public IReadOnlyList<MetricFamily> Families => _families;

    /// <summary>Makes a family of counters.</summary>
    /// <exception cref="ArgumentException">The name is malformed or taken.</exception>
    public MetricFamily<Counter> Counter(string name, string help, params IReadOnlyList<string> labels) => CounterOf(name, help, null, labels);

    /// <summary>Makes a family with one counter, which is read from elsewhere.</summary>
    /// <exception cref="ArgumentException">The name is malformed or taken.</exception>
    public void Counter(string name, string help, Func<double> read) => CounterOf(name, help, read, []).Add();

    /// <summary>Makes a family of gauges.</summary>
    /// <exception cref="ArgumentException">The name is malformed or taken.</exception>
    public MetricFamily<Gauge> Gauge(string name, string help, params IReadOnlyList<string> labels) => GaugeOf(name, MetricType.Gauge, help, labels);

    /// <summary>Makes a family with one gauge, which is read from elsewhere.</summary>
    /// <exception cref="ArgumentException">The name is malformed or taken.</exception>
    public void Gauge(string name, string help, Func<double> read) => Gauge(name, help).Add().ComputeFrom(read);

    /// <summary>Makes a family of facts; each series has the value 1.</summary>
    /// <exception cref="ArgumentException">The name is malformed or taken.</exception>
    public MetricFamily<Gauge> Info(string name, string help, params IReadOnlyList<string> labels) => GaugeOf(name, MetricType.Info, help, labels);

    /// <summary>Makes a family of histograms of durations.</summary>
    /// <param name="name">Its name, ending in <c>_seconds</c>.</param>
    /// <param name="help">One sentence for people.</param>
    /// <param name="bounds">The buckets' upper bounds in seconds, ascending, without infinity.</param>
    /// <param name="labels">Its labels.</param>
    /// <exception cref="ArgumentException">The name is malformed or taken, or the bounds do not ascend.</exception>
    public MetricFamily<Histogram> Histogram(string name, string help, IReadOnlyList<double> bounds, params IReadOnlyList<string> labels)
    {
        if (!bounds.Zip(bounds.Skip(1)).All(pair => pair.First < pair.Second) || bounds.Any(b => !double.IsFinite(b)))
            throw new ArgumentException($"{name}: the bounds must ascend and be finite", nameof(bounds));
        var instrument = _meter.CreateHistogram(name, "s", help, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
        return Register(new MetricFamily<Histogram>(name, MetricType.Histogram, help, labels, cell => new Histogram(cell, bounds, instrument)));
    }

    /// <summary>Ends the meter; the families stay readable.</summary>
    public void Dispose() => _meter.Dispose();

    private MetricFamily<Counter> CounterOf(string name, string help, Func<double>? read, IReadOnlyList<string> labels)
    {
        var family = Register(new MetricFamily<Counter>(name, MetricType.Counter, help, labels, cell => new Counter(cell, read)));
        _meter.CreateObservableCounter(name, () => family.Cells.Cast<Counter>().Select(c => new Measurement<double>(c.Value, c.Tags)), UnitOf(family), help);
        return family;
    }

    private MetricFamily<Gauge> GaugeOf(string name, MetricType type, string help, IReadOnlyList<string> labels)
    {
        var family = Register(new MetricFamily<Gauge>(name, type, help, labels, cell => new Gauge(cell)));
        _meter.CreateObservableGauge(name, () => family.Cells.Cast<Gauge>().Select(c => new Measurement<double>(c.Value, c.Tags)), UnitOf(family), help);
        return family;
    }

    private MetricFamily<TCell> Register<TCell>(MetricFamily<TCell> family)
        where TCell : MetricCell
    {
        if (_families.Any(f => f.Name == family.Name))
            throw new ArgumentException($"there is a family {family.Name} already", nameof(family));
        _families.Add(family);
        return family;
    }

    private static string? UnitOf(MetricFamily family) => family.Unit switch { "seconds" => "s", "bytes" => "By", _ => null };
}
