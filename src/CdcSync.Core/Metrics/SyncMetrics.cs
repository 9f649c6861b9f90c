using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources.Pacing;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Metrics;

/// <summary>Every instrument there is, and the series of one pipeline. All series exist from the start; an instant that is not known yet is 0.</summary>
public sealed class SyncMetrics : IDisposable
{
    /// <summary>The stages of a batch, as the label <c>stage</c> names them.</summary>
    public static IReadOnlyList<string> Stages { get; } = ["read", "land", "stage", "publish"];

    /// <summary>What a batch can fail with, as the label <c>reason</c> names it: every error code but those of configuration.</summary>
    public static IReadOnlyList<string> FailureReasons { get; } = [.. ErrorCodes.All.Select(c => c.Id).Where(id => !id.StartsWith("CDC1", StringComparison.Ordinal))];

    /// <summary>What a gate can warn of, as the label <c>reason</c> names it.</summary>
    public static IReadOnlyList<string> WarningReasons { get; } = [ErrorCodes.VolumeGate.Id];

    private static readonly double[] StageBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
    private static readonly double[] LatencyBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
    private static readonly string[] PipelineLabels = ["pipeline"];
    private static readonly string[] DatasetLabels = ["pipeline", "dataset"];

    private readonly Dictionary<DatasetId, DatasetMetrics> _datasets;

