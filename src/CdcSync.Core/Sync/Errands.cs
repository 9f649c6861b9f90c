using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>What a source's lanes have to do beside polling: comparisons by schedule or by order, and loads anew by order.</summary>
internal sealed class Errands(EngineContext engine, LaneBook book, FirstLoad firstLoad, Comparison comparison)
{
    // A comparison that failed is tried again soon: nobody waits for it, and it may be long.
    private static readonly TimeSpan AfterFault = TimeSpan.FromMinutes(1);

    /// <summary>Begins what may begin now; in blackout hours nothing. What writes has its unit for itself, and waits until it is free; what only compares goes on beside polls.</summary>
    public IEnumerable<Task> Begin(IReadOnlyList<Lane> lanes, Lease lease, CancellationToken ct)
    {
        foreach (var lane in lanes)
        {
            Lane[] unit = [.. lanes.Where(l => l.Unit == lane.Unit)];
            if (lane.Waiting is { } ordered && MayBegin(ordered, lane, unit))
            {
                lane.Waiting = null;
                yield return BeginOne(ordered, lane, unit, lease, ct);
            }
            else if (lane.ReconcileDue <= engine.Time.GetUtcNow() && Scheduled(lane.Dataset.Reconcile!) is var scheduled && MayBegin(scheduled, lane, unit))
            {
                lane.ReconcileDue = null;
                yield return BeginOne(scheduled, lane, unit, lease, ct);
            }
        }
    }

    /// <summary>Why an order can't be carried out as things stand, or when it will be.</summary>
    public static OrderOutlook OutlookOf(Order order, Lane lane, IReadOnlyList<Lane> unit, DateTimeOffset now) => order switch
    {
        _ when unit.Any(l => l.IsPaused) => OrderOutlook.Paused,
        Order.Sync when unit.Any(l => l.NeedsResync) => OrderOutlook.ResyncRequired,
        Order.Reconcile { Request.IsRepair: true } when unit.Any(l => l.NeedsResync) => OrderOutlook.ResyncRequired,
        Order.Reconcile when lane.NeedsResync => OrderOutlook.ResyncRequired,
        Order.Reconcile when lane.Phase is not (DatasetPhase.Streaming or DatasetPhase.Failing or DatasetPhase.Blocked) => OrderOutlook.NotLoaded,
        _ when lane.Blackout?.Covers(now) is true => OrderOutlook.AfterBlackout,
        _ when IsFree(order, lane, unit) => OrderOutlook.Begins,
        _ => OrderOutlook.Follows,
    };

    private static Order.Reconcile Scheduled(ReconcileSchedule schedule) => new(new ReconcileRequest(schedule.Mode, schedule.IsRepair));

    private bool MayBegin(Order order, Lane lane, IReadOnlyList<Lane> unit) => OutlookOf(order, lane, unit, engine.Time.GetUtcNow()) == OrderOutlook.Begins;

    private static bool IsFree(Order order, Lane lane, IReadOnlyList<Lane> unit) => (order is Order.Sync || lane.Errand is null) && (!Writes(order) || unit.All(l => !l.Busy));

    private static bool Writes(Order order) => order is not Order.Reconcile { Request.IsRepair: false };

    private Task BeginOne(Order order, Lane lane, Lane[] unit, Lease lease, CancellationToken ct)
    {
        Lane[] held = Writes(order) ? unit : [];
        lane.Errand = order;
        foreach (var mine in held)
            mine.Busy = true;
        return Task.Run(async () =>
        {
            try
            {
                await RunAsync(order, lane, unit, lease, ct);
            }
            finally
            {
                foreach (var mine in held)
                    mine.Busy = false;
                lane.Errand = null;
            }
        }, CancellationToken.None);
    }

    /// <summary>Its failure is told, and fails nothing else.</summary>
    private async Task RunAsync(Order order, Lane lane, Lane[] unit, Lease lease, CancellationToken ct)
    {
        ReconcileReport? report = null;
        CdcSyncException? failure = null;
        try
        {
            if (order is Order.Reconcile { Request: var request })
                report = await (request.IsRepair ? comparison.RepairAsync(lane, unit, request, lease, ct) : comparison.CompareAsync(lane, request, ct));
            else if (order is Order.Resync { Breaker: var breaker })
                failure = await ResyncAsync(lane, breaker, lease, ct);
        }
        catch (CdcSyncException fault)
        {
            failure = fault;
            engine.Observer.WorkerFailed(fault.Code.Exit == ExitCode.Source ? "source" : "warehouse", fault, lane.Dataset.Reconcile is { } schedule ? Wait(schedule, fault) : TimeSpan.Zero);
        }

        lane.Last = new OrderEnd(order, engine.Time.GetUtcNow(), report, failure);
        if (order is Order.Reconcile && lane.Dataset.Reconcile is { } next)
            lane.ReconcileDue = engine.Time.GetUtcNow() + Wait(next, failure);
    }

    private static TimeSpan Wait(ReconcileSchedule schedule, CdcSyncException? fault) => fault is null || schedule.Every < AfterFault ? schedule.Every : AfterFault;

    private async Task<CdcSyncException?> ResyncAsync(Lane lane, BreakerUse breaker, Lease lease, CancellationToken ct)
    {
        var checkpoints = await engine.Warehouse.Control.ReadCheckpointsAsync([lane.Dataset.Id], ct);
        CdcSyncException? fault = null;
        foreach (var step in await firstLoad.ReloadAsync(lane, checkpoints.GetValueOrDefault(lane.Dataset.Id), ResyncCause.Requested, breaker, lease, ct))
        {
            await book.RecordAsync(step, ct);
            fault ??= step.Outcome.Fault;
        }

        return fault;
    }
}
