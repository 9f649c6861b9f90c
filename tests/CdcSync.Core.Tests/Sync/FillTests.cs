using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Sync;

/// <summary>Columns that came into the contract are filled by whoever works next, and only where nothing else is in the way.</summary>
public sealed class FillTests : IDisposable
{
    private readonly World _world = new(World.Of("orders", group: "sales"), World.Of("lines", group: "sales"));

    public void Dispose() => _world.Dispose();

    private DatasetId Orders => _world.Pipeline.Datasets[0].Id;

    private DatasetId Lines => _world.Pipeline.Datasets[1].Id;

    [Fact]
    public async Task A_column_that_is_not_recorded_is_read_again_by_the_next_sync_and_not_by_the_one_after()
    {
        await LoadAsync();
        var outcome = (await _world.SyncAsync()).Outcomes[0];
        Assert.Equal((OutcomeKind.Synced, 3L), (outcome.Kind, outcome.RowsRead));
        Assert.True(_world.Equal(_world.Pipeline.Datasets[0]));
        Assert.Equal(FilledColumns.Of(_world.Pipeline.Datasets[0]), _world.Warehouse.Filled[Orders]);
        Assert.Equal((OutcomeKind.Unchanged, 0L), ((await _world.SyncAsync()).Outcomes[0].Kind, (await _world.SyncAsync()).Outcomes[0].RowsRead));
    }

    [Fact]
    public async Task While_another_of_its_group_is_paused_it_waits()
    {
        await LoadAsync();
        _world.Warehouse.Paused.Add(Lines);
        Assert.Equal(ExitCode.Ok, (await _world.SyncAsync()).Exit);
        Assert.Equal("{}", _world.Warehouse.Filled[Orders]);
        Assert.DoesNotContain(_world.Warehouse.Ledger, l => l.Draft.Kind == BatchKind.Backfill);
        _world.Warehouse.Paused.Remove(Lines);
        Assert.Equal(ExitCode.Ok, (await _world.SyncAsync()).Exit);
        Assert.True(_world.Equal(_world.Pipeline.Datasets[0]));
    }

    [Fact]
    public async Task A_daemon_fills_it_after_its_first_poll()
    {
        await LoadAsync();
        await using var daemon = new Daemon(_world);
        await daemon.UntilAsync(() => _world.Equal(_world.Pipeline.Datasets[0]) && _world.Warehouse.Filled[Orders] != "{}");
        Assert.Empty(_world.Observer.Faults);
    }

    /// <summary>Loaded, and then a column that has no values in rows that are there.</summary>
    private async Task LoadAsync()
    {
        for (var key = 0; key < 3; key++) _world.Source[Orders].Put(key, $"value {key}");
        _world.Source[Lines].Put(1, "a");
        Assert.Equal(ExitCode.Ok, (await _world.SyncAsync()).Exit);
        foreach (var key in _world.Warehouse.Rows(Orders).Keys.ToArray()) _world.Warehouse.Rows(Orders)[key] = null;
        _world.Warehouse.Filled[Orders] = "{}";
    }
}
