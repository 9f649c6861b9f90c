using CdcSync.Cli.Config;
using CdcSync.Cli.Live;
using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Http.Api;

/// <summary>A worker as the API sees it: the engine, what it told so far, and the warehouse's control state.</summary>
internal sealed class LiveWorker(PipelineConfig config, IControlStore control, SyncEngine engine, SyncMetrics metrics, LiveBoard board, RecentBatches batches, TimeProvider time) : IDisposable
{
    public Pipeline Pipeline => config.Pipeline;

    public IControlStore Control => control;

    public SyncEngine Engine => engine;

    public SyncMetrics Metrics => metrics;

    public TimeProvider Time => time;

    /// <summary>After what time what goes on is told again.</summary>
    public TimeSpan RepeatAfter => config.Log.RepeatAfter;

    /// <summary>Requests that were refused.</summary>
    public IReadOnlyDictionary<RefusalReason, Counter> Refused { get; } = Refusals.AddTo(metrics.Registry, config.Name);

    /// <summary>How old the warehouse was, over the last while.</summary>
    public LagHistory Lag { get; } = new(config.Pipeline, board, time);

    /// <summary>What it does now.</summary>
    public async Task<WorkerDocument> ReadAsync(bool takesOrders, CancellationToken ct)
    {
        var (state, lanes, lease) = (board.Read(), engine.Lanes().ToDictionary(l => l.Dataset), await LeaseAsync(ct));
        return new WorkerDocument(config.Name, BuildVersion.Text, config.Engine.Holder, Words.Of(metrics.State), Math.Round(state.Up.TotalSeconds, 1), takesOrders,
            lease is null ? null : new LeaseDocument(lease.Holder, Words.Of(lease.ExpiresAt), lease.Holder == config.Engine.Holder), Of(state.Fault),
            [.. Pipeline.Datasets.Zip(state.Datasets, (dataset, line) => Of(dataset, line, lanes.GetValueOrDefault(dataset.Id)))], batches.Read());
    }

    public void Dispose() => Lag.Dispose();

    /// <summary>Whoever works; null also where the warehouse does not answer: what the worker does can be seen all the same.</summary>
    private async Task<Lease?> LeaseAsync(CancellationToken ct)
    {
        try
        {
            return await control.ReadLeaseAsync(config.Name, ct);
        }
        catch (CdcSyncException)
        {
            return null;
        }
    }

    private static WorkerDatasetDocument Of(Dataset dataset, DatasetLine line, LaneState? lane) => new(dataset.Id.Value, Words.Of(lane?.Activity ?? LaneActivity.Idle), lane?.Waiting is { } waiting ? Words.Of(waiting) : null,
        dataset.Interval.TotalSeconds, Words.Of(lane?.NextPollAt), Words.Of(lane?.NextCompareAt), lane is not null && line.Lag is { } lag ? Math.Round(lag.TotalSeconds, 3) : null, line.Read, line.Merged, Math.Round(line.ReadPerSecond, 1),
        line.Load is { } load ? new LoadDocument(load.Ranges, load.Done, load.Rows, load.Left?.TotalSeconds) : null, lane?.Last is { } last ? Of(last) : null);

    private static OrderEndDocument Of(OrderEnd end) => new(Words.Of(end.Order), Words.Of(end.At), Words.OutcomeOf(end),
        end.Report?.Found.Missing, end.Report?.Found.Different, end.Report?.Found.Extra, end.Report?.Repaired.Total, FaultDocument.Of(end.Fault));

    private static WorkerFaultDocument? Of(ShownFault? fault) => fault is null ? null : new(fault.Code.Id, fault.Code.Title, fault.Command, Math.Round(fault.Ago.TotalSeconds, 1), fault.RetryIn?.TotalSeconds);
}
