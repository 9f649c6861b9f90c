using System.Globalization;

namespace CdcSync.Core.Metrics;

/// <summary>The text formats in which metrics are handed out.</summary>
public enum ExpositionFormat
{
    /// <summary>The Prometheus text format 0.0.4.</summary>
    PrometheusText,

    /// <summary>OpenMetrics 1.0.</summary>
    OpenMetrics,
}

/// <summary>Writes a registry as text. Both formats: UTF-8, line feeds only, a family's lines together, its HELP and TYPE first, invariant numbers.</summary>
/// <remarks>
/// <see href="https://prometheus.io/docs/instrumenting/exposition_formats/"/>, <see href="https://prometheus.io/docs/specs/om/open_metrics_spec/"/>.
/// Bucket bounds are written as OpenMetrics demands (<c>1.0</c>) in both, so that a series does not change its name with the format asked for.
/// </remarks>
public static class Exposition
{
    /// <summary>The content type of a format.</summary>
    public static string ContentType(ExpositionFormat format) => format == ExpositionFormat.OpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes all families of a registry.</summary>
    public static string Write(MetricRegistry registry, ExpositionFormat format)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        foreach (var family in registry.Families)
            WriteFamily(text, family, format);
        if (format == ExpositionFormat.OpenMetrics)
            text.WriteLine("# EOF");
        return text.ToString();
    }

    private static void WriteFamily(StringWriter text, MetricFamily family, ExpositionFormat format)
    {
        var open = format == ExpositionFormat.OpenMetrics;
        // OpenMetrics names a family without the suffix of its samples.
        var name = open && family.Type == MetricType.Counter ? family.Name[..^"_total".Length] : open && family.Type == MetricType.Info ? family.Name[..^"_info".Length] : family.Name;
        text.WriteLine($"# HELP {name} {EscapeHelp(family.Help, open)}");
        text.WriteLine($"# TYPE {name} {TypeOf(family.Type, open)}");
        if (open && family.Unit is { } unit)
            text.WriteLine($"# UNIT {name} {unit}");
        foreach (var cell in family.Cells)
        {
            switch (cell)
            {
                case Counter counter: WriteSample(text, family.Name, cell, null, Number(counter.Value)); break;
                case Gauge gauge: WriteSample(text, family.Name, cell, null, Number(gauge.Value)); break;
                case Histogram histogram: WriteHistogram(text, family.Name, histogram); break;
            }
        }
    }

    private static void WriteHistogram(StringWriter text, string name, Histogram histogram)
    {
        var reading = histogram.Read();
        foreach (var (bound, count) in reading.Buckets)
            WriteSample(text, name + "_bucket", histogram, Bound(bound), Number(count));
        WriteSample(text, name + "_sum", histogram, null, Number(reading.Sum));
        WriteSample(text, name + "_count", histogram, null, Number(reading.Buckets[^1].Count));
    }

    private static void WriteSample(StringWriter text, string name, MetricCell cell, string? bound, string value)
    {
        text.Write(name);
        var separator = '{';
        foreach (var (label, labelValue) in cell.Labels)
        {
            text.Write($"{separator}{label}=\"{EscapeLabel(labelValue)}\"");
            separator = ',';
        }
        if (bound is not null)
        {
            text.Write($"{separator}le=\"{bound}\"");
            separator = ',';
        }
        text.WriteLine(separator == ',' ? $"}} {value}" : $" {value}");
    }

    private static string TypeOf(MetricType type, bool open) => type switch
    {
        MetricType.Counter => "counter",
        MetricType.Histogram => "histogram",
        MetricType.Info when open => "info",
        _ => "gauge",
    };

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string Bound(double value)
    {
        var text = Number(value);
        return double.IsFinite(value) && !text.Contains('.') && !text.Contains('E') ? text + ".0" : text;
    }

    private static string EscapeLabel(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string EscapeHelp(string value, bool open)
    {
        var escaped = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return open ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}
