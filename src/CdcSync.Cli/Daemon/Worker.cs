using CdcSync.Cli.Config;
using CdcSync.Cli.Http;
using CdcSync.Cli.Http.Api;
using CdcSync.Cli.Live;
using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Cli.Webhooks;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Daemon;

/// <summary>The daemon: the engine, its metrics and its endpoint, from start to graceful stop.</summary>
internal sealed class Worker : IDisposable
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly PipelineConfig _config;
    private readonly IControlStore _control;
    private readonly Terminal _terminal;
    private readonly JsonFeed? _feed;
    private readonly ILoggerProvider _log;
    private readonly LiveBoard _board;
    private readonly SyncMetrics _metrics;
    private readonly Observers _observer;
    private readonly SyncEngine _engine;
    private readonly LiveWorker _live;
    private readonly WebhookObserver _webhooks;

    public Worker(PipelineConfig config, Composition composition, Terminal terminal, JsonFeed? feed)
    {
        _config = config;
        _control = composition.Warehouse.Control;
        _terminal = terminal;
        _feed = feed;
        _log = terminal.IsJson ? new JsonLog(terminal, TimeProvider.System, config.Name) : TerminalLog.Beside(terminal, TimeProvider.System);
        var log = _log.CreateLogger("cdcsync");
        _board = new LiveBoard(config.Pipeline, TimeProvider.System);
        _metrics = new SyncMetrics(config.Pipeline, BuildVersion.Text, TimeProvider.System);
        var landing = new LandingSize(config.Landing.Path, TimeProvider.System);
        _metrics.LandingBytes.ComputeFrom(() => landing.Bytes);
        _metrics.LandingLimit.Set(config.Landing.Limit);
        foreach (var source in config.Sources.Keys)
            _metrics.Show(source, composition.Connections(source));
        _webhooks = new WebhookObserver(config.Name, config.Webhooks, _metrics.Registry, TimeProvider.System, log);
        var batches = new RecentBatches(TimeProvider.System);
        List<ISyncObserver> observers = [new MetricsObserver(_metrics, config.Pipeline), new LogObserver(log, new Repetitions(TimeProvider.System, config.Log.RepeatAfter)), _board, batches, _webhooks];
        if (feed is not null)
            observers.Add(new JsonObserver(feed));
        _observer = new Observers(observers);
        _engine = composition.Engine(_observer);
        _live = new LiveWorker(config, _control, _engine, _metrics, _board, batches, TimeProvider.System);
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(EndpointOptions options, OtlpOptions? export, FirstStep first, CancellationToken ct)
    {
        await using var webhooks = _webhooks;
        await using var exporting = export is not null ? new OtlpExport(export, _metrics.Registry, BuildVersion.Text, TimeProvider.System, _log.CreateLogger("cdcsync")) : null;
        try
        {
            await ServeAsync(options, first, ct);
        }
        finally
        {
            // What is told last says that it stops, also where it hardly began.
            _metrics.SetState(WorkerState.Stopping);
        }
    }

    private async Task ServeAsync(EndpointOptions options, FirstStep first, CancellationToken ct)
    {
        await using var endpoint = await Endpoint.StartAsync(options, _live, _terminal.Scrubber, _log, ct);
        var metrics = new Uri(endpoint.Address, "/metrics").ToString();
        _terminal.Note($"ready: pipeline {_config.Name}, {_config.Pipeline.Datasets.Count} datasets, {metrics}");
        _feed?.Tell(new ReadyLine(_config.Name, _config.Pipeline.Datasets.Count, metrics));
        await using var view = new LiveView(_terminal, _board, () => "", TimeProvider.System);
        var service = ServiceNotifier.OfProcess();
        service.Ready($"pipeline {_config.Name}, {_config.Pipeline.Datasets.Count} datasets, {metrics}");
        await using var stopping = ct.Register(() =>
        {
            service.Stopping();
            _metrics.SetState(WorkerState.Stopping);
        });
        if (first == FirstStep.Migrate)
            await MigrateAsync(ct);
        await _engine.RunAsync(ct);
    }

    public void Dispose()
    {
        _live.Dispose();
        _metrics.Dispose();
        _log.Dispose();
    }

    /// <summary>A warehouse that is not there yet is waited for, here as everywhere in the daemon.</summary>
    private async Task MigrateAsync(CancellationToken ct)
    {
        for (var wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                await _control.MigrateAsync(ct);
                return;
            }
            catch (CdcSyncException fault) when (fault.IsTransient)
            {
                _observer.WorkerFailed("warehouse", fault, wait);
                await Task.Delay(wait, ct);
            }
        }
    }
}

/// <summary>What a worker does before it works.</summary>
internal enum FirstStep
{
    /// <summary>Nothing: the control schema must be there.</summary>
    Work,

    /// <summary>It creates or upgrades the control schema.</summary>
    Migrate,
}
