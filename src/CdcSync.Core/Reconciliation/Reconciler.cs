using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;

namespace CdcSync.Core.Reconciliation;

/// <summary>Compares one dataset's source and target, and mends the target where it is asked to. Read <see cref="RunAsync"/> first.</summary>
internal sealed class Reconciler(EngineContext engine, Lane lane, ReconcileRequest request, IRepair? repair)
{
    /// <summary>Keys whose rows are held in memory, and mended in one transaction.</summary>
    private const int KeysAtATime = 10_000;

    /// <summary>Digests → the keys that differ → judged until nothing is in flight, each judgement mended at its own checkpoint.</summary>
    public async Task<ReconcileReport> RunAsync(CancellationToken ct)
    {
        var (id, startedAt) = (Guid.CreateVersion7(), engine.Time.GetUtcNow());
        CheckKey(lane.Dataset);
        var scope = (request.Mode == ReconcileMode.Keys ? DigestScope.Keys(lane.Dataset) : DigestScope.Rows(lane.Dataset)) with { Range = request.Range };
        var target = engine.Warehouse.Digests(lane.Dataset) ?? throw new CdcSyncException(ErrorCodes.NotComparable,
            $"{lane.Dataset.Id}: this kind of warehouse can't be compared with its source yet.", $"To make it equal anyway, run: cdcsync resync {lane.Dataset.Id}");
        var source = new SourceSide(lane, request.Range, lane.RowGates);
        var judge = new Judge(engine, lane, source, target, scope);
        await LoadedCheckpoint.ReadAsync(engine, lane, ct);

        var inPlace = request.Mode == ReconcileMode.Full ? null : await lane.Source.Ranges.DigestsAsync(lane.Dataset, ct);
        IDigestReader digests = inPlace ?? new LocalDigests(source);
        scope = scope.For(digests, target);
        var narrowed = await new Narrowing(scope, digests, target, new NarrowingLimits { EveryRow = request.Mode == ReconcileMode.Full }).RunAsync(ct);
        Failpoints.Hit(Failpoints.Narrowed);
        var tally = new Tally(lane.Dataset, narrowed, scope);
        var open = narrowed.Keys.Keys.ToList();
        var patience = startedAt;
        while (open.Count > 0)
        {
            open = await JudgeAsync(judge, open, tally, ct);
            if (open.Count == 0)
                break;
            patience = patience == startedAt ? engine.Time.GetUtcNow() + request.PatienceWith(lane.Dataset) : patience;
            if (engine.Time.GetUtcNow() >= patience)
                break;
            await PassInFlightAsync(ct);
        }

        return tally.Report(id, request, startedAt, engine.Time.GetUtcNow(), open.Count, source.Explained) with { IsHashedBySource = inPlace is not null };
    }

    /// <returns>The keys that are in flight.</returns>
    private async Task<List<CanonicalKey>> JudgeAsync(Judge judge, List<CanonicalKey> keys, Tally tally, CancellationToken ct)
    {
        var inFlight = new List<CanonicalKey>();
        foreach (var slice in keys.Chunk(KeysAtATime))
        {
            var verdicts = await judge.JudgeAsync(slice, ct);
            if (repair is not null && verdicts.Drift.Count > 0)
                await repair.MendAsync(verdicts, ct);
            tally.Add(verdicts, isRepaired: repair is not null);
            inFlight.AddRange(verdicts.InFlight);
        }

        return inFlight;
    }

    /// <summary>Lets the target pass what is in flight: by a pass of its own where the lane is ours, else by waiting for whoever syncs it.</summary>
    private async Task PassInFlightAsync(CancellationToken ct)
    {
        if (repair is not null)
        {
            await repair.SyncAsync(ct);
            return;
        }

        await LoadedCheckpoint.AwaitMoveAsync(engine, lane, await LoadedCheckpoint.ReadAsync(engine, lane, ct), ct);
    }

    /// <summary>Sees to it that a dataset's rows can be told apart and compared.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.NotComparable"/>.</exception>
    public static void CheckKey(Dataset dataset)
    {
        if (WhyNotComparable(dataset) is { } reason)
            throw new CdcSyncException(ErrorCodes.NotComparable, $"{dataset.Id}: {reason}.", $"Load it anew; the difference is published. Run: cdcsync resync {dataset.Id}");
    }

    /// <summary>Why a dataset's rows can't be told apart and compared; null = they can.</summary>
    public static string? WhyNotComparable(Dataset dataset) =>
        dataset.Key.Count == 0 ? "it has no key, so that its rows can't be told apart"
        : dataset.TargetSchema.Fields.FirstOrDefault(f => CanonicalTypes.Of(f.DataType) is null) is { } field ? $"column '{field.Name}' is {field.DataType}, which has no form to be compared in"
        : null;
}

/// <summary>Mends a target in its dataset's own lane.</summary>
internal interface IRepair
{
    /// <summary>Publishes the source's rows and the deletes, at the checkpoint at which they were judged.</summary>
    /// <exception cref="CdcSyncException">A gate blocked it, or the publication failed.</exception>
    Task MendAsync(Verdicts verdicts, CancellationToken ct);

    /// <summary>Brings the dataset to its source's now.</summary>
    Task SyncAsync(CancellationToken ct);
}
