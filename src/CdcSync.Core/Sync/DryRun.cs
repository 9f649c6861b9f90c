using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>Reads what the next pass would read, and only counts it.</summary>
internal static class DryRun
{
    public static async Task<IReadOnlyList<DatasetOutcome>> CountAsync(EngineContext engine, IChangeSource source, IReadOnlyList<Lane> lanes, CancellationToken ct)
    {
        var checkpoints = await engine.Warehouse.Control.ReadCheckpointsAsync([.. lanes.Select(l => l.Dataset.Id)], ct);
        await using var session = await source.OpenAsync([.. lanes.Select(l => new ReadRequest(l.Dataset, checkpoints.GetValueOrDefault(l.Dataset.Id)))], ct);
        var triage = Triage.Of(lanes, checkpoints, session, new Dictionary<DatasetId, CdcSyncException>());
        var outcomes = triage.Faults.Select(f => f.Outcome).ToDictionary(o => o.Dataset);
        var rows = triage.Changed.ToDictionary(t => t.Lane.Dataset.Id, _ => 0L);
        await foreach (var e in session.ReadAsync([.. rows.Keys], ct))
        {
            if (e is ChunkRead(var id, var chunk))
                rows[id] += chunk.Length;
            else if (e is WindowFailed(var failed, var fault))
                outcomes[failed] = new DatasetOutcome(failed, OutcomeKind.Failed, rows[failed], MergeStats.None, 0, fault);
        }

        await session.DisposeAsync();                                    // tables are read with connections of their own
        foreach (var (lane, before, _) in triage.FirstLoads)
            rows[lane.Dataset.Id] = await CountFirstLoadAsync(engine, source, lane, before?.Snapshot, ct);
        return [.. lanes.Select(l => l.Dataset.Id).Select(id => outcomes.GetValueOrDefault(id)
            ?? new DatasetOutcome(id, rows.GetValueOrDefault(id) > 0 ? OutcomeKind.Synced : OutcomeKind.Unchanged, rows.GetValueOrDefault(id), MergeStats.None, 0, null))];
    }

    private static async Task<long> CountFirstLoadAsync(EngineContext engine, IChangeSource source, Lane lane, SnapshotProgress? progress, CancellationToken ct)
    {
        var rows = 0L;
        foreach (var range in progress?.Remaining ?? await source.Ranges.PlanAsync(lane.Dataset, engine.Options.SnapshotRowsPerRange, ct))
        {
            await foreach (var chunk in source.Ranges.ReadAsync(lane.Dataset, range, ct))
                rows += chunk.Length;
        }

        return rows;
    }
}
