using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Sync;

/// <summary>Random histories of a source against the engine, with faults at any call: the warehouse equals the source, or the engine says that it does not.</summary>
public sealed class EngineModelTests
{
    private const long Keys = 8;

    [Theory]
    [InlineData(GapPolicy.Resnapshot, 1)]
    [InlineData(GapPolicy.Reconcile, 3)]
    [InlineData(GapPolicy.Fail, 1)]
    [InlineData(GapPolicy.Fail, 3)]
    public void Whatever_happens_the_warehouse_equals_the_source_or_the_dataset_says_why_not(GapPolicy gap, int parallel)
    {
        var config = Config.QuickThrowOnFailure.WithMaxTest(150);
        Prop.ForAll(Histories(), history => RunAsync(history, gap, parallel).GetAwaiter().GetResult()).Check(config);
    }

    /// <summary>The n-th call fails, for n = 1 until a run makes fewer calls: then a run without faults, and all is equal.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_fault_at_any_single_call_loses_nothing(int parallel)
    {
        for (var n = 1; ; n++)
        {
            using var world = new World { ParallelRanges = parallel };
            var table = world.Source[World.Orders.Id];
            for (var key = 0; key < 9; key++)
                table.Put(key, "first");
            world.Faults.Arm(n, FaultPlan.Lasting);
            await TryAsync(world);
            table.Put(3, "second");
            table.Delete(4);
            await TryAsync(world);
            var fired = world.Faults.Fired;
            world.Faults.Disarm();
            await world.SyncAsync();
            Assert.True(world.Equal(World.Orders), $"call {n}");
            AssertGenerationsRise(world);
            if (!fired)
            {
                Assert.True(n > 30, $"only {n} calls were tried");
                return;
            }
        }
    }

    private static async Task RunAsync(Event[] history, GapPolicy gap, int parallel)
    {
        var dataset = World.Of("orders", gap);
        using var world = new World(dataset) { ParallelRanges = parallel };
        var table = world.Source[dataset.Id];
        foreach (var e in history)
        {
            switch (e)
            {
                case Event.Put put:
                    table.Put(put.Key, put.Value);
                    break;
                case Event.Delete delete:
                    table.Delete(delete.Key);
                    break;
                case Event.Cleanup:
                    table.Cleanup();
                    break;
                case Event.Truncate:
                    table.Truncate();
                    break;
                case Event.Sync sync:
                    world.Warehouse.NextCommit = sync.Fate;
                    if (sync.FaultAt > 0)
                        world.Faults.Arm(sync.FaultAt, sync.Lasting ? FaultPlan.Lasting : FaultPlan.Transient);
                    await TryAsync(world);
                    world.Faults.Disarm();
                    break;
            }
        }

        world.Warehouse.NextCommit = CommitFate.Answered;
        var last = await world.SyncAsync();
        var fault = last.Outcomes[0].Fault?.Code;
        if ((last.Exit == ExitCode.ResyncRequired && gap == GapPolicy.Fail) || (fault == ErrorCodes.DeleteBreaker && table.Rows.Count == 0))
            await world.Engine().ResyncAsync(new HashSet<DatasetId> { dataset.Id }, BreakerUse.Accepted, CancellationToken.None);
        else
            Assert.Equal(ExitCode.Ok, last.Exit);
        Assert.True(world.Equal(dataset), string.Join("; ", history.Select(h => h.ToString())));
        AssertGenerationsRise(world);
    }

    private static void AssertGenerationsRise(World world)
    {
        var generations = world.Warehouse.Ledger.Select(e => e.Generation).ToArray();
        Assert.Equal(generations.Distinct().Order(), generations);
    }

    private static async Task TryAsync(World world)
    {
        try
        {
            await world.SyncAsync();
        }
        catch (CdcSyncException)
        {
            // The process would have ended with this error; the next one goes on.
        }
    }

    private static Arbitrary<Event[]> Histories()
    {
        var key = Gen.Choose(0, (int)Keys);
        var put = key.Zip(Gen.Choose(0, 999)).Select(p => (Event)new Event.Put(p.Item1, $"v{p.Item2}"));
        var delete = key.Select(k => (Event)new Event.Delete(k));
        var fate = Gen.Frequency((8, Gen.Constant(CommitFate.Answered)), (1, Gen.Constant(CommitFate.LostBefore)), (1, Gen.Constant(CommitFate.LostAfter)));
        var sync = fate.Zip(Gen.Choose(-20, 40)).Select(p => (Event)new Event.Sync(p.Item1, p.Item2, p.Item2 % 2 == 0));
        var any = Gen.Frequency((10, put), (5, delete), (1, Gen.Constant((Event)new Event.Cleanup())), (1, Gen.Constant((Event)new Event.Truncate())), (6, sync));
        return Arb.From(any.ArrayOf(), history => Enumerable.Range(0, history.Length).Select(i => (Event[])[.. history.Take(i), .. history.Skip(i + 1)]));
    }

    private abstract record Event
    {
        public sealed record Put(long Key, string Value) : Event;

        public sealed record Delete(long Key) : Event;

        public sealed record Cleanup : Event;

        public sealed record Truncate : Event;

        public sealed record Sync(CommitFate Fate, int FaultAt, bool Lasting) : Event;
    }
}