    /// <summary>Makes the instruments, and the series of a pipeline.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="version">The version of the binary.</param>
    /// <param name="time">The daemon's clock, by which lag is computed.</param>
    public SyncMetrics(Pipeline pipeline, string version, TimeProvider time)
    {
        Time = time;
        Registry.Info("cdcsync_build_info", "The running binary.", "version", "runtime").Add(version, Environment.Version.ToString()).Set(true);

        PipelineState = PerValue(Registry.Gauge("cdcsync_pipeline_state", "1 for the state the worker is in.", [.. PipelineLabels, "state"]), [pipeline.Name], Enum.GetValues<WorkerState>(), Name);
        SetState(WorkerState.Starting);
        LeaseHeld = Registry.Gauge("cdcsync_lease_held", "1 while this worker holds the pipeline's lease.", PipelineLabels).Add(pipeline.Name);
        var connected = Registry.Gauge("cdcsync_connected", "1 if the last use of the system succeeded.", [.. PipelineLabels, "side", "name"]);
        var offset = Registry.Gauge("cdcsync_source_clock_offset_seconds", "The source's clock minus the worker's, at the last poll.", [.. PipelineLabels, "source"]);
        var retained = Registry.Gauge("cdcsync_source_retained_bytes", "What the source keeps because the pipeline has not acknowledged it (a slot's log); 0 where it keeps changes by age.", [.. PipelineLabels, "source"]);
        var open = Registry.Gauge("cdcsync_source_read_transaction_seconds", "How long the last read transaction on the source was open.", [.. PipelineLabels, "source"]);
        var writer = Registry.Gauge("cdcsync_source_oldest_writer_seconds", "The age, at the last poll, of the oldest transaction that held back what marks could see; 0 = none, or not to be known.", [.. PipelineLabels, "source"]);
        var used = Registry.Gauge("cdcsync_source_connections", "Connections to the source that those who hold any may have open.", [.. PipelineLabels, "source"]);
        var limit = Registry.Gauge("cdcsync_source_connections_limit", "Connections to the source that this worker opens at the most; 0 = no limit.", [.. PipelineLabels, "source"]);
        var waits = Registry.Gauge("cdcsync_source_connections_waiting", "Readings that wait for a connection to the source.", [.. PipelineLabels, "source"]);
        Sources = pipeline.Datasets.Select(d => d.SourceName).Distinct(StringComparer.Ordinal)
            .ToDictionary(name => name, name => new SourceMetrics(connected.Add(pipeline.Name, "source", name), offset.Add(pipeline.Name, name), retained.Add(pipeline.Name, name), open.Add(pipeline.Name, name), writer.Add(pipeline.Name, name),
                used.Add(pipeline.Name, name), limit.Add(pipeline.Name, name), waits.Add(pipeline.Name, name)), StringComparer.Ordinal);
        WarehouseConnected = connected.Add(pipeline.Name, "warehouse", "warehouse");
        Retries = PerValue(Registry.Counter("cdcsync_retries_total", "Attempts that failed and are made again.", [.. PipelineLabels, "side"]), [pipeline.Name], Enum.GetValues<FaultSide>(), Name);
        LandingBytes = Registry.Gauge("cdcsync_landing_bytes", "The size of the landing folder.", PipelineLabels).Add(pipeline.Name);
        LandingLimit = Registry.Gauge("cdcsync_landing_limit_bytes", "The size the landing folder is kept under; 0 = none.", PipelineLabels).Add(pipeline.Name);

        var watermark = Registry.Gauge("cdcsync_watermark_timestamp_seconds", "The warehouse is complete up to this instant, by the worker's clock; 0 = not known.", DatasetLabels);
        var target = Registry.Gauge("cdcsync_freshness_target_seconds", "How old the warehouse may be, by the contract; 0 = none promised.", DatasetLabels);
        var lag = Registry.Gauge("cdcsync_lag_seconds", "Now minus the watermark; NaN while that is not known.", DatasetLabels);
        var retention = Registry.Gauge("cdcsync_source_retention_seconds", "How long the source keeps changes, where it keeps them by age; 0 = it does not, or not known.", DatasetLabels);
        var headroom = Registry.Gauge("cdcsync_source_retention_headroom_seconds", "How long until the source no longer has the changes after the watermark; NaN while that is not known.", DatasetLabels);
        var ratio = Registry.Gauge("cdcsync_source_retention_headroom_ratio", "The headroom as a share of the retention; NaN while that is not known.", DatasetLabels);
        var polled = Registry.Gauge("cdcsync_last_poll_success_timestamp_seconds", "When the source was last read without error; 0 = never.", DatasetLabels);
        var interval = Registry.Gauge("cdcsync_poll_interval_seconds", "The time between two polls; the longest, where they are not evenly spaced.", DatasetLabels);
        var next = Registry.Gauge("cdcsync_next_run_timestamp_seconds", "When the dataset is polled next by its schedule; past while it is overdue; 0 = when another dataset has published.", DatasetLabels);
        var blackout = Registry.Gauge("cdcsync_dataset_blackout", "1 while the dataset's source must not be read.", DatasetLabels);
        var committed = Registry.Gauge("cdcsync_last_commit_timestamp_seconds", "When a batch was last committed; 0 = never.", DatasetLabels);
        var state = Registry.Gauge("cdcsync_dataset_state", "1 for the state the dataset is in.", [.. DatasetLabels, "state"]);
        var batches = Registry.Counter("cdcsync_batches_total", "Batches committed.", DatasetLabels);
        var failed = Registry.Counter("cdcsync_batches_failed_total", "Attempts at a batch that failed, by error code.", [.. DatasetLabels, "reason"]);
        var rows = Registry.Counter("cdcsync_rows_total", "Rows changed in the warehouse.", [.. DatasetLabels, "op"]);
        var read = Registry.Counter("cdcsync_read_bytes_total", "Bytes of column data read from the source.", DatasetLabels);
        var quarantined = Registry.Counter("cdcsync_rows_quarantined_total", "Rows kept out of the target.", DatasetLabels);
        var paused = Registry.Gauge("cdcsync_dataset_paused", "1 while the dataset is paused by a person.", DatasetLabels);
        var quarantine = Registry.Gauge("cdcsync_quarantine_rows", "Rows in quarantine.", DatasetLabels);
        var resyncs = Registry.Counter("cdcsync_resyncs_total", "Datasets loaded anew, by cause.", [.. DatasetLabels, "cause"]);
        var schemas = Registry.Counter("cdcsync_schema_changes_total", "Changes of the source's columns, by kind.", [.. DatasetLabels, "kind"]);
        var warnings = Registry.Counter("cdcsync_gate_warnings_total", "Batches that a gate found unusual and let through, by what it would have blocked them with.", [.. DatasetLabels, "reason"]);
        var drift = Registry.Gauge("cdcsync_reconcile_drift_rows", "Rows that differ, as the last comparison left them.", [.. DatasetLabels, "kind"]);
        var repaired = Registry.Counter("cdcsync_reconcile_repaired_rows_total", "Rows that comparisons mended.", [.. DatasetLabels, "kind"]);
        var compared = Registry.Gauge("cdcsync_reconcile_last_success_timestamp_seconds", "When source and target were last compared to the end; 0 = never.", DatasetLabels);
        var totals = Registry.Gauge("cdcsync_reconcile_drift_groups", "Groups of a control total that differ, as the last comparison that could tell left them.", [.. DatasetLabels, "total"]);
        var comparisons = Registry.Gauge("cdcsync_reconcile_interval_seconds", "The time between two comparisons; 0 = none are scheduled.", DatasetLabels);
        var broken = Registry.Gauge("cdcsync_contract_check_failed", "1 if a check of the contract does not hold, or can't be measured.", [.. DatasetLabels, "check", "severity"]);
        var checkedAt = Registry.Gauge("cdcsync_contract_check_timestamp_seconds", "When a check of the contract was last measured; 0 = never.", [.. DatasetLabels, "check"]);
        var cut = Registry.Gauge("cdcsync_deadline_cut_timestamp_seconds", "The instant up to which the warehouse is to be complete, by the newest deadline of the contract that has come.", [.. DatasetLabels, "check", "severity"]);
        var frequency = Registry.Gauge("cdcsync_frequency_target_seconds", "How long the warehouse may go without an update, by the contract; 0 = nothing promised.", DatasetLabels);
        var late = Registry.Counter("cdcsync_batches_late_total", "Batches whose newest commit took longer than the contract's latency until it was visible; where the source tells commits.", DatasetLabels);
        var duration = Registry.Histogram("cdcsync_batch_stage_duration_seconds", "The time a batch spent per stage.", StageBounds, [.. DatasetLabels, "stage"]);
        var latency = Registry.Histogram("cdcsync_end_to_end_latency_seconds", "From a batch's newest commit in the source until it was visible.", LatencyBounds, DatasetLabels);

        _datasets = pipeline.Datasets.ToDictionary(d => d.Id, dataset =>
        {
            string[] labels = [pipeline.Name, dataset.Id.Value];
            var cells = new DatasetMetrics
            {
                Watermark = watermark.Add(labels),
                Retention = retention.Add(labels),
                LastPollSuccess = polled.Add(labels),
                NextRun = next.Add(labels),
                LastCommit = committed.Add(labels),
                State = PerValue(state, labels, Enum.GetValues<DatasetPhase>(), Name),
                Batches = batches.Add(labels),
                LateBatches = late.Add(labels),
                Failed = PerValue(failed, labels, FailureReasons, reason => reason),
                Rows = PerValue(rows, labels, Enum.GetValues<RowOperation>(), Name),
                ReadBytes = read.Add(labels),
                RowsQuarantined = quarantined.Add(labels),
                Paused = paused.Add(labels),
                QuarantineRows = quarantine.Add(labels),
                Resyncs = PerValue(resyncs, labels, Enum.GetValues<ResyncCause>(), Name),
                SchemaChanges = PerValue(schemas, labels, Enum.GetValues<SchemaChangeKind>(), Name),
                GateWarnings = PerValue(warnings, labels, WarningReasons, reason => reason),
                Drift = PerValue(drift, labels, Enum.GetValues<Difference>(), Name),
                Repaired = PerValue(repaired, labels, Enum.GetValues<Difference>(), Name),
                LastReconciled = compared.Add(labels),
                DriftGroups = dataset.Totals.ToDictionary(t => t.Name, t => totals.Add([.. labels, t.Name]), StringComparer.Ordinal),
                Checks = dataset.Checks.Where(c => c.Occasion != CheckOccasion.Demand)
                    .ToDictionary(c => c.Id, c => new CheckMetrics(broken.Add([.. labels, c.Id, Name(c.Severity)]), checkedAt.Add([.. labels, c.Id])), StringComparer.Ordinal),
                StageDuration = PerValue(duration, labels, Stages, stage => stage),
                Latency = latency.Add(labels),
            };
            target.Add(labels).Set(dataset.FreshnessTarget?.TotalSeconds ?? 0);
            frequency.Add(labels).Set(dataset.FrequencyTarget?.TotalSeconds ?? 0);
            foreach (var check in dataset.Checks)
                if (check.Measure is DeadlineMeasure measure) cut.Add([.. labels, check.Id, Name(check.Severity)]).ComputeFrom(() => measure.Deadline.NewestAt(Time.GetUtcNow()).Cut.ToUnixTimeSeconds());
            interval.Add(labels).Set(dataset.Interval.TotalSeconds);
            blackout.Add(labels).ComputeFrom(() => pipeline.Blackouts.TryGetValue(dataset.SourceName, out var hours) && hours.Covers(Time.GetUtcNow()) ? 1 : 0);
            comparisons.Add(labels).Set(dataset.Reconcile?.Every.TotalSeconds ?? 0);
            lag.Add(labels).ComputeFrom(() => Lag(cells.Watermark.Value));
            headroom.Add(labels).ComputeFrom(() => Headroom(cells));
            ratio.Add(labels).ComputeFrom(() => Math.Round(Headroom(cells) / cells.Retention.Value, 6));
            return cells;
        });
        ProcessMetrics.AddTo(Registry);
    }

