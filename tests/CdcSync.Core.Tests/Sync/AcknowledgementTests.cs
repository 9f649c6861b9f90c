using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Sync;

/// <summary>A source that forgets at once whatever it is not told to keep, as a slot does: no dataset may ever miss a change for that.</summary>
public sealed class AcknowledgementTests
{
    private static readonly Dataset Orders = World.Of("orders");
    private static readonly Dataset Lines = World.Of("lines");

    [Fact]
    public async Task A_dataset_without_changes_lets_the_source_forget_too()
    {
        using var world = Slot(Orders, Lines);
        await world.SyncAsync();
        world.Source[Lines.Id].Put(1, "a");
        world.Source.Acknowledged.Clear();
        await world.SyncAsync();
        Assert.Contains(world.Source.Acknowledged, a => a.Dataset == Orders.Id);
        Assert.Contains(world.Source.Acknowledged, a => a.Dataset == Lines.Id);
        Assert.Equal(0, world.Source[Lines.Id].Kept);
    }

    [Fact]
    public async Task A_dataset_that_is_not_in_the_pass_keeps_its_changes()
    {
        using var world = Slot(Orders, Lines);
        await world.SyncAsync();
        world.Source[Orders.Id].Put(1, "a");
        world.Source[Lines.Id].Put(1, "a");
        await world.Engine().SyncOnceAsync(new HashSet<DatasetId> { Orders.Id }, CancellationToken.None);
        Assert.Equal(1, world.Source[Lines.Id].Kept);
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        Assert.True(world.Equal(Lines));
    }

    [Fact]
    public async Task A_dataset_that_is_blocked_keeps_its_changes()
    {
        var guarded = Lines with { Breaker = new DeleteBreaker(0.1, 1) };
        using var world = Slot(Orders, guarded);
        for (var key = 0; key < 10; key++)
            world.Source[guarded.Id].Put(key, "a");
        await world.SyncAsync();
        for (var key = 0; key < 9; key++)
            world.Source[guarded.Id].Delete(key);
        world.Source[Orders.Id].Put(1, "a");
        await world.SyncAsync();
        Assert.Equal(DatasetPhase.Blocked, world.Observer.Phases.Last(p => p.Dataset == guarded.Id).Phase);
        Assert.Equal(9, world.Source[guarded.Id].Kept);
        Assert.Equal(0, world.Source[Orders.Id].Kept);
    }

    [Fact]
    public async Task A_first_load_keeps_the_changes_since_it_began_while_others_are_acknowledged()
    {
        using var world = Slot(Orders, Lines);
        await world.Engine().SyncOnceAsync(new HashSet<DatasetId> { Orders.Id }, CancellationToken.None);
        for (var key = 0; key < 20; key++)
            world.Source[Lines.Id].Put(key, "a");
        world.Source[Orders.Id].Put(1, "a");
        var reads = 0;
        // While a range is read: another dataset commits and is acknowledged, and a row of a range already read changes.
        world.Source.Meanwhile = () =>
        {
            world.Source[Lines.Id].Put(0, $"late {++reads}");
            world.Source[Orders.Id].Put(reads, "b");
        };
        await world.SyncAsync();
        world.Source.Meanwhile = null;
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        Assert.True(world.Equal(Lines));
        Assert.True(world.Equal(Orders));
    }

    [Fact]
    public async Task A_dataset_that_must_be_loaded_anew_keeps_nothing()
    {
        using var world = Slot(Orders, Lines);
        await world.SyncAsync();
        world.Source[Lines.Id].Put(1, "a");
        world.Source[Lines.Id].Cleanup();
        Assert.Equal(ExitCode.ResyncRequired, (await world.SyncAsync()).Exit);
        world.Source[Lines.Id].Put(2, "a");
        world.Source[Orders.Id].Put(1, "a");
        await world.SyncAsync();
        Assert.Equal(0, world.Source[Lines.Id].Kept);
        await world.Engine().ResyncAsync(new HashSet<DatasetId> { Lines.Id }, BreakerUse.Armed, CancellationToken.None);
        world.Source[Lines.Id].Put(3, "a");
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        Assert.True(world.Equal(Lines));
    }

    [Fact]
    public async Task What_a_source_retains_and_whom_it_detached_is_told()
    {
        using var world = Slot(Orders);
        world.Source.Detached = [new CdcSyncException(ErrorCodes.ChangesExpired, "far behind.", "Run: cdcsync resync orders")];
        await world.SyncAsync();
        Assert.Contains(("fake", 0L), world.Observer.Retained);
        Assert.Contains(world.Observer.WorkerFaults, f => f.Side == "source" && f.Fault.Code == ErrorCodes.ChangesExpired);
    }

