using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Core.Sync;

/// <summary>What the readings of a session ask for, lane by lane.</summary>
internal sealed record Triage(
    IReadOnlyList<(Lane Lane, Checkpoint? Before, Reading Reading)> Changed,
    IReadOnlyList<(Lane Lane, Checkpoint Before, Reading Reading)> Unchanged,
    IReadOnlyList<(Lane Lane, Checkpoint? Before, Reading Start)> FirstLoads,
    IReadOnlyList<Lane> Reloads,
    IReadOnlyList<Step> Faults)
{
    /// <summary>Sorts the lanes. Every lane lands in exactly one list; of a group in which one can't be read, none is published.</summary>
    public static Triage Of(IReadOnlyList<Lane> due, IReadOnlyDictionary<DatasetId, Checkpoint> checkpoints, IReadSession session, IReadOnlyDictionary<DatasetId, CdcSyncException> frozen)
    {
        var changed = new List<(Lane, Checkpoint?, Reading)>();
        var unchanged = new List<(Lane, Checkpoint, Reading)>();
        var firstLoads = new List<(Lane, Checkpoint?, Reading)>();
        var reloads = new List<Lane>();
        var faults = new List<Step>();
        foreach (var lane in due)
        {
            var before = checkpoints.GetValueOrDefault(lane.Dataset.Id);
            var reading = session.Readings[lane.Dataset.Id];
            switch (reading.State)
            {
                case not ReadingState.Denied when frozen.TryGetValue(lane.Dataset.Id, out var why):
                    faults.Add(Step.Failed(lane, why));
                    break;
                // A source that finds its columns changed for the contract's sake has lost nothing.
                case ReadingState.Expired when lane.Unfilled.Count > 0 && reading.Fault!.Code == ErrorCodes.SourceColumnsChanged:
                case ReadingState.Changed or ReadingState.Unchanged when lane is { Unfilled.Count: > 0, FillsByReload: true } && before is { Snapshot: null } && before.Source == reading.Identity:
                case ReadingState.Expired when lane.Dataset.GapPolicy is GapPolicy.Resnapshot or GapPolicy.Reconcile:
                    reloads.Add(lane);
                    break;
                case ReadingState.Expired or ReadingState.Rewound or ReadingState.Denied:
                    faults.Add(Step.Failed(lane, reading.Fault!));
                    break;
                case var _ when before is not null && before.Source != reading.Identity:
                    faults.Add(Step.Failed(lane, OtherSource(lane, before, reading)));
                    break;
                case ReadingState.Start:
                    firstLoads.Add((lane, before, reading));
                    break;
                case var _ when before?.Snapshot is not null:
                    firstLoads.Add((lane, before, reading));
                    break;
                case ReadingState.Changed:
                    changed.Add((lane, before, reading));
                    break;
                default:
                    unchanged.Add((lane, before!, reading));
                    break;
            }
        }

        return Together(new Triage(changed, unchanged, firstLoads, reloads, faults));
    }

    /// <summary>Holds back the changes of a group of which another member failed: its windows would show half a transaction.</summary>
    private static Triage Together(Triage all)
    {
        var failed = all.Faults.Where(f => f.Lane.Dataset.Group is not null).DistinctBy(f => f.Lane.Unit).ToDictionary(f => f.Lane.Unit, StringComparer.Ordinal);
        var held = all.Changed.Where(t => failed.ContainsKey(t.Lane.Unit)).ToArray();
        if (held.Length == 0)
            return all;
        var waits = held.Select(t => Step.Failed(t.Lane, new CdcSyncException(ErrorCodes.GroupWaits,
            $"{t.Lane.Dataset.Id}: waits, because {failed[t.Lane.Unit].Lane.Dataset.Id} of group '{t.Lane.Dataset.Group}' can't be read.",
            failed[t.Lane.Unit].Outcome.Fault!.Remedy)));
        return all with { Changed = [.. all.Changed.Except(held)], Faults = [.. all.Faults, .. waits] };
    }

    private static CdcSyncException OtherSource(Lane lane, Checkpoint before, Reading reading) =>
        new(ErrorCodes.OtherSource, $"{lane.Dataset.Id}: the checkpoint was made on {before.Source}, the source is {reading.Identity}.",
            $"Point source '{lane.Source.Name}' back to where it was; if the new source is meant, load it anew. Run: cdcsync resync {lane.Dataset.Id}");
}