    /// <summary>All families, to be written by <see cref="Exposition"/>.</summary>
    public MetricRegistry Registry { get; } = new();

    /// <summary>The worker's state; one is 1.</summary>
    internal IReadOnlyDictionary<WorkerState, Gauge> PipelineState { get; }

    internal Gauge LeaseHeld { get; }

    internal IReadOnlyDictionary<string, SourceMetrics> Sources { get; }

    internal Gauge WarehouseConnected { get; }

    internal IReadOnlyDictionary<FaultSide, Counter> Retries { get; }

    /// <summary>The size of the landing folder; to be computed from whoever knows it.</summary>
    public Gauge LandingBytes { get; }

    /// <summary>The size the landing folder is kept under.</summary>
    public Gauge LandingLimit { get; }

    /// <summary>The state the worker is in.</summary>
    public WorkerState State { get; private set; }

    /// <summary>True if the last use of the warehouse succeeded.</summary>
    public bool IsWarehouseConnected => WarehouseConnected.Value > 0;

    /// <summary>True if the last use of at least one source succeeded.</summary>
    public bool IsAnySourceConnected => Sources.Values.Any(s => s.Connected.Value > 0);

    /// <summary>Shows the connections to a source.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="connections">Its connections.</param>
    public void Show(string source, ConnectionBudget connections)
    {
        ArgumentNullException.ThrowIfNull(connections);
        if (!Sources.TryGetValue(source, out var cells))
            return;                                                      // nothing is read from it
        cells.Connections.ComputeFrom(() => connections.InUse);
        cells.ConnectionLimit.Set(connections.Limit ?? 0);
        cells.ConnectionWaits.ComputeFrom(() => connections.Waiting);
    }

