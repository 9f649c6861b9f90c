using CdcSync.Core.Metrics;

namespace CdcSync.Cli.Http;

/// <summary>Says whether the worker does its work, or stands by to take it over.</summary>
internal sealed class Readiness(SyncMetrics metrics)
{
    /// <summary>
    /// Ready: it holds the lease and reads at least one source, or another worker holds the lease; and the warehouse answers. One source or dataset
    /// that fails is no reason to take a worker out: alerts tell of those.
    /// </summary>
    public (bool IsReady, string Why) Ask() => metrics.State switch
    {
        WorkerState.Starting => (false, "starting"),
        WorkerState.Stopping => (false, "stopping"),
        _ when !metrics.IsWarehouseConnected => (false, "the warehouse does not answer"),
        WorkerState.Standby => (true, "standing by"),
        _ when !metrics.IsAnySourceConnected => (false, "no source was read yet, or none answers"),
        _ => (true, "working"),
    };
}
