using CdcSync.Core.Errors;
using CdcSync.Core.Sync;

namespace CdcSync.Core.Reconciliation.Totals;

/// <summary>
/// Compares a dataset's control totals. What differs is told as drift only if nothing changed in the source after the warehouse's checkpoint, and the checkpoint stood still, while both sides were asked; else it is asked again, until
/// patience ends. Mends nothing.
/// </summary>
internal sealed class TotalsComparison(EngineContext engine, Lane lane, ReconcileRequest request)
{
    /// <summary>Compares.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.NotComparable"/>: nothing is declared, or the warehouse can't be asked.</exception>
    public async Task<ReconcileReport> RunAsync(CancellationToken ct)
    {
        var (id, startedAt) = (Guid.CreateVersion7(), engine.Time.GetUtcNow());
        var dataset = lane.Dataset;
        if (dataset.Totals.Count == 0)
            throw new CdcSyncException(ErrorCodes.NotComparable, $"{dataset.Id}: its contract declares no controlTotals.", $"Declare some (docs/contracts.md), or compare rows. Run: cdcsync reconcile {dataset.Id}");
        DateTimeOffset? patience = null;
        while (true)
        {
            var at = await LoadedCheckpoint.ReadAsync(engine, lane, ct);
            var results = new List<Compared>();
            foreach (var total in dataset.Totals)
                results.Add(await CompareAsync(new TotalScope(dataset, total, request.Range), ct));
            var differing = results.Sum(r => r.Result.Differing);
            var isSettled = differing == 0 || await IsAtRestAsync(at.Generation, ct);
            patience ??= engine.Time.GetUtcNow() + request.PatienceWith(dataset);
            if (isSettled || engine.Time.GetUtcNow() >= patience)
                return Report(id, startedAt, results, isSettled ? 0 : differing);
            await LoadedCheckpoint.AwaitMoveAsync(engine, lane, at, ct);
        }
    }

    private async Task<Compared> CompareAsync(TotalScope scope, CancellationToken ct)
    {
        var target = await engine.Warehouse.TotalsAsync(scope, ct) ?? throw new CdcSyncException(ErrorCodes.NotComparable,
            $"{lane.Dataset.Id}: this kind of warehouse can't be compared with its source yet.", $"To make it equal anyway, run: cdcsync resync {lane.Dataset.Id}");
        // What a gate keeps out only this process knows.
        var isAllAccepted = (await engine.Warehouse.Control.CountQuarantinedAsync(engine.Pipeline, ct)).GetValueOrDefault(lane.Dataset.Id) == 0;
        var inPlace = isAllAccepted ? await lane.Source.Ranges.TotalsAsync(scope, ct) : null;
        var source = inPlace ?? await LocalTotals.OfAsync(new SourceSide(lane, scope.Range, lane.RowGates), scope, ct);
        return new Compared(TotalResult.Of(scope, source, target), source.Values.Sum(t => t.Rows), target.Values.Sum(t => t.Rows), inPlace is not null);
    }

    private async Task<bool> IsAtRestAsync(long generation, CancellationToken ct)
    {
        var now = await LoadedCheckpoint.ReadAsync(engine, lane, ct);
        var (changed, _) = await Judge.ChangedAfterAsync(engine, lane, new SourceSide(lane, null, lane.RowGates), now, ct);
        return now.Generation == generation && changed is { Count: 0 };
    }

    private ReconcileReport Report(Guid id, DateTimeOffset startedAt, List<Compared> results, long inFlight) => new()
    {
        Id = id,
        Dataset = lane.Dataset.Id,
        Request = request,
        StartedAt = startedAt,
        FinishedAt = engine.Time.GetUtcNow(),
        SourceRows = results[0].SourceRows,
        TargetRows = results[0].TargetRows,
        SoftDeleted = 0,
        Explained = 0,
        InFlight = inFlight,
        Found = default,
        Repaired = default,
        RowsTravelled = 0,
        IsHashedBySource = results.TrueForAll(r => r.IsInPlace),
        IsCut = false,
        Keys = [],
        Map = [],
        Totals = [.. results.Select(r => r.Result)],
    };

    private sealed record Compared(TotalResult Result, long SourceRows, long TargetRows, bool IsInPlace);
}
