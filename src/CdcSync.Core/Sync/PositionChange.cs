using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>A person gives a dataset another position: an earlier one to read changes again, or one that was exported. The source is asked first whether it can go on from there.</summary>
internal sealed class PositionChange(EngineContext engine, Lane lane)
{
    /// <summary>Sets it. The next pass goes on from there; until it has committed nothing is called complete.</summary>
    /// <param name="source">The source it was made on; null = the one of the checkpoint.</param>
    /// <param name="position">The position.</param>
    /// <param name="lease">The pipeline's lease.</param>
    /// <param name="ct">Cancels; nothing is changed then.</param>
    /// <returns>The checkpoint before, and the new one.</returns>
    /// <exception cref="CdcSyncException">There is no finished checkpoint, it is of another source or kind, or the source can't go on from there. Nothing was changed.</exception>
    public async Task<(Checkpoint Before, Checkpoint After)> RunAsync(SourceIdentity? source, Position position, Lease lease, CancellationToken ct)
    {
        var id = lane.Dataset.Id;
        var before = (await engine.Warehouse.Control.ReadCheckpointsAsync([id], ct)).GetValueOrDefault(id);
        if (before is not { Snapshot: null })
            throw new CdcSyncException(ErrorCodes.WrongUsage, $"{id}: {(before is null ? "there is no checkpoint" : "the first load is not done")}; a position alone says nothing of rows that were never loaded.", $"Run: cdcsync sync {id}");
        if (source is not null && source != before.Source)
            throw new CdcSyncException(ErrorCodes.WrongUsage, $"{id}: the position is of source {source}, the checkpoint of {before.Source}.", "Run: cdcsync checkpoint show");
        if (position.Kind != before.Stream.Kind)
            throw new CdcSyncException(ErrorCodes.WrongUsage, $"{id}: the position is of kind '{position.Kind}', the checkpoint of '{before.Stream.Kind}'.", "Run: cdcsync checkpoint show");

        var after = before with { Generation = before.Generation + 1, Stream = position, CompleteUpTo = null };
        await using (var session = await lane.Source.OpenAsync([new ReadRequest(lane.Dataset, after)], ct))
        {
            if (session.Readings[id].Fault is { } fault)
                throw fault;
        }

        var moved = await engine.Warehouse.AdvanceIdleAsync(lease, new Dictionary<DatasetId, CheckpointMove> { [id] = new(before.Generation, after) }, ct);
        return moved.Contains(id) ? (before, after)
            : throw new CdcSyncException(ErrorCodes.Superseded, $"{id}: another worker moved the checkpoint from generation {before.Generation}; nothing was changed.", "Run: cdcsync checkpoint show");
    }
}
