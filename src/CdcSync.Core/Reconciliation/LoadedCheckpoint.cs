using CdcSync.Core.Checkpoints;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;

namespace CdcSync.Core.Reconciliation;

/// <summary>Reads where a dataset stands, if there is anything to compare yet.</summary>
internal static class LoadedCheckpoint
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    /// <summary>The dataset's checkpoint.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.NotLoaded"/>: it was never loaded, or its first load still runs.</exception>
    public static async Task<Checkpoint> ReadAsync(EngineContext engine, Lane lane, CancellationToken ct)
    {
        var id = lane.Dataset.Id;
        return (await engine.Warehouse.Control.ReadCheckpointsAsync([id], ct)).GetValueOrDefault(id) is { Snapshot: null } checkpoint ? checkpoint
            : throw new CdcSyncException(ErrorCodes.NotLoaded, $"{id}: its first load is not complete, so there is nothing to compare.", $"Load it first. Run: cdcsync sync {id}");
    }

    /// <summary>Waits until whoever syncs the dataset has moved its stream, or would have had the time to.</summary>
    public static async Task AwaitMoveAsync(EngineContext engine, Lane lane, Checkpoint before, CancellationToken ct)
    {
        var until = engine.Time.GetUtcNow() + lane.Dataset.Interval + BetweenLooks;
        do
        {
            await Task.Delay(BetweenLooks, engine.Time, ct);
        }
        while ((await ReadAsync(engine, lane, ct)).Stream == before.Stream && engine.Time.GetUtcNow() < until);
    }
}
