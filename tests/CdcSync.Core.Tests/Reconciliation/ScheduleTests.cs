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

    private static World Scheduled(ReconcileSchedule schedule)
    {
        var world = new World(World.Orders with { Reconcile = schedule });
        for (var key = 0; key < 20; key++)
            world.Source[World.Orders.Id].Put(key, $"value {key}");
        return world;
    }
}
