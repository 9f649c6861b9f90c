using CdcSync.Core.Gates;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>The gates of one batch: those that apply to its kind; those that a person accepts beforehand only note what they would have blocked.</summary>
internal sealed class BatchGates(EngineContext engine, Lane lane, BatchStart start, long rowsRead, RowBreaches breaches)
{
    private readonly List<AcceptedVerdict> _accepted = [];

    /// <summary>What was accepted; filled while the gates are asked.</summary>
    public IReadOnlyList<AcceptedVerdict> Accepted => _accepted;

    /// <summary>The gates, in the order in which they are asked.</summary>
    public IReadOnlyList<IBatchGate> For(Lease lease)
    {
        var accepts = lane.Accepts | (start.Breaker == BreakerUse.Accepted ? Acceptance.Deletes : Acceptance.None);
        var gates = new List<IBatchGate> { new BreachGate(breaches, Warn), Accepting(new DeleteBreakerGate(lane.Dataset.Breaker), Acceptance.Deletes), Accepting(Daily(lease), Acceptance.Deletes) };
        // What a person asked for, or a gap, is of no usual size.
        if (lane.Dataset.Volume is { } limit && start.Kind is BatchKind.Window or BatchKind.Refresh && start.Resync is null)
            gates.Add(Accepting(Volume(limit), Acceptance.Volume));
        return gates;

        IBatchGate Accepting(IBatchGate gate, Acceptance which) => accepts.HasFlag(which) ? new AcceptingGate(gate, ControlText.Of(which), _accepted) : gate;
    }

    private DailyDeletesGate Daily(Lease lease) => new(lane.Dataset.Breaker, lane.Deletes, lease, engine.Time,
        ct => engine.Warehouse.Control.SumDeletedAsync(engine.Pipeline, lane.Dataset.Id, RecentDeletes.Within, ct));

    private VolumeGate Volume(Datasets.VolumeLimit limit) => new(limit, lane.Dataset,
        new BatchVolume(rowsRead, start.Kind == BatchKind.Refresh, start.SourceTime, start.Before?.CompleteUpTo),
        ct => engine.Warehouse.Control.ReadPastAsync(engine.Pipeline, lane.Dataset.Id, start.Kind, VolumeGate.PastBatches, ct),
        Warn);

    private void Warn(Errors.CdcSyncException verdict) => engine.Observer.GateWarned(lane.Dataset, verdict);
}