    internal TimeProvider Time { get; }

    internal DatasetMetrics this[DatasetId id] => _datasets[id];

    /// <summary>Says in which state the worker is. A worker that stops stays so: giving the lease back does not make it stand by.</summary>
    public void SetState(WorkerState now)
    {
        if (State == WorkerState.Stopping)
            return;
        State = now;
        foreach (var (state, gauge) in PipelineState)
            gauge.Set(state == now);
    }

    /// <summary>Ends the meter.</summary>
    public void Dispose() => Registry.Dispose();

    private double Lag(double watermark) => watermark > 0 ? Math.Max(0, Math.Round(Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0 - watermark, 3)) : double.NaN;

    // A hung worker's headroom falls with each scrape: it is no value of the last poll.
    private double Headroom(DatasetMetrics cells) => cells.Retention.Value > 0 ? Math.Max(0, Math.Round(cells.Retention.Value - Lag(cells.Watermark.Value), 3)) : double.NaN;

    private static Dictionary<TValue, TCell> PerValue<TValue, TCell>(MetricFamily<TCell> family, string[] labels, IEnumerable<TValue> values, Func<TValue, string> name)
        where TValue : notnull
        where TCell : MetricCell => values.ToDictionary(value => value, value => family.Add([.. labels, name(value)]));

