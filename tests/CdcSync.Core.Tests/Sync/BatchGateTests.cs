using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Sync;

/// <summary>Gates that look at what the dataset did before: deletes over a day, volumes.</summary>
public sealed class BatchGateTests
{
    private static readonly DeleteBreaker Small = new(0.10, 5);

    [Fact]
    public async Task Many_small_batches_of_deletes_are_stopped_like_a_large_one_and_accepted_once_they_go_on()
    {
        var orders = World.Orders with { Breaker = Small };
        using var world = await FilledAsync(orders, 100);
        var deleted = 0;
        DatasetOutcome outcome;
        while ((outcome = Assert.Single((await DeleteAsync(world, deleted, 4)).Outcomes)).Kind == OutcomeKind.Synced) deleted += 4;

        // 10 % of the hundred rows there were: the third batch of four goes beyond.
        Assert.Equal((8, OutcomeKind.Blocked, ErrorCodes.DeleteBreaker), (deleted, outcome.Kind, outcome.Fault!.Code));
        Assert.Equal("orders: the batch would delete 4 rows of orders after 8 within 24 hours, of 100; more than 5 rows and 10 % are not deleted unasked.", outcome.Fault.Message);
        Assert.EndsWith("Run: cdcsync sync --accept-deletes orders", outcome.Fault.Remedy, StringComparison.Ordinal);
        Assert.Equal(92, world.Warehouse.Rows(orders.Id).Count);

        Assert.Equal(ExitCode.Ok, (await world.Engine().SyncOnceAsync(new HashSet<DatasetId> { orders.Id }, CancellationToken.None, Acceptance.Deletes)).Exit);
        var accepted = Assert.Single(world.Warehouse.Accepted);
        Assert.Equal(("deletes", world.Warehouse.Ledger[^1].Generation), (accepted.Verdict.Gate, accepted.Generation));
        Assert.StartsWith("CDC5001 orders: the batch would delete 4 rows", accepted.Verdict.Verdict, StringComparison.Ordinal);
        // What was accepted, and what was before, counts no more.
        Assert.Equal(ExitCode.Ok, (await DeleteAsync(world, 12, 4)).Exit);
        Assert.Single(world.Warehouse.Accepted);
    }

    [Fact]
    public async Task Deletes_of_the_day_before_are_not_counted_and_a_dataset_may_be_judged_by_the_batch_alone()
    {
        using var old = await FilledAsync(World.Orders with { Breaker = Small }, 100);
        await DeleteAsync(old, 0, 5);
        await DeleteAsync(old, 5, 5);
        old.Warehouse.Ledger[^1] = old.Warehouse.Ledger[^1] with { CommittedAt = old.Time.GetUtcNow() - TimeSpan.FromHours(25) };
        Assert.Equal(ExitCode.Ok, (await DeleteAsync(old, 10, 4)).Exit);

        using var free = await FilledAsync(World.Orders with { Breaker = Small with { IsPerBatchOnly = true } }, 100);
        for (var first = 0; first < 50; first += 5)
            Assert.Equal(ExitCode.Ok, (await DeleteAsync(free, first, 5)).Exit);
        Assert.Equal(0, free.Warehouse.Sums);
    }

    [Fact]
    public async Task A_batch_without_deletes_asks_nothing_and_a_working_worker_asks_the_ledger_once()
    {
        var orders = World.Orders with { Breaker = new DeleteBreaker(0.5, 3), Interval = TimeSpan.FromMilliseconds(1) };
        using var world = await FilledAsync(orders, 100);
        world.Source[orders.Id].Put(1, "changed");
        await world.SyncAsync();
        Assert.Equal(0, world.Warehouse.Sums);

        using var stop = new CancellationTokenSource();
        var working = world.Engine().RunAsync(stop.Token);
        for (var key = 10; key < 30; key++)
        {
            world.Source[orders.Id].Delete(key);
            var left = 100 - (key - 9);
            for (var waits = 0; world.Warehouse.Rows(orders.Id).Count > left; waits++)
            {
                Assert.True(waits < 3_000, "the worker does not come to it");
                await Task.Delay(10);
            }
        }
        await stop.CancelAsync();
        await working;
        Assert.Equal(1, world.Warehouse.Sums);
    }

