using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>
/// Loads a dataset from nothing: notes where the stream stands, then commits key range by key range; a crash goes on with the first range that is not
/// committed. The stream then goes on from the noted position: its changes over newer rows converge.
/// </summary>
internal sealed class FirstLoad(EngineContext engine, Publisher publisher, LaneBook book)
{
    private static readonly KeyRange Whole = new(0, null, null);

    /// <summary>Runs or resumes the load.</summary>
    /// <param name="lane">The dataset's lane.</param>
    /// <param name="before">Its checkpoint; null = the load has not begun.</param>
    /// <param name="start">Where the stream stood before the first row is read.</param>
    /// <param name="sourceTime">The source's clock at that position.</param>
    /// <param name="lease">The lease to publish under.</param>
    /// <param name="ct">Cancels between commits.</param>
    public async Task<IReadOnlyList<Step>> RunAsync(Lane lane, Checkpoint? before, Reading start, DateTimeOffset sourceTime, Lease lease, CancellationToken ct)
    {
        try
        {
            var mode = await KeysStayUniqueAsync(lane, ct) ? PublishMode.Append : PublishMode.Merge;
            await EnsureTargetAsync(lane, isFirst: before is null, ct, mode);
            await book.BeginFirstLoadAsync(lane, ct);
            if (before is null)
                await book.FilledAsync(lane, ct);                        // there are no rows yet
            var checkpoint = before ?? await PlanAsync(lane, start, sourceTime, lease, ct);
            lane.Load = null;                                            // the checkpoint says it from now on
            engine.Observer.SnapshotProgressed(lane.Dataset, checkpoint.Snapshot!);
            var outcome = await LoadRangesAsync(lane, checkpoint, mode, sourceTime, lease, ct);
            // From now on the table is merged into: it must have all that a merge needs.
            lane.TargetEnsured = false;
            return [outcome];
        }
        catch (CdcSyncException fault)
        {
            return [Step.Failed(lane, fault)];
        }
        finally
        {
            lane.Load = null;
        }
    }

    /// <summary>Loads a dataset anew beside its live table and publishes the difference in one transaction; readers never see it empty or half.</summary>
    public async Task<IReadOnlyList<Step>> ReloadAsync(Lane lane, Checkpoint? before, ResyncCause cause, BreakerUse breaker, Lease lease, CancellationToken ct)
    {
        try
        {
            await EnsureTargetAsync(lane, isFirst: false, ct);
            var (start, sourceTime) = await StartAsync(lane, ct);
            var batch = new Batch(lane, new BatchStart(BatchKind.Refresh, PublishMode.Difference, before, start.Identity!, sourceTime) { Breaker = breaker, Resync = cause }, engine);
            var step = await PublishAsync(batch, lane.Source.Ranges.ReadAsync(lane.Dataset, Whole, ct), start.UpTo!, lease, ct);
            if (step.Outcome.Fault is null)
                await book.FilledAsync(lane, ct);
            return [step];
        }
        catch (CdcSyncException fault)
        {
            return [Step.Failed(lane, fault)];
        }
        finally
        {
            lane.Load = null;
        }
    }

    /// <summary>Notes where the stream begins for who reads rows from now on; the source keeps what comes after it until the lane's hold ends.</summary>
    /// <exception cref="CdcSyncException">The source can't say.</exception>
    public static async Task<(Reading Start, DateTimeOffset SourceTime)> StartAsync(Lane lane, CancellationToken ct)
    {
        lane.Load = LoadHold.All;                                        // the position is not known yet, and must not be forgotten before it is
        await using var session = await lane.Source.OpenAsync([new ReadRequest(lane.Dataset, null)], ct);
        var start = session.Readings[lane.Dataset.Id];
        if (start.Fault is { } fault)
            throw fault;
        lane.Load = new LoadHold(start.UpTo);
        return (start, session.SourceTime);
    }

    /// <summary>Publishes range after range, in the order of the plan, while the next are read.</summary>
    private async Task<Step> LoadRangesAsync(Lane lane, Checkpoint checkpoint, PublishMode mode, DateTimeOffset sourceTime, Lease lease, CancellationToken ct)
    {
        var (read, quarantined, stats) = (0L, 0L, MergeStats.None);
        await using var ranges = new RangeReadings(engine, lane, checkpoint, mode, sourceTime, ct);
        while (await ranges.NextAsync() is { } batch)
        {
            var step = (await publisher.RunAsync([batch], lease, ct))[0];
            if (step.Outcome.Fault is not null)
                return step;
            read += step.Outcome.RowsRead;
            quarantined += step.Outcome.Quarantined;
            stats = stats.Plus(step.Outcome.Stats);
        }

        return Step.Done(lane, OutcomeKind.Synced, read, stats, quarantined, more: true);
    }

    /// <summary>Makes the target fit, once until a failure. A first load refuses a table with rows: nothing would say where they came from.</summary>
    public async Task EnsureTargetAsync(Lane lane, bool isFirst, CancellationToken ct, PublishMode mode = PublishMode.Merge)
    {
        if (lane.TargetEnsured)
            return;
        if (mode == PublishMode.Append)
            await engine.Warehouse.EnsureTargetForAppendAsync(lane.Dataset, ct);
        else
            await engine.Warehouse.EnsureTargetAsync(lane.Dataset, ct);
        if (isFirst && await engine.Warehouse.HasRowsAsync(lane.Dataset, ct))
        {
            throw new CdcSyncException(ErrorCodes.TargetNotEmpty, $"{lane.Dataset.Id}: target {lane.Dataset.Target} holds rows, and no checkpoint says where they came from.",
                $"Name another target or empty the table; to keep the table and make it equal to the source, run: cdcsync resync {lane.Dataset.Id}");
        }

        lane.TargetEnsured = true;
    }

    /// <summary>True if the source guarantees its keys and the shape leaves them as they are: two keys can't become one on the way.</summary>
    private static async ValueTask<bool> KeysStayUniqueAsync(Lane lane, CancellationToken ct) =>
        lane.Dataset.Key.Count > 0 && lane.Dataset.Key.All(k => k.Mask is null && k.ReadType == k.TargetType) && await lane.Source.Ranges.GuaranteesKeysAsync(lane.Dataset, ct);

    private async Task<Checkpoint> PlanAsync(Lane lane, Reading start, DateTimeOffset sourceTime, Lease lease, CancellationToken ct)
    {
        var ranges = await RangePlan.OfAsync(lane.Dataset, lane.Source.Ranges, engine.Options.SnapshotRowsPerRange, ct);
        var plan = new Checkpoint(1, start.Identity!, start.UpTo!, new SnapshotProgress(ranges.Count, ranges), null);
        var ledger = new LedgerDraft(BatchKind.Plan, null, plan.Stream, 0, 0, null, sourceTime, null);
        if (!await engine.Warehouse.Control.TryMoveCheckpointAsync(lease, lane.Dataset.Id, new CheckpointMove(0, plan), ledger, ct))
            throw new CdcSyncException(ErrorCodes.Superseded, $"{lane.Dataset.Id}: another worker has begun its first load.", "The checkpoint is read again. Run: cdcsync history");
        return plan;
    }

    /// <summary>Reads and publishes one batch, the reading ahead of the publishing.</summary>
    private async Task<Step> PublishAsync(Batch batch, IAsyncEnumerable<ChangeChunk> rows, Position upTo, Lease lease, CancellationToken ct)
    {
        var reading = Task.Run(() => batch.ReadAsync(rows, upTo, ct), CancellationToken.None);
        var steps = await publisher.RunAsync([batch], lease, ct);
        await reading;
        return steps[0];
    }
}
