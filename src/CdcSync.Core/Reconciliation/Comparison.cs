using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Reconciliation;

/// <summary>Runs comparisons, on demand or by schedule: each leaves its record in the warehouse and is told to observers.</summary>
internal sealed class Comparison(EngineContext engine, LaneBook book, Publisher publisher, FirstLoad firstLoad, SourcePass pass)
{
    // A comparison that failed is tried again soon: nobody waits for it, and it may be long.
    private static readonly TimeSpan AfterFault = TimeSpan.FromMinutes(1);

    /// <summary>Compares, and changes nothing.</summary>
    public Task<ReconcileReport> CompareAsync(Lane lane, ReconcileRequest request, CancellationToken ct) => RunAsync(lane, request, null, ct);

    /// <summary>Compares and mends. The caller has the lane, and those that publish with it, for itself.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="unit">The lanes that publish with it, itself among them.</param>
    /// <param name="request">How.</param>
    /// <param name="lease">The lease to publish under.</param>
    /// <param name="ct">Cancels; what was mended stays so.</param>
    public async Task<ReconcileReport> RepairAsync(Lane lane, IReadOnlyList<Lane> unit, ReconcileRequest request, Lease lease, CancellationToken ct)
    {
        await firstLoad.EnsureTargetAsync(lane, isFirst: false, ct);
        return await RunAsync(lane, request, new LaneRepair(engine, lane, publisher, token => SyncAsync(unit, lease, token), lease), ct);
    }

    /// <summary>A comparison whose time has come. Its failure is told, and fails nothing else.</summary>
    public async Task RunScheduledAsync(Lane lane, IReadOnlyList<Lane> unit, Lease lease, CancellationToken ct)
    {
        var schedule = lane.Dataset.Reconcile!;
        var wait = schedule.Every;
        try
        {
            var request = new ReconcileRequest(schedule.Mode, schedule.IsRepair);
            await (schedule.IsRepair ? RepairAsync(lane, unit, request, lease, ct) : CompareAsync(lane, request, ct));
        }
        catch (CdcSyncException fault)
        {
            wait = schedule.Every < AfterFault ? schedule.Every : AfterFault;
            engine.Observer.WorkerFailed(fault.Code.Exit == ExitCode.Source ? "source" : "warehouse", fault, wait);
        }
        finally
        {
            lane.ReconcileDue = engine.Time.GetUtcNow() + wait;
        }
    }

    private async Task<ReconcileReport> RunAsync(Lane lane, ReconcileRequest request, LaneRepair? repair, CancellationToken ct)
    {
        var report = await new Reconciler(engine, lane, request, repair).RunAsync(ct);
        await engine.Warehouse.Control.WriteReconciliationAsync(engine.Pipeline, report, ct);
        engine.Observer.Reconciled(lane.Dataset, report);
        return report;
    }

    /// <summary>Brings the lanes of one unit to their source's now; all or the error.</summary>
    private async Task SyncAsync(IReadOnlyList<Lane> unit, Lease lease, CancellationToken ct)
    {
        foreach (var outcome in await new SingleRun(engine, book, pass).RunAsync(unit, lease, ct))
            if (outcome.Fault is { } fault) throw fault;
    }
}