    [Theory]
    [InlineData(VolumeAction.Block, 20, true)]
    [InlineData(VolumeAction.Block, 21, false)]
    [InlineData(VolumeAction.Warn, 20, false)]
    public async Task A_window_far_beyond_the_usual_is_blocked_where_the_contract_says_so_and_there_are_samples_enough(VolumeAction action, int samples, bool isBlocked)
    {
        var orders = World.Orders with { Volume = new VolumeLimit(action, 6, samples) };
        using var world = await FilledAsync(orders, 10);
        var key = 1_000;
        for (var i = 0; i < 20; i++)
            await PutAsync(world, ref key, 20 + (i % 3));
        Assert.Empty(world.Observer.Warnings);

        // The median is 21 and the least deviation 10: up to 81 rows are usual. The windows cover no more time than they did.
        Freeze(world);
        var outcome = Assert.Single((await PutAsync(world, ref key, 82)).Outcomes);

        Assert.Equal(isBlocked ? ErrorCodes.VolumeGate : null, outcome.Fault?.Code);
        Assert.Equal(isBlocked ? 0 : 1, world.Observer.Warnings.Count);
        if (!isBlocked) return;
        Assert.Equal(OutcomeKind.Blocked, outcome.Kind);
        Assert.Equal("orders: 82 rows were read, expected 0 to 81: the median of the last 20 batches is 21, and 6 median deviations of 10 are allowed.", outcome.Fault!.Message);
        Assert.Equal(ExitCode.Ok, (await world.Engine().SyncOnceAsync(new HashSet<DatasetId> { orders.Id }, CancellationToken.None, Acceptance.Volume)).Exit);
        Assert.Equal("volume", Assert.Single(world.Warehouse.Accepted).Verdict.Gate);
        Assert.True(world.Equal(orders));
    }

    [Fact]
    public async Task Rows_that_a_rule_blocks_by_keep_their_batch_out_until_the_source_is_mended()
    {
        var orders = World.Orders with { Rules = [NoBad(RulePolicy.Block), new LengthRule("length", "value", 0, 5)] };
        using var world = await FilledAsync(orders, 10);
        var before = world.Warehouse.Checkpoints[orders.Id];
        world.Source[orders.Id].Put(1, "bad");
        world.Source[orders.Id].Put(2, "good");
        world.Source[orders.Id].Put(3, "longer");

        var report = await world.SyncAsync();

        var outcome = Assert.Single(report.Outcomes);
        Assert.Equal((ExitCode.Partial, OutcomeKind.Blocked, ErrorCodes.RowRuleBroken), (report.Exit, outcome.Kind, outcome.Fault?.Code));
        Assert.Contains("1 row would break rule 'no_bad' of the contract", outcome.Fault!.Message, StringComparison.Ordinal);
        Assert.Equal((before, "v", 0), (world.Warehouse.Checkpoints[orders.Id], world.Warehouse.Rows(orders.Id)[2], world.Warehouse.Quarantine.Count));
        Assert.Equal(Core.Warehouses.DatasetPhase.Blocked, world.Observer.Phases.Last().Phase);

        world.Source[orders.Id].Put(1, "fine");
        Assert.Equal(OutcomeKind.Synced, Assert.Single((await world.SyncAsync()).Outcomes).Kind);
        Assert.Equal(("fine", "good", 1), (world.Warehouse.Rows(orders.Id)[1], world.Warehouse.Rows(orders.Id)[2], world.Warehouse.Quarantine.Count));
    }

    [Fact]
    public async Task Rows_that_a_rule_warns_of_are_published_and_told_once_for_the_batch()
    {
        var orders = World.Orders with { Rules = [NoBad(RulePolicy.Warn)] };
        using var world = await FilledAsync(orders, 10);
        for (var key = 1; key <= 3; key++)
            world.Source[orders.Id].Put(key, "bad");

        Assert.Equal(OutcomeKind.Synced, Assert.Single((await world.SyncAsync()).Outcomes).Kind);

        Assert.Equal(("bad", 0), (world.Warehouse.Rows(orders.Id)[3], world.Warehouse.Quarantine.Count));
        var (_, verdict) = Assert.Single(world.Observer.Warnings);
        Assert.Equal((ErrorCodes.RowRuleBroken, "orders: 3 rows with a breach of rule 'no_bad' of the contract (column 'value', found a value that counts as missing, expected another)."), (verdict.Code, verdict.Message));
    }

    private static ListRule NoBad(RulePolicy policy) => new("no_bad", "value", ["bad"], Membership.Without) { Policy = policy };

    private static async Task<World> FilledAsync(Dataset dataset, int rows)
    {
        var world = new World(dataset);
        for (var key = 0; key < rows; key++)
            world.Source[dataset.Id].Put(key, "v");
        await world.SyncAsync();
        return world;
    }

    private static Task<PassReport> DeleteAsync(World world, int first, int rows)
    {
        for (var key = first; key < first + rows; key++)
            world.Source[World.Orders.Id].Delete(key);
        return world.SyncAsync();
    }

    private static Task<PassReport> PutAsync(World world, ref int key, int rows)
    {
        for (var i = 0; i < rows; i++)
            world.Source[World.Orders.Id].Put(key++, "v");
        return world.SyncAsync();
    }

    /// <summary>As if the windows so far had come a day apart.</summary>
    private static void Freeze(World world)
    {
        for (var i = 0; i < world.Warehouse.Ledger.Count; i++)
        {
            var entry = world.Warehouse.Ledger[i];
            world.Warehouse.Ledger[i] = entry with { Draft = entry.Draft with { SourceTime = world.Time.GetUtcNow().AddDays(i - world.Warehouse.Ledger.Count) } };
        }
    }
}
