using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Sync;

/// <summary>What people and systems elsewhere ask of a worker that works. No dataset here is polled twice by itself within a test.</summary>
public sealed class OrderTests
{
    private static readonly Dataset Orders = Rare("orders");
    private static readonly Order Repair = new Order.Reconcile(new ReconcileRequest(ReconcileMode.Digest, IsRepair: true));

    [Fact]
    public async Task An_order_to_sync_is_a_poll_at_once()
    {
        using var world = new World(Orders);
        await using var daemon = await LoadedAsync(world);
        world.Source[Orders.Id].Put(100, "after the close");
        Assert.Equal([new OrderAnswer(Orders.Id, OrderOutlook.Begins)], daemon.Engine.Take(new Order.Sync(), null));
        await daemon.UntilAsync(() => world.Equal(Orders));
    }

    [Fact]
    public async Task An_order_in_the_middle_of_a_read_is_one_more_poll_for_that_read_may_not_see_all()
    {
        using var world = new World(Orders);
        await using var daemon = await LoadedAsync(world);
        var answers = new List<OrderAnswer>();
        world.Source.Meanwhile = () =>
        {
            world.Source.Meanwhile = null;
            world.Source[Orders.Id].Put(101, "committed after the window was cut");
            answers.AddRange(daemon.Engine.Take(new Order.Sync(), new HashSet<DatasetId> { Orders.Id }));
            answers.AddRange(daemon.Engine.Take(new Order.Sync(), null));
        };
        world.Source[Orders.Id].Put(100, "in the window");
        daemon.Engine.Take(new Order.Sync(), null);
        await daemon.UntilAsync(() => world.Warehouse.Rows(Orders.Id).ContainsKey(101));
        Assert.Equal([OrderOutlook.Follows, OrderOutlook.AlreadyOrdered], answers.Select(a => a.Outlook));
    }

    [Fact]
    public async Task A_poll_that_was_ordered_has_ended_when_the_dataset_is_at_its_sources_now_or_failed_and_no_other_poll_is_told()
    {
        using var world = new World(Orders);
        await using var daemon = await LoadedAsync(world);
        Assert.Empty(world.Observer.OrderEnds);
        world.Source.WindowRows = 1;
        for (var key = 100; key < 105; key++)
            world.Source[Orders.Id].Put(key, "after the close");
        daemon.Engine.Take(new Order.Sync(), null);
        await daemon.UntilAsync(() => !world.Observer.OrderEnds.IsEmpty);
        Assert.True(world.Equal(Orders));                                // not after the first of five windows
        Assert.Equal((new Order.Sync(), null), Assert.Single(world.Observer.OrderEnds) is var (_, end) ? (end.Order, end.Fault) : default);
        Assert.Equal(new Order.Sync(), Last(daemon)!.Order);

        world.Faults.Arm(1, FaultPlan.Lasting);
        daemon.Engine.Take(new Order.Sync(), null);
        await daemon.UntilAsync(() => world.Observer.OrderEnds.Count == 2);
        Assert.NotNull(world.Observer.OrderEnds.Last().End.Fault);
    }

    [Fact]
    public async Task What_a_gate_blocked_is_let_through_by_one_order_once()
    {
        var strict = Orders with { Breaker = Orders.Breaker with { Ratio = 0.1, Rows = 1, IsPerBatchOnly = true } };
        using var world = new World(strict);
        await using var daemon = await LoadedAsync(world);
        await RemoveAsync(0, 10);
        daemon.Engine.Take(new Order.Sync(Acceptance.Volume), null);     // another gate
        await daemon.UntilAsync(() => world.Observer.OrderEnds.Count == 2);
        Assert.False(world.Equal(strict));
        daemon.Engine.Take(new Order.Sync(Acceptance.Deletes), null);
        await daemon.UntilAsync(() => world.Equal(strict));
        await daemon.UntilAsync(() => Last(daemon) is { Fault: null, Order: Order.Sync { Accepts: Acceptance.Deletes } });
        await RemoveAsync(10, 16);
        Assert.False(world.Equal(strict));

        async Task RemoveAsync(int from, int to)
        {
            for (var key = from; key < to; key++)
                world.Source[strict.Id].Delete(key);
            daemon.Engine.Take(new Order.Sync(), null);
            await daemon.UntilAsync(() => world.Observer.Faults.LastOrDefault().Fault?.Code == ErrorCodes.DeleteBreaker && daemon.Engine.Lanes()[0].Activity == LaneActivity.Idle && Last(daemon) is { Order: Order.Sync { Accepts: Acceptance.None }, Fault: not null });
        }
    }

