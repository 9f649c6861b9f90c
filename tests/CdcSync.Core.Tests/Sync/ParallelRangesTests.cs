using CdcSync.Core.Errors;
using CdcSync.Core.Sources.Pacing;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Sync;

/// <summary>First loads that read several ranges at once: in whatever order these see the table, and whatever is written between, the target ends as the source.</summary>
public sealed class ParallelRangesTests
{
    private const int Rows = 20;
    private const int Ranges = 6;                                        // 4 rows each, and what lies behind the last bound
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task As_many_ranges_are_read_side_by_side_as_were_asked_for_and_they_are_committed_in_their_order()
    {
        using var world = Filled(new World { ParallelRanges = 3 });
        var (reading, most) = (0, 0);
        var three = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Source.Before = range =>
        {
            most = Math.Max(most, Interlocked.Increment(ref reading));
            if (range.Ordinal == 2)
                three.SetResult();
            return three.Task.WaitAsync(Patience);                       // none of the first three ends before the third has begun
        };
        world.Source.Afterwards = () => Interlocked.Decrement(ref reading);
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        Assert.Equal(3, most);
        Assert.Equal(Enumerable.Range(0, Ranges), world.Warehouse.Ledger.Where(e => e.Draft.Kind == BatchKind.Range).Select(e => e.Draft.Range!.Value));
        Assert.True(world.Equal(World.Orders));
    }

    [Fact]
    public async Task While_nothing_can_be_committed_no_more_than_the_places_and_one_are_read()
    {
        using var world = Filled(new World { ParallelRanges = 2 });
        var (ended, allowed) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var third = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = -1;
        world.Source.Seen = range =>
        {
            seen = Math.Max(seen, range.Ordinal);
            if (Interlocked.Increment(ref ended) == 3)
                third.SetResult();
        };
        world.Warehouse.BeforeCommit = async () =>
        {
            if (!allowed.Task.IsCompleted)
            {
                await third.Task.WaitAsync(Patience);
                Assert.Equal(2, Volatile.Read(ref seen));
                allowed.SetResult();
            }
        };
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        Assert.True(world.Equal(World.Orders));
    }

    [Fact]
    public void In_whatever_order_ranges_see_the_table_and_whatever_is_written_between_them_the_target_ends_as_the_source()
    {
        var writes = Gen.Choose(0, Rows + 4).Zip(Gen.Choose(-1, 99)).ListOf();
        var races = Gen.Shuffle(Enumerable.Range(0, Ranges).ToArray()).Zip(writes.ArrayOf(Ranges));
        Prop.ForAll(Arb.From(races), race => RaceAsync(race.Item1, race.Item2).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(150));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(4, 2)]
    public async Task A_read_budget_is_kept_and_all_come_to_their_end(int budget, int connections)
    {
        using var world = Filled(new World { ParallelRanges = 4 });
        var (reading, most) = (0, 0);
        world.Source.Before = _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref reading));
            return Task.CompletedTask;
        };
        world.Source.Afterwards = () => Interlocked.Decrement(ref reading);
        world.Around = source => new PacedSource(new BudgetedSource(source, new ConnectionBudget(connections, ConnectionNeed.One)), new ReadBudget(null, budget), world.Time);
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync().WaitAsync(Patience)).Exit);
        Assert.InRange(most, 1, Math.Min(budget, connections - 1));
        Assert.True(world.Equal(World.Orders));
    }

    /// <summary>All ranges wait; then one after another sees the table in the order of the race, with writes before each.</summary>
    private static async Task RaceAsync(int[] order, IReadOnlyList<(int Key, int Value)>[] writes)
    {
        using var world = Filled(new World { ParallelRanges = Ranges });
        var turns = Enumerable.Range(0, Ranges).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        turns[order[0]].SetResult();
        world.Source.Before = async range =>
        {
            await turns[range.Ordinal].Task.WaitAsync(Patience);
            foreach (var (key, value) in writes[range.Ordinal])
                Write(world, key, value);
        };
        world.Source.Seen = range =>
        {
            var place = Array.IndexOf(order, range.Ordinal);
            if (place + 1 < Ranges)
                turns[order[place + 1]].SetResult();
        };
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        Assert.True(world.Equal(World.Orders));
    }

    /// <summary>A value is put; below 0 the key is deleted, and its row goes on under another, perhaps of another range.</summary>
    private static void Write(World world, int key, int value)
    {
        var table = world.Source[World.Orders.Id];
        if (value >= 0)
        {
            table.Put(key, $"value {value}");
            return;
        }

        var moved = table.Rows.GetValueOrDefault(key) ?? "moved";
        table.Delete(key);
        table.Put((key + (Rows / 2)) % Rows, moved);
    }

    private static World Filled(World world)
    {
        for (var key = 0; key < Rows; key++)
            world.Source[World.Orders.Id].Put(key, "first");
        return world;
    }
}
