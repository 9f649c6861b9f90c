using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>Brings the lanes of one source to now, then fills columns that came into their contracts (ADR 116).</summary>
internal sealed class FillingRun(LaneBook book, SingleRun run, Comparison comparison)
{
    /// <returns>One outcome per lane, in their order: what was read to fill columns is part of it.</returns>
    public async Task<IReadOnlyList<DatasetOutcome>> RunAsync(IReadOnlyList<Lane> lanes, Lease lease, CancellationToken ct)
    {
        var outcomes = (await run.RunAsync(lanes, lease, ct)).ToDictionary(o => o.Dataset);
        foreach (var lane in lanes.Where(l => l.Unfilled.Count > 0))
        {
            IReadOnlyList<Lane> unit = [.. lanes.Where(l => l.Unit == lane.Unit)];
            if (unit.Any(l => l.IsPaused || outcomes[l.Dataset.Id].Fault is not null || l.Phase != DatasetPhase.Streaming)) continue;
            var before = outcomes[lane.Dataset.Id];
            try
            {
                var filled = await comparison.BackfillAsync(lane, unit, null, lease, ct);
                outcomes[lane.Dataset.Id] = filled with { RowsRead = before.RowsRead + filled.RowsRead, Stats = before.Stats.Plus(filled.Stats), Quarantined = before.Quarantined + filled.Quarantined };
            }
            catch (CdcSyncException fault)
            {
                var step = Step.Failed(lane, fault);
                await book.RecordAsync(step, ct);
                outcomes[lane.Dataset.Id] = before with { Kind = step.Outcome.Kind, Fault = fault };
            }
        }

        return [.. lanes.Select(l => outcomes[l.Dataset.Id])];
    }
}
