using System.Diagnostics.CodeAnalysis;

namespace CdcSync.Core.Metrics;

/// <summary>What a metric family measures, as the exposition formats name it.</summary>
public enum MetricType
{
    /// <summary>Only rises while the process lives; its name ends in <c>_total</c>.</summary>
    Counter,

    /// <summary>A value that rises and falls.</summary>
    Gauge,

    /// <summary>Observations counted into buckets; its unit is seconds.</summary>
    Histogram,

    /// <summary>Facts as labels, with the constant value 1; its name ends in <c>_info</c>.</summary>
    Info,
}

/// <summary>All series of one name. Names, labels and units are checked when it is made, so that no exposition can be wrong.</summary>
public abstract class MetricFamily
{
    private protected MetricFamily(string name, MetricType type, string help, IReadOnlyList<string> labelNames)
    {
        if (!IsName(name) || (type == MetricType.Counter) != name.EndsWith("_total", StringComparison.Ordinal) || (type == MetricType.Info) != name.EndsWith("_info", StringComparison.Ordinal))
            throw new ArgumentException($"'{name}' is not the name of a {type}", nameof(name));
        ArgumentException.ThrowIfNullOrWhiteSpace(help);
        foreach (var label in labelNames)
        {
            if (!IsName(label) || label.StartsWith("__", StringComparison.Ordinal) || label == "le")
                throw new ArgumentException($"'{label}' is not a label name", nameof(labelNames));
        }
        Name = name;
        Type = type;
        Help = help;
        LabelNames = labelNames;
    }

    /// <summary>The name, with the <c>_total</c> of a counter.</summary>
    public string Name { get; }

    /// <summary>What it measures.</summary>
    public MetricType Type { get; }

    /// <summary>One sentence for people.</summary>
    public string Help { get; }

    /// <summary>The labels each of its series has, in order.</summary>
    public IReadOnlyList<string> LabelNames { get; }

    /// <summary>The base unit its name ends in (before <c>_total</c>): <c>seconds</c> or <c>bytes</c>; null = a count, a ratio or a state.</summary>
    public string? Unit
    {
        get
        {
            var stem = Type == MetricType.Counter ? Name[..^"_total".Length] : Name;
            return stem.EndsWith("_seconds", StringComparison.Ordinal) ? "seconds" : stem.EndsWith("_bytes", StringComparison.Ordinal) ? "bytes" : null;
        }
    }

    /// <summary>Its series, in the order in which they were added.</summary>
    internal abstract IReadOnlyList<MetricCell> Cells { get; }

    private static bool IsName([NotNullWhen(true)] string? name) =>
        !string.IsNullOrEmpty(name) && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}

/// <summary>All series of one name, with cells of one kind.</summary>
/// <typeparam name="TCell">The kind of cell: <see cref="Counter"/>, <see cref="Gauge"/> or <see cref="Histogram"/>.</typeparam>
public sealed class MetricFamily<TCell> : MetricFamily
    where TCell : MetricCell
{
    private readonly Func<IReadOnlyList<KeyValuePair<string, string>>, TCell> _create;
    private readonly Lock _access = new();
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly List<TCell> _cells = [];

    internal MetricFamily(string name, MetricType type, string help, IReadOnlyList<string> labelNames, Func<IReadOnlyList<KeyValuePair<string, string>>, TCell> create)
        : base(name, type, help, labelNames) => _create = create;

    internal override IReadOnlyList<MetricCell> Cells
    {
        get
        {
            lock (_access)
                return [.. _cells];
        }
    }

    /// <summary>Adds a series; it is exported from now on, with the value 0.</summary>
    /// <param name="labelValues">One value per label, in order.</param>
    /// <returns>The series' cell, to be kept by who writes it.</returns>
    /// <exception cref="ArgumentException">The number of values is wrong, or the series is there already.</exception>
    public TCell Add(params IReadOnlyList<string> labelValues)
    {
        if (labelValues.Count != LabelNames.Count)
            throw new ArgumentException($"{Name} has {LabelNames.Count} labels, {labelValues.Count} values were given", nameof(labelValues));
        lock (_access)
        {
            if (!_taken.Add(string.Join('\0', labelValues)))
                throw new ArgumentException($"{Name} has the series {string.Join(", ", labelValues)} already", nameof(labelValues));
            var cell = _create([.. LabelNames.Zip(labelValues, KeyValuePair.Create)]);
            _cells.Add(cell);
            return cell;
        }
    }
}
