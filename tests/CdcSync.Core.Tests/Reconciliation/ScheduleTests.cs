using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Reconciliation;

/// <summary>Comparisons that a worker makes by itself, between its polls.</summary>
public sealed class ScheduleTests
{
    [Fact]
    public async Task A_scheduled_comparison_finds_drift_and_leaves_it_while_sync_goes_on()
    {
        using var world = Scheduled(new ReconcileSchedule(TimeSpan.FromSeconds(30)));
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => world.Equal(Dataset(world)));
        world.Warehouse.Rows(Dataset(world).Id)[3] = "edited";
        await daemon.UntilAsync(() => world.Observer.Reconciliations.Any(r => r is { Found.Different: 1, Repaired.Total: 0 }));
        world.Source[Dataset(world).Id].Put(100, "new");
        await daemon.UntilAsync(() => world.Warehouse.Rows(Dataset(world).Id).ContainsKey(100));
        Assert.Equal("edited", world.Warehouse.Rows(Dataset(world).Id)[3]);
    }

    [Fact]
    public async Task A_scheduled_repair_makes_the_target_equal_between_two_polls()
    {
        using var world = Scheduled(new ReconcileSchedule(TimeSpan.FromSeconds(30), IsRepair: true));
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => world.Equal(Dataset(world)));
        world.Warehouse.Rows(Dataset(world).Id)[3] = "edited";
        world.Warehouse.Rows(Dataset(world).Id).Remove(4);
        await daemon.UntilAsync(() => world.Observer.Reconciliations.Any(r => r.Repaired is { Different: 1, Missing: 1 }) && world.Equal(Dataset(world)));
        world.Source[Dataset(world).Id].Put(100, "new");
        await daemon.UntilAsync(() => world.Equal(Dataset(world)));
    }

    [Fact]
    public async Task A_worker_that_starts_goes_by_when_the_last_comparison_ended()
    {
        using var world = Scheduled(new ReconcileSchedule(TimeSpan.FromDays(30)));
        await using (var first = new Daemon(world))
            await first.UntilAsync(() => world.Observer.Reconciliations.Count == 1);
        await using var second = new Daemon(world);
        world.Source[Dataset(world).Id].Put(100, "new");
        await second.UntilAsync(() => world.Equal(Dataset(world)));
        world.Source[Dataset(world).Id].Put(101, "new");
        await second.UntilAsync(() => world.Equal(Dataset(world)));
        Assert.Single(world.Observer.Reconciliations);
    }

    [Fact]
    public async Task Totals_are_compared_by_schedule_and_a_worker_that_starts_goes_by_the_last_of_them_not_by_a_comparison_of_rows()
    {
        using var world = Scheduled(new ReconcileSchedule(TimeSpan.FromDays(30), ReconcileMode.Totals), new ControlTotal("ids", "id", []));
        await using (var first = new Daemon(world))
            await first.UntilAsync(() => world.Observer.Reconciliations.Count == 1);
        Assert.Equal((ReconcileMode.Totals, 0L), (world.Observer.Reconciliations.First().Request.Mode, world.Observer.Reconciliations.First().Totals.Single().Differing));
        world.Warehouse.Reconciliations.Clear();
        await world.Engine().ReconcileAsync(Dataset(world).Id, new ReconcileRequest(ReconcileMode.Digest, IsRepair: false), default);
        world.Warehouse.Rows(Dataset(world).Id).Remove(3);
        await using (var second = new Daemon(world))
            await second.UntilAsync(() => world.Observer.Reconciliations.Count == 3);
        Assert.Equal((ReconcileMode.Totals, 1L), (world.Observer.Reconciliations.Last().Request.Mode, world.Observer.Reconciliations.Last().Totals.Single().Differing));
        await using var third = new Daemon(world);
        world.Source[Dataset(world).Id].Put(100, "new");
        await third.UntilAsync(() => world.Warehouse.Rows(Dataset(world).Id).ContainsKey(100));
        Assert.Equal(3, world.Observer.Reconciliations.Count);
    }

    [Fact]
    public async Task A_comparison_that_fails_is_told_and_tried_again_and_fails_nothing_else()
    {
        using var world = Scheduled(new ReconcileSchedule(TimeSpan.FromSeconds(20), IsRepair: true));
        await using var daemon = new Daemon(world);
        await daemon.UntilAsync(() => world.Observer.Reconciliations.Count > 0);
        for (var key = 1_000; key < 4_000; key++)
            world.Warehouse.Rows(Dataset(world).Id)[key] = "made up";
        await daemon.UntilAsync(() => world.Observer.WorkerFaults.Any(f => f.Fault.Code == Core.Errors.ErrorCodes.DeleteBreaker));
        world.Source[Dataset(world).Id].Put(100, "new");
        await daemon.UntilAsync(() => world.Warehouse.Rows(Dataset(world).Id).ContainsKey(100));
        Assert.True(world.Warehouse.Rows(Dataset(world).Id).Count > 3_000);
    }

    private static Dataset Dataset(World world) => world.Pipeline.Datasets[0];

    private static World Scheduled(ReconcileSchedule schedule, params IReadOnlyList<ControlTotal> totals)
    {
        var world = new World(World.Orders with { Reconcile = schedule, Totals = totals });
        for (var key = 0; key < 20; key++)
            world.Source[World.Orders.Id].Put(key, $"value {key}");
        return world;
    }
}
