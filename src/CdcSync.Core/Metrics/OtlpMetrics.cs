using System.Globalization;
using System.Text.Json;

namespace CdcSync.Core.Metrics;

/// <summary>Writes a registry as OpenTelemetry has it: an ExportMetricsServiceRequest of OTLP in its JSON encoding. The same names, labels and values as the exposition; temporality is cumulative.</summary>
public static class OtlpMetrics
{
    private const int Cumulative = 2;

    /// <summary>Writes it, as UTF-8.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="resource">What is measured: <c>service.name</c> and others.</param>
    /// <param name="version">The version of the binary.</param>
    /// <param name="begun">When counting began: the process's start.</param>
    /// <param name="now">Now.</param>
    public static byte[] Write(MetricRegistry registry, IReadOnlyDictionary<string, string> resource, string version, DateTimeOffset begun, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(resource);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("resourceMetrics");
            json.WriteStartObject();
            json.WriteStartObject("resource");
            WriteAttributes(json, resource);
            json.WriteEndObject();
            json.WriteStartArray("scopeMetrics");
            json.WriteStartObject();
            json.WriteStartObject("scope");
            json.WriteString("name", MetricRegistry.MeterName);
            json.WriteString("version", version);
            json.WriteEndObject();
            json.WriteStartArray("metrics");
            foreach (var family in registry.Families)
                WriteFamily(json, family, new Instants(Nanoseconds(begun), Nanoseconds(now)));
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>A unit as UCUM has it.</summary>
    internal static string UnitOf(MetricFamily family) => family.Unit switch { "seconds" => "s", "bytes" => "By", _ => "1" };

    private static void WriteFamily(Utf8JsonWriter json, MetricFamily family, Instants at)
    {
        // A value that is not known is no point: OTLP has no other word for it.
        var cells = family.Cells.Where(c => c is not Gauge gauge || !double.IsNaN(gauge.Value)).ToArray();
        if (cells.Length == 0)
            return;
        json.WriteStartObject();
        json.WriteString("name", family.Name);
        json.WriteString("description", family.Help);
        json.WriteString("unit", UnitOf(family));
        json.WriteStartObject(family.Type switch { MetricType.Counter => "sum", MetricType.Histogram => "histogram", _ => "gauge" });
        if (family.Type is MetricType.Counter or MetricType.Histogram)
            json.WriteNumber("aggregationTemporality", Cumulative);
        if (family.Type is MetricType.Counter)
            json.WriteBoolean("isMonotonic", true);
        json.WriteStartArray("dataPoints");
        foreach (var cell in cells)
            WritePoint(json, cell, at);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePoint(Utf8JsonWriter json, MetricCell cell, Instants at)
    {
        json.WriteStartObject();
        WriteAttributes(json, cell.Labels);
        if (cell is not Gauge)
            json.WriteString("startTimeUnixNano", at.Begun);
        json.WriteString("timeUnixNano", at.Now);
        switch (cell)
        {
            case Counter counter: json.WriteNumber("asDouble", counter.Value); break;
            case Gauge gauge: json.WriteNumber("asDouble", double.IsFinite(gauge.Value) ? gauge.Value : 0); break;
            case Histogram histogram: WriteHistogram(json, histogram.Read()); break;
        }

        json.WriteEndObject();
    }

    /// <summary>Here buckets are counted each for itself, and the last bound, infinity, is not written.</summary>
    private static void WriteHistogram(Utf8JsonWriter json, HistogramReading reading)
    {
        json.WriteString("count", Whole(reading.Buckets[^1].Count));
        json.WriteNumber("sum", reading.Sum);
        json.WriteStartArray("bucketCounts");
        var before = 0L;
        foreach (var (_, count) in reading.Buckets)
        {
            json.WriteStringValue(Whole(count - before));
            before = count;
        }

        json.WriteEndArray();
        json.WriteStartArray("explicitBounds");
        foreach (var (bound, _) in reading.Buckets.SkipLast(1))
            json.WriteNumberValue(bound);
        json.WriteEndArray();
    }

    private static void WriteAttributes(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, string>> attributes)
    {
        json.WriteStartArray("attributes");
        foreach (var (key, value) in attributes)
        {
            json.WriteStartObject();
            json.WriteString("key", key);
            json.WriteStartObject("value");
            json.WriteString("stringValue", value);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // 64-bit numbers are texts in this encoding.
    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Nanoseconds(DateTimeOffset instant) => Whole((instant - DateTimeOffset.UnixEpoch).Ticks * 100);

    private readonly record struct Instants(string Begun, string Now);
}
