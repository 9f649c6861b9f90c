using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>
/// One pass over one source: read → shape → land → gate → stage → [gate → merge + quarantine + ledger + checkpoint] → acknowledge.
/// This is the way of every change; read <see cref="RunAsync"/> first.
/// </summary>
internal sealed class SourcePass(EngineContext engine, IChangeSource source, Publisher publisher, FirstLoad firstLoad, GapRepair gap, Acknowledgement acknowledgement)
{
    /// <summary>Runs a pass for the lanes that are due.</summary>
    /// <returns>The work begun, a task per unit: each goes on by itself, so that a slow dataset holds up no other and the source is let go first.</returns>
    /// <exception cref="CdcSyncException">The source or the warehouse as a whole can't be used.</exception>
    public async Task<IReadOnlyList<Task<IReadOnlyList<Step>>>> RunAsync(IReadOnlyList<Lane> due, Lease lease, IdlePolicy idle, CancellationToken ct)
    {
        var work = new List<Task<IReadOnlyList<Step>>>();

        // The checkpoint is read back from the warehouse, never remembered elsewhere.
        var checkpoints = await engine.Warehouse.Control.ReadCheckpointsAsync([.. due.Select(l => l.Dataset.Id)], ct);
        foreach (var lane in due)
            engine.Observer.CheckpointRead(lane.Dataset, checkpoints.GetValueOrDefault(lane.Dataset.Id));

        // One consistent reading of the source serves all its datasets.
        var asked = engine.Time.GetUtcNow();
        await using var session = await source.OpenAsync([.. due.Select(l => new ReadRequest(l.Dataset, checkpoints.GetValueOrDefault(l.Dataset.Id)))], ct);
        var opened = engine.Time.GetTimestamp();
        var clockOffset = ClockOffset(session.SourceTime, asked, engine.Time.GetUtcNow());
        Failpoints.Hit(Failpoints.Opened);
        var frozen = await new SchemaWatch(engine).LookAsync(due, session, ct);
        var triage = Triage.Of(due, checkpoints, session, frozen);
        // What a first load will go on from must be kept from the moment it was named, whatever is acknowledged meanwhile.
        foreach (var (lane, before, start) in triage.FirstLoads)
            lane.Load = before is null ? new LoadHold(start.UpTo) : null;
        work.AddRange(triage.Faults.Select(step => Task.FromResult<IReadOnlyList<Step>>([step])));

        // Windows are published while they are read: each unit follows its landing files.
        var windows = await OpenWindowsAsync(triage, session, work, ct);
        foreach (var window in windows)
            window.Begin();
        work.AddRange(windows.GroupBy(b => b.Lane.Unit).Select(unit => Begin(() => publisher.RunAsync([.. unit], lease, ct))));
        await SpoolAsync(session, windows, ct);
        await session.DisposeAsync();                                    // a slow warehouse never holds the source's transaction

        TellOfSource(session, due, engine.Time.GetElapsedTime(opened));
        engine.Observer.Polled(source.Name, session.SourceTime, clockOffset, [.. due.Where(l => session.Readings[l.Dataset.Id].State is ReadingState.Changed or ReadingState.Unchanged or ReadingState.Start).Select(l => l.Dataset)]);
        work.Add(AdvanceIdleAsync(triage.Unchanged, session.SourceTime, lease, idle, ct));

        // First loads and reloads read by key ranges, each in short transactions of its own.
        work.AddRange(triage.FirstLoads.Select(t => Begin(() => firstLoad.RunAsync(t.Lane, t.Before, t.Start, session.SourceTime, lease, ct))));
        work.AddRange(triage.Reloads.Select(lane => Begin(() => lane.Dataset.GapPolicy == GapPolicy.Reconcile && lane.Unfilled.Count == 0
            ? gap.RunAsync(lane, checkpoints[lane.Dataset.Id], lease, ct)
            : firstLoad.ReloadAsync(lane, checkpoints[lane.Dataset.Id], lane.Unfilled.Count > 0 ? ResyncCause.Contract : ResyncCause.Expired, BreakerUse.Armed, lease, ct))));
        return [.. work.Select(unit => AcknowledgedAsync(unit, ct))];
    }

    /// <summary>Begins a unit's work on a thread of its own: an embedded database never yields, and the units shall run side by side.</summary>
    private static Task<IReadOnlyList<Step>> Begin(Func<Task<IReadOnlyList<Step>>> unit) => Task.Run(unit, CancellationToken.None);

    private void TellOfSource(IReadSession session, IReadOnlyList<Lane> due, TimeSpan openFor)
    {
        engine.Observer.ReadEnded(source.Name, openFor, session.HeldBackFor);
        foreach (var lane in due)
            if (session.Readings[lane.Dataset.Id].Retention is { } retention) engine.Observer.RetentionKnown(lane.Dataset, retention);
    }

    /// <summary>The source's clock was read at some moment between asking and answer: what lies within is no offset.</summary>
    private static TimeSpan ClockOffset(DateTimeOffset sourceTime, DateTimeOffset asked, DateTimeOffset answered) =>
        sourceTime < asked ? sourceTime - asked : sourceTime > answered ? sourceTime - answered : TimeSpan.Zero;

