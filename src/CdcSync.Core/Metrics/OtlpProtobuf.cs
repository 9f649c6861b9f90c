namespace CdcSync.Core.Metrics;

/// <summary>
/// Writes a registry as OpenTelemetry has it: an ExportMetricsServiceRequest of OTLP in its binary encoding (opentelemetry/proto/metrics/v1). What <see cref="OtlpMetrics"/> writes as JSON, field by field.
/// </summary>
public static class OtlpProtobuf
{
    private const int Cumulative = 2;

    /// <summary>Writes it.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="resource">What is measured: <c>service.name</c> and others.</param>
    /// <param name="version">The version of the binary.</param>
    /// <param name="begun">When counting began: the process's start.</param>
    /// <param name="now">Now.</param>
    public static byte[] Write(MetricRegistry registry, IReadOnlyDictionary<string, string> resource, string version, DateTimeOffset begun, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(resource);
        var at = new Instants(Nanoseconds(begun), Nanoseconds(now));
        var request = new ProtobufWriter();
        request.Message(1, resourceMetrics =>
        {
            resourceMetrics.Message(1, r => WriteAttributes(r, 1, resource));
            resourceMetrics.Message(2, scopeMetrics =>
            {
                scopeMetrics.Message(1, scope =>
                {
                    scope.Text(1, MetricRegistry.MeterName);
                    scope.Text(2, version);
                });
                foreach (var family in registry.Families)
                {
                    // A value that is not known is no point: OTLP has no other word for it.
                    var cells = family.Cells.Where(c => c is not Gauge gauge || !double.IsNaN(gauge.Value)).ToArray();
                    if (cells.Length > 0)
                        scopeMetrics.Message(2, metric => WriteFamily(metric, family, cells, at));
                }
            });
        });
        return request.ToArray();
    }

    private static void WriteFamily(ProtobufWriter metric, MetricFamily family, IReadOnlyList<MetricCell> cells, Instants at)
    {
        metric.Text(1, family.Name);
        metric.Text(2, family.Help);
        metric.Text(3, OtlpMetrics.UnitOf(family));
        metric.Message(family.Type switch { MetricType.Counter => 7, MetricType.Histogram => 9, _ => 5 }, data =>
        {
            foreach (var cell in cells)
                data.Message(1, point => WritePoint(point, cell, at));
            if (family.Type is MetricType.Counter or MetricType.Histogram)
                data.Number(2, Cumulative);
            if (family.Type is MetricType.Counter)
                data.Number(3, 1);
        });
    }

    private static void WritePoint(ProtobufWriter point, MetricCell cell, Instants at)
    {
        WriteAttributes(point, cell is Histogram ? 9 : 7, cell.Labels);
        if (cell is not Gauge)
            point.Fixed(2, at.Begun);
        point.Fixed(3, at.Now);
        switch (cell)
        {
            case Counter counter: point.Real(4, counter.Value); break;
            case Gauge gauge: point.Real(4, double.IsFinite(gauge.Value) ? gauge.Value : 0); break;
            case Histogram histogram: WriteHistogram(point, histogram.Read()); break;
        }
    }

    /// <summary>Here buckets are counted each for itself, and the last bound, infinity, is not written.</summary>
    private static void WriteHistogram(ProtobufWriter point, HistogramReading reading)
    {
        point.Fixed(4, (ulong)reading.Buckets[^1].Count);
        point.Real(5, reading.Sum);
        point.Packed(6, [.. reading.Buckets.Select((bucket, i) => (ulong)(bucket.Count - (i == 0 ? 0 : reading.Buckets[i - 1].Count)))]);
        point.Packed(7, [.. reading.Buckets.SkipLast(1).Select(bucket => BitConverter.DoubleToUInt64Bits(bucket.Bound))]);
    }

    private static void WriteAttributes(ProtobufWriter message, int field, IEnumerable<KeyValuePair<string, string>> attributes)
    {
        foreach (var (key, value) in attributes)
        {
            message.Message(field, attribute =>
            {
                attribute.Text(1, key);
                attribute.Message(2, any => any.Text(1, value));
            });
        }
    }

    private static ulong Nanoseconds(DateTimeOffset instant) => (ulong)(instant - DateTimeOffset.UnixEpoch).Ticks * 100;

    private readonly record struct Instants(ulong Begun, ulong Now);
}
