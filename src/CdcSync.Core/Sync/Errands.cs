using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>What a source's lanes have to do beside polling: comparisons by schedule or by order, loads anew by order, and columns that came into the contract.</summary>
internal sealed class Errands(EngineContext engine, LaneBook book, FirstLoad firstLoad, Comparison comparison)
{
    private static readonly Order Fill = new Order.Backfill(null);

    // A comparison that failed is tried again soon: nobody waits for it, and it may be long.
    private static readonly TimeSpan AfterFault = TimeSpan.FromMinutes(1);

    /// <summary>Begins what may begin now; not to be called in blackout hours. What writes has its unit for itself, and waits until it is free; what only compares goes on beside polls.</summary>
    public IEnumerable<Task> Begin(IReadOnlyList<Lane> lanes, Lease lease, CancellationToken ct)
    {
        foreach (var lane in lanes)
        {
            Lane[] unit = [.. lanes.Where(l => l.Unit == lane.Unit)];
            if (lane.Waiting is { } ordered && MayBegin(ordered, lane, unit))
            {
                lane.Waiting = null;
                yield return BeginOne(ordered, OrderedBy.Person, lane, unit, lease, ct);
            }
            else if (IsToFill(lane, unit))
            {
                lane.FillDue = engine.Time.GetUtcNow() + AfterFault;
                yield return BeginOne(Fill, OrderedBy.Schedule, lane, unit, lease, ct);
            }
            else if (lane.ReconcileDue <= engine.Time.GetUtcNow() && Scheduled(lane.Dataset.Reconcile!) is var scheduled && MayBegin(scheduled, lane, unit))
            {
                lane.ReconcileDue = null;
                yield return BeginOne(scheduled, OrderedBy.Schedule, lane, unit, lease, ct);
            }
        }
    }

    // While something else is wrong with one of the unit, that comes first.
    private bool IsToFill(Lane lane, IReadOnlyList<Lane> unit) =>
        lane is { Unfilled.Count: > 0, FillsByReload: false } && lane.FillDue <= engine.Time.GetUtcNow() && unit.All(l => l.Phase == DatasetPhase.Streaming) && MayBegin(Fill, lane, unit);

    /// <summary>Why an order can't be carried out as things stand, or when it will be.</summary>
    public static OrderOutlook OutlookOf(Order order, Lane lane, IReadOnlyList<Lane> unit, SourceHours hours) => order switch
    {
        _ when unit.Any(l => l.IsPaused) => OrderOutlook.Paused,
        Order.Sync when unit.Any(l => l.NeedsResync) => OrderOutlook.ResyncRequired,
        Order.Reconcile { Request.IsRepair: true } or Order.Backfill when unit.Any(l => l.NeedsResync) => OrderOutlook.ResyncRequired,
        Order.Reconcile when lane.NeedsResync => OrderOutlook.ResyncRequired,
        Order.Reconcile or Order.Backfill when lane.Phase is not (DatasetPhase.Streaming or DatasetPhase.Failing or DatasetPhase.Blocked) => OrderOutlook.NotLoaded,
        _ when hours == SourceHours.Blackout => OrderOutlook.AfterBlackout,
        _ when IsFree(order, lane, unit) => OrderOutlook.Begins,
        _ => OrderOutlook.Follows,
    };

    private static Order.Reconcile Scheduled(ReconcileSchedule schedule) => new(new ReconcileRequest(schedule.Mode, schedule.IsRepair));

    // Nobody asks in blackout hours.
    private static bool MayBegin(Order order, Lane lane, IReadOnlyList<Lane> unit) => OutlookOf(order, lane, unit, SourceHours.Free) == OrderOutlook.Begins;

    private static bool IsFree(Order order, Lane lane, IReadOnlyList<Lane> unit) => (order is Order.Sync || lane.Errand is null) && (!Writes(order) || unit.All(l => !l.Busy));

    private static bool Writes(Order order) => order is not Order.Reconcile { Request.IsRepair: false };

    private Task BeginOne(Order order, OrderedBy by, Lane lane, Lane[] unit, Lease lease, CancellationToken ct)
    {
        Lane[] held = Writes(order) ? unit : [];
        lane.Errand = order;
        foreach (var mine in held)
            mine.Busy = true;
        return Task.Run(async () =>
        {
            try
            {
                await RunAsync(order, by, lane, unit, lease, ct);
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
    private async Task RunAsync(Order order, OrderedBy by, Lane lane, Lane[] unit, Lease lease, CancellationToken ct)
    {
        ReconcileReport? report = null;
        CdcSyncException? failure = null;
        try
        {
            if (order is Order.Reconcile { Request: var request })
                report = await (request.IsRepair ? comparison.RepairAsync(lane, unit, request, lease, ct) : comparison.CompareAsync(lane, request, ct));
            else if (order is Order.Backfill { Range: var range })
                failure = (await comparison.BackfillAsync(lane, unit, range, lease, ct)).Fault;
            else if (order is Order.Resync { Breaker: var breaker })
                failure = await ResyncAsync(lane, breaker, lease, ct);
        }
        catch (CdcSyncException fault)
        {
            failure = fault;
        }

        lane.Last = new OrderEnd(order, engine.Time.GetUtcNow(), report, failure);
        // A person's comparison of totals takes the place of no scheduled one of rows, and the other way round.
        if (order is Order.Reconcile { Request: { Range: null } done } && lane.Dataset.Reconcile is { } next && (done.Mode == ReconcileMode.Totals) == (next.Mode == ReconcileMode.Totals))
            lane.ReconcileDue = engine.Time.GetUtcNow() + Wait(next, failure);
        if (by == OrderedBy.Person)
            engine.Observer.OrderEnded(lane.Dataset, lane.Last);
        else if (failure is not null)
            engine.Observer.WorkerFailed(failure.Code.Exit == ExitCode.Source ? "source" : "warehouse", failure, order == Fill ? AfterFault : Wait(lane.Dataset.Reconcile!, failure));
    }

    private enum OrderedBy
    {
        Schedule,
        Person,
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

/// <summary>Whether a source may be read now.</summary>
internal enum SourceHours
{
    Free,
    Blackout,
}