    [Fact]
    public async Task One_order_polls_the_whole_group_and_nobody_else()
    {
        var (orders, lines, notes) = (Rare("orders") with { Group = "sales" }, Rare("lines") with { Group = "sales" }, Rare("notes"));
        using var world = new World(orders, lines, notes);
        await using var daemon = await LoadedAsync(world);
        foreach (var dataset in world.Pipeline.Datasets)
            world.Source[dataset.Id].Put(100, "new");
        Assert.Equal([orders.Id], daemon.Engine.Take(new Order.Sync(), new HashSet<DatasetId> { orders.Id }).Select(a => a.Dataset));
        await daemon.UntilAsync(() => world.Equal(orders) && world.Equal(lines));
        Assert.False(world.Equal(notes));
    }

    [Fact]
    public async Task An_order_to_repair_mends_in_the_running_daemon_and_tells_how_it_ended()
    {
        using var world = new World(Orders);
        await using var daemon = await LoadedAsync(world);
        world.Warehouse.Rows(Orders.Id)[3] = "edited";
        Assert.True(Assert.Single(daemon.Engine.Take(Repair, null)).IsAccepted);
        await daemon.UntilAsync(() => Last(daemon) is { Report.Repaired.Different: 1, Fault: null });
        Assert.True(world.Equal(Orders));
        Assert.Equal(LaneActivity.Idle, daemon.Engine.Lanes()[0].Activity);
    }

    [Fact]
    public async Task A_comparison_that_fails_is_told_where_the_lane_is_looked_at()
    {
        using var world = new World(Orders);
        await using var daemon = await LoadedAsync(world);
        for (var key = 1_000; key < 4_000; key++)
            world.Warehouse.Rows(Orders.Id)[key] = "made up";
        daemon.Engine.Take(Repair, null);
        await daemon.UntilAsync(() => Last(daemon)?.Fault?.Code == ErrorCodes.DeleteBreaker);
        Assert.Null(daemon.Engine.Lanes()[0].NextCompareAt);             // it has no schedule
        Assert.Empty(world.Observer.WorkerFaults);                       // and nobody tries it again
    }

    [Fact]
    public async Task An_order_to_backfill_reads_a_range_again()
    {
        using var world = new World(Orders);
        await using var daemon = await LoadedAsync(world);
        foreach (var key in new[] { 3, 4, 12 })
            world.Warehouse.Rows(Orders.Id)[key] = "edited";
        daemon.Engine.Take(new Order.Backfill(RowRange.Parse(Orders, "id=0..10")), null);
        await daemon.UntilAsync(() => Last(daemon) is { Order: Order.Backfill, Fault: null });
        Assert.Equal(("value 3", "value 4", "edited"), (world.Warehouse.Rows(Orders.Id)[3], world.Warehouse.Rows(Orders.Id)[4], world.Warehouse.Rows(Orders.Id)[12]));
    }

