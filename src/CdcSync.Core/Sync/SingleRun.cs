using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>Brings the lanes of one source to now, then ends: passes until no lane has more to do, and a few more for what fails in passing.</summary>
internal sealed class SingleRun(EngineContext engine, LaneBook book, SourcePass pass)
{
    private static readonly IdlePolicy AtOnce = new(TimeSpan.Zero);

    /// <returns>One outcome per lane: the sums of all its steps, and its last fault if it ended with one.</returns>
    public async Task<IReadOnlyList<DatasetOutcome>> RunAsync(IReadOnlyList<Lane> lanes, Lease lease, CancellationToken ct)
    {
        var total = lanes.ToDictionary(l => l, l => new DatasetOutcome(l.Dataset.Id, OutcomeKind.Unchanged, 0, MergeStats.None, 0, null));
        Lane[] paused = [.. lanes.GroupBy(l => l.Unit).Where(unit => unit.Any(l => l.IsPaused)).SelectMany(unit => unit)];
        foreach (var lane in paused)
            total[lane] = total[lane] with { Kind = OutcomeKind.Paused };
        lanes = [.. lanes.Except(paused)];
        var open = Free(lanes);
        foreach (var lane in lanes.Except(open))
            total[lane] = Step.Failed(lane, lane.NeedsResync ? ResyncRequired(lane) : GroupWaits(lane)).Outcome;

        while (open.Count > 0)
        {
            var wait = TimeSpan.Zero;
            var next = new List<Lane>();
            foreach (var step in await PassAsync(open, lease, ct))
            {
                total[step.Lane] = Sum(total[step.Lane], step.Outcome);
                var retryIn = await book.RecordAsync(step, ct);
                if (step.More)
                    next.Add(step.Lane);
                else if (retryIn is { } w && step.Outcome.Fault!.IsTransient && step.Lane.Failures < engine.Options.Attempts)
                {
                    next.Add(step.Lane);
                    wait = w > wait ? w : wait;
                }
            }

            open = [.. Free(lanes).Where(l => next.Any(n => n.Unit == l.Unit))];      // a group is always read together
            await Task.Delay(wait, engine.Time, ct);
        }

        return [.. total.Values];
    }

    /// <summary>A pass that fails as a whole is a failed step of every lane.</summary>
    private async Task<IReadOnlyList<Step>> PassAsync(IReadOnlyList<Lane> lanes, Lease lease, CancellationToken ct)
    {
        foreach (var lane in lanes)
            lane.Begin(engine.Time.GetUtcNow());
        try
        {
            var units = await pass.RunAsync(lanes, lease, AtOnce, ct);
            return [.. (await Task.WhenAll(units)).SelectMany(steps => steps)];
        }
        catch (CdcSyncException fault)
        {
            return [.. lanes.Select(l => Step.Failed(l, fault))];
        }
    }

    private static DatasetOutcome Sum(DatasetOutcome sum, DatasetOutcome step) => new(
        sum.Dataset,
        step.Fault is not null || (step.Kind == OutcomeKind.Synced) ? step.Kind : sum.Kind is OutcomeKind.Synced ? OutcomeKind.Synced : step.Kind,
        sum.RowsRead + step.RowsRead, sum.Stats.Plus(step.Stats), sum.Quarantined + step.Quarantined, step.Fault);

    /// <summary>The lanes that may go on: those of a group only if all of it may.</summary>
    private static List<Lane> Free(IReadOnlyList<Lane> lanes) => [.. lanes.GroupBy(l => l.Unit).Where(unit => unit.All(l => !l.NeedsResync)).SelectMany(unit => unit)];

    private static CdcSyncException GroupWaits(Lane lane) =>
        new(ErrorCodes.GroupWaits, $"{lane.Dataset.Id}: waits, because another dataset of group '{lane.Dataset.Group}' can't go on without a resync.", "Run: cdcsync status");

    private static CdcSyncException ResyncRequired(Lane lane) =>
        new(ErrorCodes.ResyncRequired, $"{lane.Dataset.Id}: marked as not to go on ({lane.WrittenError ?? "see its last error"}).", $"Run: cdcsync resync {lane.Dataset.Id}");
}
