using CdcSync.Core.Datasets;

namespace CdcSync.Core.Metrics;

/// <summary>The series of one source: how it is reached, and what reading costs it.</summary>
internal sealed record SourceMetrics(Gauge Connected, Gauge ClockOffset, Gauge RetainedBytes, Gauge ReadTransaction, Gauge OldestWriter, Gauge Connections, Gauge ConnectionLimit, Gauge ConnectionWaits)
{
    private static readonly string[] Labels = ["pipeline", "source"];

    /// <summary>Makes the families, and the series of each source that is read from.</summary>
    public static IReadOnlyDictionary<string, SourceMetrics> Of(MetricRegistry registry, Pipeline pipeline, MetricFamily<Gauge> connected)
    {
        var offset = registry.Gauge("cdcsync_source_clock_offset_seconds", "The source's clock minus the worker's, at the last poll.", Labels);
        var retained = registry.Gauge("cdcsync_source_retained_bytes", "What the source keeps because the pipeline has not acknowledged it (a slot's log); 0 where it keeps changes by age.", Labels);
        var open = registry.Gauge("cdcsync_source_read_transaction_seconds", "How long the last read transaction on the source was open.", Labels);
        var writer = registry.Gauge("cdcsync_source_oldest_writer_seconds", "The age, at the last poll, of the oldest transaction that held back what marks could see; 0 = none, or not to be known.", Labels);
        var used = registry.Gauge("cdcsync_source_connections", "Connections to the source that those who hold any may have open.", Labels);
        var limit = registry.Gauge("cdcsync_source_connections_limit", "Connections to the source that this worker opens at the most; 0 = no limit.", Labels);
        var waits = registry.Gauge("cdcsync_source_connections_waiting", "Readings that wait for a connection to the source.", Labels);
        return pipeline.Datasets.Select(d => d.SourceName).Distinct(StringComparer.Ordinal).ToDictionary(name => name, name =>
        {
            string[] labels = [pipeline.Name, name];
            return new SourceMetrics(connected.Add(pipeline.Name, "source", name), offset.Add(labels), retained.Add(labels), open.Add(labels), writer.Add(labels), used.Add(labels), limit.Add(labels), waits.Add(labels));
        }, StringComparer.Ordinal);
    }
}
