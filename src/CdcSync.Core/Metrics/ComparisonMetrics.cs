using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Core.Metrics;

/// <summary>What comparisons of source and warehouse found and mended.</summary>
internal sealed record ComparisonMetrics
{
    public required IReadOnlyDictionary<Difference, Gauge> Drift { get; init; }

    public required IReadOnlyDictionary<Difference, Counter> Repaired { get; init; }

    public required Gauge RowCountVariance { get; init; }

    public required Gauge LastSuccess { get; init; }

    /// <summary>By the name of a control total.</summary>
    public required IReadOnlyDictionary<string, Gauge> DriftGroups { get; init; }

    /// <summary>Makes the families.</summary>
    /// <returns>Makes the series of a dataset.</returns>
    public static Func<Dataset, ComparisonMetrics> In(MetricRegistry registry, Pipeline pipeline)
    {
        var drift = registry.Gauge("cdcsync_reconcile_drift_rows", "Rows that differ, as the last comparison left them.", [.. Labelled.ByDataset, "kind"]);
        var repaired = registry.Counter("cdcsync_reconcile_repaired_rows_total", "Rows that comparisons mended.", [.. Labelled.ByDataset, "kind"]);
        var variance = registry.Gauge("cdcsync_row_count_variance_ratio", "The warehouse's rows minus the source's, as a share of the greater number, as the last comparison counted them; NaN = not compared yet.", Labelled.ByDataset);
        var compared = registry.Gauge("cdcsync_reconcile_last_success_timestamp_seconds", "When source and target were last compared to the end; 0 = never.", Labelled.ByDataset);
        var totals = registry.Gauge("cdcsync_reconcile_drift_groups", "Groups of a control total that differ, as the last comparison that could tell left them.", [.. Labelled.ByDataset, "total"]);
        var interval = registry.Gauge("cdcsync_reconcile_interval_seconds", "The time between two comparisons; 0 = none are scheduled.", Labelled.ByDataset);
        return dataset =>
        {
            string[] labels = [pipeline.Name, dataset.Id.Value];
            interval.Add(labels).Set(dataset.Reconcile?.Every.TotalSeconds ?? 0);
            var cells = new ComparisonMetrics
            {
                Drift = drift.PerValue<Difference, Gauge>(labels),
                Repaired = repaired.PerValue<Difference, Counter>(labels),
                RowCountVariance = variance.Add(labels),
                LastSuccess = compared.Add(labels),
                DriftGroups = dataset.Totals.ToDictionary(t => t.Name, t => totals.Add([.. labels, t.Name]), StringComparer.Ordinal),
            };
            cells.RowCountVariance.Set(double.NaN);
            return cells;
        };
    }
}