    // ResyncRequired → resync_required
    private static string Name<TEnum>(TEnum value)
        where TEnum : struct, Enum => string.Concat(value.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}

/// <summary>The states of a worker.</summary>
public enum WorkerState
{
    /// <summary>It has not asked for the lease yet.</summary>
    Starting,

    /// <summary>Another worker holds the lease; this one waits for it.</summary>
    Standby,

    /// <summary>It holds the lease and works.</summary>
    Active,

    /// <summary>It was told to stop, and finishes what it began.</summary>
    Stopping,
}

/// <summary>What happened to a row of the target.</summary>
internal enum RowOperation
{
    Insert,
    Update,
    Delete,
    Erase,
}

/// <summary>Where a fault came from.</summary>
internal enum FaultSide
{
    Source,
    Warehouse,
    State,
    Gate,
    Landing,
    Engine,
}

/// <summary>The series of one check.</summary>
internal sealed record CheckMetrics(Gauge Failed, Gauge At);

/// <summary>The series of one source.</summary>
internal sealed record SourceMetrics(Gauge Connected, Gauge ClockOffset, Gauge RetainedBytes, Gauge ReadTransaction, Gauge OldestWriter, Gauge Connections, Gauge ConnectionLimit, Gauge ConnectionWaits);

/// <summary>The series of one dataset.</summary>
internal sealed record DatasetMetrics
{
    public required Gauge Watermark { get; init; }

    public required Gauge Retention { get; init; }

    public required Gauge LastPollSuccess { get; init; }

    public required Gauge NextRun { get; init; }

    public required Gauge LastCommit { get; init; }

    public required IReadOnlyDictionary<DatasetPhase, Gauge> State { get; init; }

    public required Counter Batches { get; init; }

    public required Counter LateBatches { get; init; }

    public required IReadOnlyDictionary<string, Counter> Failed { get; init; }

    public required IReadOnlyDictionary<RowOperation, Counter> Rows { get; init; }

    public required Counter ReadBytes { get; init; }

    public required Counter RowsQuarantined { get; init; }

    public required Gauge Paused { get; init; }

    public required Gauge QuarantineRows { get; init; }

    public required IReadOnlyDictionary<ResyncCause, Counter> Resyncs { get; init; }

    /// <summary>Changes of the source's columns.</summary>
    public required IReadOnlyDictionary<SchemaChangeKind, Counter> SchemaChanges { get; init; }

    public required IReadOnlyDictionary<string, Counter> GateWarnings { get; init; }

    public required IReadOnlyDictionary<Difference, Gauge> Drift { get; init; }

    public required IReadOnlyDictionary<Difference, Counter> Repaired { get; init; }

    public required Gauge LastReconciled { get; init; }

    /// <summary>By the name of a control total.</summary>
    public required IReadOnlyDictionary<string, Gauge> DriftGroups { get; init; }

    public required IReadOnlyDictionary<string, CheckMetrics> Checks { get; init; }

    public required IReadOnlyDictionary<string, Histogram> StageDuration { get; init; }

    public required Histogram Latency { get; init; }
}
