using CdcSync.Cli.Config;
using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Core.Metrics;
using CdcSync.Core.Sync;

namespace CdcSync.Cli.Daemon;

/// <summary>The daemon: the engine, its metrics and its endpoint, from start to graceful stop.</summary>
internal sealed class Worker : IAsyncDisposable
{
    private readonly PipelineConfig _config;
    private readonly Terminal _terminal;
    private readonly TerminalLog _log;
    private readonly SyncMetrics _metrics;
    private readonly SyncEngine _engine;

    public Worker(PipelineConfig config, Composition composition, Terminal terminal)
    {
        _config = config;
        _terminal = terminal;
        _log = new TerminalLog(terminal, TimeProvider.System);
        _metrics = new SyncMetrics(config.Pipeline, BuildVersion.Text, TimeProvider.System);
        var landing = new LandingSize(config.Landing.Path, TimeProvider.System);
        _metrics.LandingBytes.ComputeFrom(() => landing.Bytes);
        _metrics.LandingLimit.Set(config.Landing.Limit);
        _engine = composition.Engine(new Observers(new MetricsObserver(_metrics, config.Pipeline), new LogObserver(_log)));
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(EndpointOptions options, CancellationToken ct)
    {
        await using var endpoint = await Endpoint.StartAsync(options, _metrics, _log, ct);
        _terminal.Note($"ready: pipeline {_config.Name}, {_config.Pipeline.Datasets.Count} datasets, {new Uri(endpoint.Address, "/metrics")}");
        await using var stopping = ct.Register(() => _metrics.SetState(WorkerState.Stopping));
        await _engine.RunAsync(ct);
    }

    public ValueTask DisposeAsync()
    {
        _metrics.Dispose();
        _log.Dispose();
        return ValueTask.CompletedTask;
    }
}
