using CdcSync.Core.Datasets;

namespace CdcSync.Core.Metrics;

/// <summary>How up to date a dataset is, when it is polled, and how long its source keeps what is not read yet.</summary>
internal sealed record FreshnessMetrics(Gauge Watermark, Gauge Retention, Gauge LastPollSuccess, Gauge NextRun, Gauge Paused)
{
    /// <summary>Makes the families.</summary>
    /// <returns>Makes the series of a dataset.</returns>
    public static Func<Dataset, FreshnessMetrics> In(MetricRegistry registry, Pipeline pipeline, TimeProvider time)
    {
        var watermark = registry.Gauge("cdcsync_watermark_timestamp_seconds", "The warehouse is complete up to this instant, by the worker's clock; 0 = not known.", Labelled.ByDataset);
        var target = registry.Gauge("cdcsync_freshness_target_seconds", "How old the warehouse may be, by the contract; 0 = none promised.", Labelled.ByDataset);
        var lag = registry.Gauge("cdcsync_lag_seconds", "Now minus the watermark; NaN while that is not known.", Labelled.ByDataset);
        var retention = registry.Gauge("cdcsync_source_retention_seconds", "How long the source keeps changes, where it keeps them by age; 0 = it does not, or not known.", Labelled.ByDataset);
        var headroom = registry.Gauge("cdcsync_source_retention_headroom_seconds", "How long until the source no longer has the changes after the watermark; NaN while that is not known.", Labelled.ByDataset);
        var ratio = registry.Gauge("cdcsync_source_retention_headroom_ratio", "The headroom as a share of the retention; NaN while that is not known.", Labelled.ByDataset);
        var polled = registry.Gauge("cdcsync_last_poll_success_timestamp_seconds", "When the source was last read without error; 0 = never.", Labelled.ByDataset);
        var interval = registry.Gauge("cdcsync_poll_interval_seconds", "The time between two polls; the longest, where they are not evenly spaced.", Labelled.ByDataset);
        var next = registry.Gauge("cdcsync_next_run_timestamp_seconds", "When the dataset is polled next by its schedule; past while it is overdue; 0 = when another dataset has published.", Labelled.ByDataset);
        var blackout = registry.Gauge("cdcsync_dataset_blackout", "1 while the dataset's source must not be read.", Labelled.ByDataset);
        var paused = registry.Gauge("cdcsync_dataset_paused", "1 while the dataset is paused by a person.", Labelled.ByDataset);
        var frequency = registry.Gauge("cdcsync_frequency_target_seconds", "How long the warehouse may go without an update, by the contract; 0 = nothing promised.", Labelled.ByDataset);
        return dataset =>
        {
            string[] labels = [pipeline.Name, dataset.Id.Value];
            var cells = new FreshnessMetrics(watermark.Add(labels), retention.Add(labels), polled.Add(labels), next.Add(labels), paused.Add(labels));
            target.Add(labels).Set(dataset.FreshnessTarget?.TotalSeconds ?? 0);
            frequency.Add(labels).Set(dataset.FrequencyTarget?.TotalSeconds ?? 0);
            interval.Add(labels).Set(dataset.Interval.TotalSeconds);
            blackout.Add(labels).ComputeFrom(() => pipeline.Blackouts.TryGetValue(dataset.SourceName, out var hours) && hours.Covers(time.GetUtcNow()) ? 1 : 0);
            lag.Add(labels).ComputeFrom(() => cells.Lag(time));
            headroom.Add(labels).ComputeFrom(() => cells.Headroom(time));
            ratio.Add(labels).ComputeFrom(() => Math.Round(cells.Headroom(time) / cells.Retention.Value, 6));
            return cells;
        };
    }

    private double Lag(TimeProvider time) => Watermark.Value > 0 ? Math.Max(0, Math.Round((time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0) - Watermark.Value, 3)) : double.NaN;

    // A hung worker's headroom falls with each scrape: it is no value of the last poll.
    private double Headroom(TimeProvider time) => Retention.Value > 0 ? Math.Max(0, Math.Round(Retention.Value - Lag(time), 3)) : double.NaN;
}