    [Fact]
    public async Task A_window_that_ends_before_now_completes_nothing_and_the_next_follows_at_once()
    {
        using var world = Slot(Orders);
        await world.SyncAsync();
        var complete = world.Warehouse.Checkpoints[Orders.Id].CompleteUpTo;
        for (var key = 0; key < 10; key++)
            world.Source[Orders.Id].Put(key, "a");
        world.Source.WindowRows = 4;
        var report = await world.SyncAsync();
        Assert.Equal(10, report.Outcomes[0].RowsRead);
        Assert.True(world.Equal(Orders));
        var windows = world.Observer.Batches.Where(b => b.Report.Kind == BatchKind.Window).Select(b => b.Report.Checkpoint.CompleteUpTo).ToArray();
        Assert.Equal([complete, complete], windows[..2]);
        Assert.Equal(3, windows.Length);
        Assert.True(windows[2] > complete);
    }

    /// <summary>Writes, passes over some or all datasets, faults at any call, clean-ups: with a source that keeps only what it is told to.</summary>
    [Fact]
    public void Whatever_happens_no_dataset_expires_by_an_acknowledgement()
    {
        var write = from dataset in Gen.Choose(0, 2) from key in Gen.Choose(0, 6) from value in Gen.Choose(0, 99) select (Action<World>)(w => w.Source[Three[dataset].Id].Put(key, $"v{value}"));
        var delete = from dataset in Gen.Choose(0, 2) from key in Gen.Choose(0, 6) select (Action<World>)(w => w.Source[Three[dataset].Id].Delete(key));
        var sync = from only in Gen.Choose(0, 7) from fault in Gen.Choose(-20, 60) from fate in Gen.Choose(0, 9) select (Action<World>)(w => TryAsync(w, only, fault, fate).GetAwaiter().GetResult());
        // Of the third dataset retention takes changes away; it is loaded again while the others go on.
        var expire = Gen.Constant((Action<World>)(w =>
        {
            w.Source[Three[2].Id].Put(0, "expired");
            w.Source[Three[2].Id].Cleanup();
        }));
        var histories = Arb.From(Gen.Frequency((8, write), (3, delete), (5, sync), (1, expire)).ArrayOf(), h => Enumerable.Range(0, h.Length).Select(i => (Action<World>[])[.. h.Take(i), .. h.Skip(i + 1)]));
        Prop.ForAll(histories, history => RunAsync(history).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(150));
    }

    private static readonly Dataset[] Three = [Orders, Lines, World.Of("returns", GapPolicy.Resnapshot)];

    private static async Task RunAsync(Action<World>[] history)
    {
        using var world = Slot(Three);
        foreach (var step in history)
            step(world);
        world.Warehouse.NextCommit = CommitFate.Answered;
        var last = await world.SyncAsync();
        foreach (var outcome in last.Outcomes.Where(o => o.Fault is not null))
        {
            // A reload that deletes everything is for a person to accept; nothing else may be left.
            Assert.Equal(ErrorCodes.DeleteBreaker, outcome.Fault!.Code);
            await world.Engine().ResyncAsync(new HashSet<DatasetId> { outcome.Dataset }, BreakerUse.Accepted, CancellationToken.None);
        }

        Assert.All(Three, dataset => Assert.True(world.Equal(dataset), dataset.Id.Value));
    }

    private static async Task TryAsync(World world, int only, int fault, int fate)
    {
        world.Warehouse.NextCommit = fate switch { 8 => CommitFate.LostBefore, 9 => CommitFate.LostAfter, _ => CommitFate.Answered };
        if (fault > 0)
            world.Faults.Arm(fault, fault % 2 == 0 ? FaultPlan.Lasting : FaultPlan.Transient);
        try
        {
            await world.Engine().SyncOnceAsync(only == 0 ? null : Three.Where((_, i) => (only >> i & 1) == 1).Select(d => d.Id).ToHashSet(), CancellationToken.None);
        }
        catch (CdcSyncException)
        {
            // The process would have ended with it; the next one goes on.
        }

        world.Faults.Disarm();
    }

    private static World Slot(params Dataset[] datasets)
    {
        var world = new World(datasets);
        world.Source.IsSlot = true;
        return world;
    }
}
