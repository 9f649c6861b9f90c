using CdcSync.Core.Datasets;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Metrics;

/// <summary>What happened to a row of the target.</summary>
internal enum RowOperation
{
    Insert,
    Update,
    Delete,
    Erase,
}

/// <summary>What became of a dataset's batches, and where their time went.</summary>
internal sealed record BatchMetrics
{
    private static readonly double[] StageBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
    private static readonly double[] LatencyBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

    public required IReadOnlyDictionary<DatasetPhase, Gauge> State { get; init; }

    public required Gauge LastCommit { get; init; }

    public required Counter Committed { get; init; }

    /// <summary>Later than the contract's latency.</summary>
    public required Counter Late { get; init; }

    /// <summary>By error code.</summary>
    public required IReadOnlyDictionary<string, Counter> Failed { get; init; }

    public required IReadOnlyDictionary<RowOperation, Counter> Rows { get; init; }

    public required Counter ReadBytes { get; init; }

    public required IReadOnlyDictionary<ResyncCause, Counter> Resyncs { get; init; }

    /// <summary>By the name of a stage.</summary>
    public required IReadOnlyDictionary<string, Histogram> StageDuration { get; init; }

    public required Histogram Latency { get; init; }

    /// <summary>Makes the families.</summary>
    /// <returns>Makes the series of a dataset.</returns>
    public static Func<Dataset, BatchMetrics> In(MetricRegistry registry, Pipeline pipeline)
    {
        var state = registry.Gauge("cdcsync_dataset_state", "1 for the state the dataset is in.", [.. Labelled.ByDataset, "state"]);
        var last = registry.Gauge("cdcsync_last_commit_timestamp_seconds", "When a batch was last committed; 0 = never.", Labelled.ByDataset);
        var committed = registry.Counter("cdcsync_batches_total", "Batches committed.", Labelled.ByDataset);
        var late = registry.Counter("cdcsync_batches_late_total", "Batches whose newest commit took longer than the contract's latency until it was visible; where the source tells commits.", Labelled.ByDataset);
        var failed = registry.Counter("cdcsync_batches_failed_total", "Attempts at a batch that failed, by error code.", [.. Labelled.ByDataset, "reason"]);
        var rows = registry.Counter("cdcsync_rows_total", "Rows changed in the warehouse.", [.. Labelled.ByDataset, "op"]);
        var read = registry.Counter("cdcsync_read_bytes_total", "Bytes of column data read from the source.", Labelled.ByDataset);
        var resyncs = registry.Counter("cdcsync_resyncs_total", "Datasets loaded anew, by cause.", [.. Labelled.ByDataset, "cause"]);
        var duration = registry.Histogram("cdcsync_batch_stage_duration_seconds", "The time a batch spent per stage.", StageBounds, [.. Labelled.ByDataset, "stage"]);
        var latency = registry.Histogram("cdcsync_end_to_end_latency_seconds", "From a batch's newest commit in the source until it was visible.", LatencyBounds, Labelled.ByDataset);
        return dataset =>
        {
            string[] labels = [pipeline.Name, dataset.Id.Value];
            return new BatchMetrics
            {
                State = state.PerValue<DatasetPhase, Gauge>(labels),
                LastCommit = last.Add(labels),
                Committed = committed.Add(labels),
                Late = late.Add(labels),
                Failed = failed.PerValue(labels, SyncMetrics.FailureReasons),
                Rows = rows.PerValue<RowOperation, Counter>(labels),
                ReadBytes = read.Add(labels),
                Resyncs = resyncs.PerValue<ResyncCause, Counter>(labels),
                StageDuration = duration.PerValue(labels, SyncMetrics.Stages),
                Latency = latency.Add(labels),
            };
        };
    }
}