    private async Task<IReadOnlyList<Batch>> OpenWindowsAsync(Triage triage, IReadSession session, List<Task<IReadOnlyList<Step>>> work, CancellationToken ct)
    {
        var windows = new List<Batch>();
        foreach (var unit in triage.Changed.GroupBy(t => t.Lane.Unit))
        {
            try
            {
                foreach (var (lane, before, _) in unit)
                    await firstLoad.EnsureTargetAsync(lane, isFirst: before is null, ct);
                windows.AddRange(unit.Select(t => new Batch(t.Lane, Window(t, session), engine)));
            }
            catch (CdcSyncException fault)
            {
                work.Add(Task.FromResult<IReadOnlyList<Step>>([.. unit.Select(t => Step.Failed(t.Lane, fault))]));
            }
        }

        return windows;
    }

    private static BatchStart Window((Lane Lane, Checkpoint? Before, Reading Reading) t, IReadSession session) =>
        t.Lane.Dataset.Capture is Capture.FullRefresh
            ? new BatchStart(BatchKind.Refresh, PublishMode.Difference, t.Before, t.Reading.Identity!, session.SourceTime)
            : new BatchStart(BatchKind.Window, PublishMode.Merge, t.Before, t.Reading.Identity!, session.SourceTime);

    /// <summary>Takes the windows from the source at its own speed into their landing files. A window that fails spoils no other.</summary>
    private static async Task SpoolAsync(IReadSession session, IReadOnlyList<Batch> windows, CancellationToken ct)
    {
        var open = windows.ToDictionary(b => b.Lane.Dataset.Id);
        try
        {
            await foreach (var e in session.ReadAsync([.. open.Keys], ct))
            {
                if (!open.TryGetValue(e.Dataset, out var batch))
                    continue;
                try
                {
                    switch (e)
                    {
                        case ChunkRead(_, var chunk):
                            await batch.AppendAsync(chunk, ct);
                            break;
                        case WindowEnd(_, var upTo, var newestCommit) end:
                            await batch.CompleteAsync(upTo, newestCommit, end.HasMore, ct);
                            open.Remove(e.Dataset);
                            break;
                        case WindowFailed(_, var fault):
                            throw fault;
                    }
                }
                catch (CdcSyncException fault)
                {
                    batch.Fail(fault);
                    open.Remove(e.Dataset);
                }
            }

            if (open.Count > 0)
                throw new CdcSyncException(ErrorCodes.InternalError, "the read session ended before the window's end.", "Report this with the log. Run: cdcsync status");
        }
        catch (Exception e)
        {
            foreach (var batch in open.Values)
                batch.Fail(e);
            if (e is not (CdcSyncException or OperationCanceledException))
                throw;
        }
    }

    /// <summary>Unchanged datasets are complete up to the source's time: told at once, persisted for all in one statement when it is time.</summary>
    private async Task<IReadOnlyList<Step>> AdvanceIdleAsync(IReadOnlyList<(Lane Lane, Checkpoint Before, Reading Reading)> unchanged, DateTimeOffset sourceTime, Lease lease, IdlePolicy idle, CancellationToken ct)
    {
        var persist = unchanged.Any(t => t.Reading.HasMore || idle.IsTime(t.Before.CompleteUpTo, t.Lane.CompleteAt(sourceTime)));
        try
        {
            if (persist)
            {
                var moves = unchanged.ToDictionary(t => t.Lane.Dataset.Id, t => new CheckpointMove(t.Before.Generation, t.Before with
                {
                    Generation = t.Before.Generation + 1,
                    Stream = t.Reading.UpTo!,
                    CompleteUpTo = t.Reading.HasMore ? t.Before.CompleteUpTo : t.Lane.CompleteAt(sourceTime),
                }));
                await engine.Warehouse.AdvanceIdleAsync(lease, moves, ct);
            }
        }
        catch (CdcSyncException fault)
        {
            return [.. unchanged.Select(t => Step.Failed(t.Lane, fault))];
        }

        foreach (var (lane, _, _) in unchanged.Where(t => !t.Reading.HasMore))
            engine.Observer.IdleAdvanced(lane.Dataset, lane.CompleteAt(sourceTime));
        return [.. unchanged.Select(t => Step.Done(t.Lane, OutcomeKind.Unchanged, 0, MergeStats.None, 0, more: t.Reading.HasMore) with { Moved = persist })];
    }

    private async Task<IReadOnlyList<Step>> AcknowledgedAsync(Task<IReadOnlyList<Step>> unit, CancellationToken ct)
    {
        var steps = await unit;
        if (steps.Any(s => s.Moved))
            await acknowledgement.TellAsync(ct);
        return steps;
    }
}

/// <summary>When the checkpoints of unchanged datasets are written.</summary>
/// <param name="Every">The time between two writes; zero = at once (a single pass).</param>
internal sealed record IdlePolicy(TimeSpan Every)
{
    public bool IsTime(DateTimeOffset? completeUpTo, DateTimeOffset completeAt) => completeUpTo is not { } last || completeAt - last >= Every;
}