    [Fact]
    public async Task An_order_in_blackout_hours_waits_for_their_end()
    {
        using var world = new World(Orders);
        await using (await LoadedAsync(world))
        {
            // Loaded; the next worker begins in the dark.
        }

        world.Pipeline = world.Pipeline with { Blackouts = new Dictionary<string, BlackoutHours> { ["fake"] = new([new BlackoutWindow(TimeOnly.MinValue, TimeOnly.MinValue, [], TimeZoneInfo.Utc)]) } };
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => daemon.Engine.Lanes().Count > 0);
        var read = world.Observer.Polls.Count;
        Assert.Equal([new OrderAnswer(Orders.Id, OrderOutlook.AfterBlackout)], daemon.Engine.Take(Repair, null));
        Assert.True(daemon.Engine.Take(new Order.Sync(), null)[0].IsAccepted);
        await Task.Delay(50);
        Assert.Equal((read, Repair), (world.Observer.Polls.Count, daemon.Engine.Lanes()[0].Waiting));
    }

    [Fact]
    public async Task An_order_to_load_anew_sets_a_stopped_dataset_free()
    {
        using var world = new World(Orders);
        await using var daemon = await LoadedAsync(world);
        world.Source[Orders.Id].Put(100, "gone from the log");
        world.Source[Orders.Id].Cleanup();
        daemon.Engine.Take(new Order.Sync(), null);
        await daemon.UntilAsync(() => world.Warehouse.States[Orders.Id].Phase == DatasetPhase.ResyncRequired);
        Assert.Equal(OrderOutlook.ResyncRequired, Assert.Single(daemon.Engine.Take(new Order.Sync(), null)).Outlook);
        Assert.Equal(OrderOutlook.ResyncRequired, Assert.Single(daemon.Engine.Take(Repair, null)).Outlook);
        Assert.True(Assert.Single(daemon.Engine.Take(new Order.Resync(BreakerUse.Armed), null)).IsAccepted);
        await daemon.UntilAsync(() => world.Warehouse.States[Orders.Id].Phase == DatasetPhase.Streaming && world.Equal(Orders));
        await daemon.UntilAsync(() => Last(daemon) is { Order: Order.Resync, Fault: null });
        world.Source[Orders.Id].Put(101, "goes on");
        daemon.Engine.Take(new Order.Sync(), null);
        await daemon.UntilAsync(() => world.Equal(Orders));
    }

    [Fact]
    public async Task A_pause_is_seen_at_once_where_the_engine_is_woken_and_refuses_orders()
    {
        using var world = new World(Orders);
        await using var daemon = await LoadedAsync(world);
        await world.Warehouse.SetPausedAsync("test", Orders.Id, true, CancellationToken.None);
        daemon.Engine.Wake();
        await daemon.UntilAsync(() => world.Observer.Pauses.Contains((Orders.Id, true)));
        foreach (var order in new[] { new Order.Sync(), Repair, new Order.Resync(BreakerUse.Armed) })
            Assert.Equal(OrderOutlook.Paused, Assert.Single(daemon.Engine.Take(order, null)).Outlook);
        Assert.Null(daemon.Engine.Lanes()[0].NextPollAt);
    }

    [Fact]
    public async Task Who_stands_by_takes_no_orders()
    {
        using var world = new World(Orders);
        world.Warehouse.Held = new Lease("test", "rival", 7, DateTimeOffset.MaxValue);
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => !world.Observer.Leases.IsEmpty);
        Assert.Equal(ErrorCodes.LeaseLost, Assert.Throws<CdcSyncException>(() => daemon.Engine.Take(new Order.Sync(), null)).Code);
        Assert.Empty(daemon.Engine.Lanes());
    }

    [Fact]
    public async Task An_order_for_a_dataset_that_is_not_there_says_so()
    {
        using var world = new World(Orders);
        await using var daemon = await LoadedAsync(world);
        Assert.Equal(ErrorCodes.UnknownDataset, Assert.Throws<CdcSyncException>(() => daemon.Engine.Take(new Order.Sync(), new HashSet<DatasetId> { new("nothing") })).Code);
    }

    private static OrderEnd? Last(Daemon daemon) => daemon.Engine.Lanes().Single(l => l.Dataset == Orders.Id).Last;

    private static Dataset Rare(string id) => World.Of(id) with { Interval = TimeSpan.FromDays(3650) };

    /// <summary>A daemon whose datasets are loaded and idle.</summary>
    private static async Task<Daemon> LoadedAsync(World world)
    {
        foreach (var dataset in world.Pipeline.Datasets)
        {
            for (var key = 0; key < 20; key++)
                world.Source[dataset.Id].Put(key, $"value {key}");
        }

        var daemon = new Daemon(world);
        await daemon.UntilAsync(() => world.Pipeline.Datasets.All(world.Equal) && daemon.Engine.Lanes().Count > 0
            && daemon.Engine.Lanes().All(l => l.Activity == LaneActivity.Idle && l.NextPollAt > world.Time.GetUtcNow() + TimeSpan.FromDays(300)));
        return daemon;
    }
}
