using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Sync;

/// <summary>Columns of the source that change: told, kept, and frozen where the contract says so.</summary>
public sealed class SchemaWatchTests
{
    private static readonly SourceColumn[] Two = [new("id", "bigint", false, 1, 1), new("value", "text", true, null, 2)];
    private static readonly SourceColumn[] Three = [.. Two, new("email", "text", true, null, 3)];

    [Fact]
    public async Task A_change_is_told_once_and_kept_with_its_history_over_the_life_of_a_worker()
    {
        using var world = new World();
        world.Source[World.Orders.Id].Put(1, "v");
        foreach (var columns in new[] { Two, Two, Three, Three })
        {
            world.Source.Columns = columns;
            Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        }

        Assert.Equal([1, 2], world.Warehouse.Schemas.Select(s => s.Schema.Number));
        Assert.Equal(Three, world.Warehouse.Schemas[1].Schema.Columns);
        var told = Assert.Single(world.Observer.SchemaChanges);
        Assert.Equal((World.Orders.Id, "'email' text is new"), (told.Dataset, Assert.Single(told.Changes).What));
        Assert.True(world.Equal(World.Orders));
    }

    [Fact]
    public async Task A_frozen_change_stops_its_dataset_alone_until_it_is_accepted_or_taken_back()
    {
        var frozen = World.Of("frozen") with { SchemaPolicies = new Dictionary<SchemaChangeKind, SchemaPolicy> { [SchemaChangeKind.Added] = SchemaPolicy.Freeze } };
        using var world = new World(frozen, World.Orders);
        world.Source.Columns = Two;
        await world.SyncAsync();
        world.Source.Columns = Three;
        world.Source[frozen.Id].Put(1, "v");
        world.Source[World.Orders.Id].Put(1, "v");

        foreach (var _ in new[] { 1, 2 })
        {
            var report = await world.SyncAsync();
            Assert.Equal((OutcomeKind.Blocked, ErrorCodes.SourceSchemaFrozen), (report.Outcomes[0].Kind, report.Outcomes[0].Fault!.Code));
            Assert.Equal("frozen: the columns of frozen changed, and the contract freezes that: 'email' text is new.", report.Outcomes[0].Fault!.Message);
            Assert.EndsWith("Run: cdcsync sync --accept-schema frozen", report.Outcomes[0].Fault!.Remedy, StringComparison.Ordinal);
            Assert.Null(report.Outcomes[1].Fault);
        }
        Assert.Empty(world.Warehouse.Rows(frozen.Id));
        Assert.True(world.Equal(World.Orders));

        world.Source.Columns = Two;
        Assert.Null((await world.SyncAsync()).Outcomes[0].Fault);
        Assert.True(world.Equal(frozen));
        world.Source.Columns = Three;
        Assert.Equal(ExitCode.Ok, (await world.Engine().SyncOnceAsync(new HashSet<DatasetId> { frozen.Id }, CancellationToken.None, Acceptance.Schema)).Exit);
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
    }

    [Fact]
    public async Task A_worker_tells_a_frozen_change_once_and_an_ignored_one_never()
    {
        var dataset = World.Orders with
        {
            Interval = TimeSpan.FromMilliseconds(1),
            SchemaPolicies = new Dictionary<SchemaChangeKind, SchemaPolicy> { [SchemaChangeKind.Added] = SchemaPolicy.Ignore, [SchemaChangeKind.Dropped] = SchemaPolicy.Freeze },
        };
        using var world = new World(dataset);
        world.Source.Columns = Two;
        await world.SyncAsync();
        world.Source.Columns = [Two[0], Three[2]];
        using var stop = new CancellationTokenSource();
        var working = world.Engine().RunAsync(stop.Token);
        for (var waits = 0; world.Observer.Faults.Count < 3; waits++)
        {
            Assert.True(waits < 3_000, "the worker does not try again");
            await Task.Delay(10);
        }
        await stop.CancelAsync();
        await working;

        Assert.Equal("'value' is gone", Assert.Single(Assert.Single(world.Observer.SchemaChanges).Changes).What);
        Assert.Single(world.Warehouse.Schemas);
    }
}
