using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources.Pacing;

namespace CdcSync.Core.Metrics;

/// <summary>Every instrument there is, and the series of one pipeline, by subject. All series exist from the start; an instant that is not known yet is 0.</summary>
public sealed class SyncMetrics : IDisposable
{
    /// <summary>The stages of a batch, as the label <c>stage</c> names them.</summary>
    public static IReadOnlyList<string> Stages { get; } = ["read", "land", "stage", "publish"];

    /// <summary>What a batch can fail with, as the label <c>reason</c> names it: every error code but those of configuration.</summary>
    public static IReadOnlyList<string> FailureReasons { get; } = [.. ErrorCodes.All.Select(c => c.Id).Where(id => !id.StartsWith("CDC1", StringComparison.Ordinal))];

    /// <summary>What a gate can warn of, as the label <c>reason</c> names it.</summary>
    public static IReadOnlyList<string> WarningReasons { get; } = [ErrorCodes.VolumeGate.Id, ErrorCodes.RowRuleBroken.Id];

    private readonly IReadOnlyDictionary<DatasetId, DatasetMetrics> _datasets;

    /// <summary>Makes the instruments, and the series of a pipeline.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="version">The version of the binary.</param>
    /// <param name="time">The daemon's clock, by which lag is computed.</param>
    public SyncMetrics(Pipeline pipeline, string version, TimeProvider time)
    {
        Time = time;
        Registry.Info("cdcsync_build_info", "The running binary.", "version", "runtime").Add(version, Environment.Version.ToString()).Set(true);

        PipelineState = Registry.Gauge("cdcsync_pipeline_state", "1 for the state the worker is in.", [.. Labelled.ByPipeline, "state"]).PerValue<WorkerState, Gauge>([pipeline.Name]);
        SetState(WorkerState.Starting);
        LeaseHeld = Registry.Gauge("cdcsync_lease_held", "1 while this worker holds the pipeline's lease.", Labelled.ByPipeline).Add(pipeline.Name);
        var connected = Registry.Gauge("cdcsync_connected", "1 if the last use of the system succeeded.", [.. Labelled.ByPipeline, "side", "name"]);
        Sources = SourceMetrics.Of(Registry, pipeline, connected);
        WarehouseConnected = connected.Add(pipeline.Name, "warehouse", "warehouse");
        Retries = Registry.Counter("cdcsync_retries_total", "Attempts that failed and are made again.", [.. Labelled.ByPipeline, "side"]).PerValue<FaultSide, Counter>([pipeline.Name]);
        LandingBytes = Registry.Gauge("cdcsync_landing_bytes", "The size of the landing folder.", Labelled.ByPipeline).Add(pipeline.Name);
        LandingLimit = Registry.Gauge("cdcsync_landing_limit_bytes", "The size the landing folder is kept under; 0 = none.", Labelled.ByPipeline).Add(pipeline.Name);
        _datasets = DatasetMetrics.Of(Registry, pipeline, time);
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
}
