using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Reconciliation;

/// <summary>Runs comparisons, on demand or by schedule: each leaves its record in the warehouse and is told to observers.</summary>
internal sealed class Comparison(EngineContext engine, LaneBook book, Publisher publisher, FirstLoad firstLoad, SourcePass pass)
{
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
        if (request.Mode == ReconcileMode.Totals)
            throw new CdcSyncException(ErrorCodes.WrongUsage, "mode totals says that something differs, and not which rows: it repairs nothing.", $"Repair by rows. Run: cdcsync reconcile {lane.Dataset.Id} --repair");
        await firstLoad.EnsureTargetAsync(lane, isFirst: false, ct);
        return await RunAsync(lane, request, new LaneRepair(new LaneBatch(engine, lane, publisher, lease), new KeyCodec(lane.Dataset), token => SyncAsync(unit, lease, token)), ct);
    }

    /// <summary>Reads rows again and publishes them, then deletes what the source has no longer. The caller has the lane, and those that publish with it, for itself.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="unit">The lanes that publish with it, itself among them.</param>
    /// <param name="range">Which rows; null = all.</param>
    /// <param name="lease">The lease to publish under.</param>
    /// <param name="ct">Cancels; what was published stays so.</param>
    public async Task<DatasetOutcome> BackfillAsync(Lane lane, IReadOnlyList<Lane> unit, RowRange? range, Lease lease, CancellationToken ct)
    {
        Reconciler.CheckKey(lane.Dataset);
        await firstLoad.EnsureTargetAsync(lane, isFirst: false, ct);
        var outcome = await new Backfill(engine, lane, new LaneBatch(engine, lane, publisher, lease), token => SyncAsync(unit, lease, token)).RunAsync(range, ct);
        ReconcileReport left;
        do
        {
            left = await RepairAsync(lane, unit, new ReconcileRequest(ReconcileMode.Keys, IsRepair: true) { Range = range }, lease, ct);
            outcome = outcome with { Stats = outcome.Stats.Plus(new MergeStats(left.Repaired.Missing, left.Repaired.Different, left.Repaired.Extra, 0)) };
        }
        while (left is { IsCut: true, Repaired.Total: > 0 });
        if (range is null)
            await book.FilledAsync(lane, ct);
        return outcome;
    }

    private async Task<ReconcileReport> RunAsync(Lane lane, ReconcileRequest request, LaneRepair? repair, CancellationToken ct)
    {
        var report = request.Mode == ReconcileMode.Totals ? await new TotalsComparison(engine, lane, request).RunAsync(ct) : await new Reconciler(engine, lane, request, repair).RunAsync(ct);
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
