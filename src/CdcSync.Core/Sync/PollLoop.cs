using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>Polls one source for as long as the lease is held: whenever lanes are due and free, a pass; lanes still publishing are left out of it. In blackout hours nothing begins.</summary>
internal sealed class PollLoop(EngineContext engine, LaneBook book, SourcePass pass, Errands errands, BlackoutHours? blackout)
{
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PausesAskedEvery = TimeSpan.FromSeconds(2);
    private readonly HashSet<Task> _running = [];
    private DateTimeOffset _pausesAsked = DateTimeOffset.MinValue;
    private int _failures;

    /// <summary>Runs until cancelled, then waits for what has begun to commit.</summary>
    public async Task RunAsync(IReadOnlyList<Lane> lanes, Lease lease, CancellationToken ct)
    {
        foreach (var lane in lanes)
            lane.Blackout = blackout;
        try
        {
            while (true)
            {
                ct.ThrowIfCancellationRequested();
                var rung = engine.Bell.Next;
                await ReadPausesAsync(lanes, ct);
                if (!IsBlackedOut)
                {
                    var due = DueAndFree(lanes);
                    if (due.Count > 0)
                        await PassAsync(due, lease, ct);
                    _running.UnionWith(errands.Begin(lanes, lease, ct));
                }

                await SleepAsync(lanes, rung, ct);
                if (rung.IsCompleted)
                    _pausesAsked = DateTimeOffset.MinValue;
            }
        }
        finally
        {
            await Task.WhenAll(_running).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task ReadPausesAsync(IReadOnlyList<Lane> lanes, CancellationToken ct)
    {
        var now = engine.Time.GetUtcNow();
        if (now - _pausesAsked < PausesAskedEvery) return;
        _pausesAsked = now;
        try
        {
            await book.ReadPausesAsync(lanes, ct);
        }
        catch (CdcSyncException)
        {
            // Whoever can't ask can't publish either: the pass will tell. Until then what was known last holds.
        }
    }

    private bool IsBlackedOut => blackout?.Covers(engine.Time.GetUtcNow()) is true;

    /// <summary>A group is polled when one of it is due or asked for and all of it are free to go on. The most important come first.</summary>
    private List<Lane> DueAndFree(IReadOnlyList<Lane> lanes)
    {
        var now = engine.Time.GetUtcNow();
        return [.. lanes.GroupBy(l => l.Unit).Where(unit => unit.All(IsFree) && unit.Any(l => l.IsAsked || l.Due <= now)).OrderByDescending(unit => unit.Max(l => l.Dataset.Priority)).SelectMany(unit => unit)];
    }

    private static bool IsFree(Lane lane) => !lane.Busy && !lane.NeedsResync && !lane.IsPaused;

    private async Task PassAsync(IReadOnlyList<Lane> due, Lease lease, CancellationToken ct)
    {
        try
        {
            foreach (var lane in due)
                lane.Begin(engine.Time.GetUtcNow());
            var units = await pass.RunAsync(due, lease, new IdlePolicy(engine.Options.IdlePersist), ct);
            foreach (var unit in units)
                _running.Add(FinishAsync(unit, ct));
            _failures = 0;
        }
        catch (CdcSyncException fault)
        {
            var wait = Backoff.After(++_failures, fault, Random.Shared);
            engine.Observer.WorkerFailed(fault.Code.Exit == ExitCode.Source ? "source" : "warehouse", fault, wait);
            foreach (var lane in due)
            {
                await RecordAsync(Step.Failed(lane, fault), ct);
                lane.Due = engine.Time.GetUtcNow() + wait;
                lane.Busy = false;
            }
        }
    }

    private async Task FinishAsync(Task<IReadOnlyList<Step>> unit, CancellationToken ct)
    {
        foreach (var step in await unit)
        {
            await RecordAsync(step, ct);
            step.Lane.Busy = false;
        }
    }

    /// <summary>A poll that was ordered has ended when the dataset is at its source's now, or when it failed.</summary>
    private async Task RecordAsync(Step step, CancellationToken ct)
    {
        await book.RecordAsync(step, ct);
        if (!step.Lane.IsPollOrdered || (step.More && step.Outcome.Fault is null))
            return;
        step.Lane.IsPollOrdered = false;
        var order = new Order.Sync(step.Lane.Accepts);
        step.Lane.Accepts = Acceptance.None;                             // it was for this poll
        step.Lane.Last = new OrderEnd(order, engine.Time.GetUtcNow(), null, step.Outcome.Fault);
        engine.Observer.OrderEnded(step.Lane.Dataset, step.Lane.Last);
    }

    /// <summary>Sleeps until a lane is due, a blackout is over, someone rings, or a unit has finished.</summary>
    private async Task SleepAsync(IReadOnlyList<Lane> lanes, Task rung, CancellationToken ct)
    {
        var now = engine.Time.GetUtcNow();
        var next = IsBlackedOut ? blackout!.FirstFree(now) ?? now + LongestSleep
            : lanes.GroupBy(l => l.Unit).Where(unit => unit.All(IsFree)).SelectMany(unit => unit).Select(l => l.ReconcileDue is { } compare && compare > now && compare < l.Due ? compare : l.Due).DefaultIfEmpty(now + LongestSleep).Min();
        var longest = lanes.Any(l => l.IsPaused) ? PausesAskedEvery : LongestSleep;
        var sleep = next - now < longest ? next - now : longest;
        if (sleep > TimeSpan.Zero)
        {
            using var woken = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny([.. _running, rung, Task.Delay(sleep, engine.Time, woken.Token)]);
            await woken.CancelAsync();
        }

        foreach (var finished in _running.Where(t => t.IsCompleted).ToArray())
        {
            _running.Remove(finished);
            await finished;
        }
    }
}
