using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Reconciliation;

/// <summary>The gap policy <c>reconcile</c>: changes are lost, and what differs is published instead of everything.</summary>
public sealed class GapRepairTests : IDisposable
{
    private static readonly Dataset Orders = World.Of("orders", GapPolicy.Reconcile);
    private readonly World _world = new(Orders);

    private FakeTable Source => _world.Source[Orders.Id];

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task What_differs_is_published_in_one_transaction_and_the_stream_goes_on_from_before_the_comparison()
    {
        await LoadAsync(1_000);
        Source.Put(5, "changed");
        Source.Put(2_000, "new");
        Source.Delete(6);
        Source.Cleanup();
        var before = _world.Warehouse.Checkpoints[Orders.Id].Generation;
        Assert.Equal(ExitCode.Ok, (await _world.SyncAsync()).Exit);
        Assert.True(_world.Equal(Orders));
        var entry = Assert.Single(_world.Warehouse.Ledger, l => l.Generation > before && l.Draft.RowsRead > 0);
        Assert.Equal((BatchKind.Gap, 3L, new MergeStats(1, 1, 1, 0), $"{Source.Version}"), (entry.Draft.Kind, entry.Draft.RowsRead, entry.Stats, entry.Draft.UpTo.Canonical));
        Assert.Equal(ResyncCause.Expired, Assert.Single(_world.Observer.Batches, b => b.Report.Resync is not null).Report.Resync);
        Source.Put(7, "after");
        await _world.SyncAsync();
        Assert.True(_world.Equal(Orders));
    }

    [Fact]
    public async Task What_changes_while_it_is_compared_comes_with_the_stream()
    {
        await LoadAsync(50);
        Source.Put(5, "changed");
        Source.Cleanup();
        var times = 0;
        _world.Source.Meanwhile = _world.Source.Afterwards = () =>
        {
            times++;
            Source.Put(5, $"changed again {times}");
            Source.Put(6, $"newer {times}");
            Source.Delete(10 + times);
        };
        await _world.SyncAsync();
        Assert.Equal(8, times);                                          // before and after four readings: bounds, digests, hashes, rows
        _world.Source.Meanwhile = _world.Source.Afterwards = null;
        await _world.SyncAsync();
        Assert.True(_world.Equal(Orders));
    }

    [Fact]
    public async Task A_row_that_a_gate_keeps_out_goes_to_quarantine_whether_the_target_has_an_older_one_or_none()
    {
        using var world = new World(Orders with { Rules = [new ListRule("no bad", "value", ["bad"], Membership.Without)] });
        var source = world.Source[Orders.Id];
        source.Put(1, "good");
        source.Put(2, "good");
        await world.SyncAsync();
        source.Put(2, "bad");
        source.Put(3, "bad");
        source.Cleanup();
        Assert.Equal(ExitCode.Partial, (await world.SyncAsync()).Exit);
        Assert.Equal(["[\"2\"]", "[\"3\"]"], world.Warehouse.Quarantine.Select(q => q.Row.Key).Order(StringComparer.Ordinal));
        Assert.Equal("good", world.Warehouse.Rows(Orders.Id)[2]);
    }

    [Fact]
    public async Task A_dataset_whose_first_load_was_not_done_is_loaded_anew()
    {
        for (var key = 0; key < 40; key++)
            Source.Put(key, "a");
        _world.Faults.Arm(40, FaultPlan.Lasting);
        await Assert.ThrowsAnyAsync<Exception>(async () => Assert.Equal(ExitCode.Ok, (await _world.SyncAsync()).Exit));
        _world.Faults.Disarm();
        Assert.NotNull(_world.Warehouse.Checkpoints[Orders.Id].Snapshot);
        Source.Put(1, "b");
        Source.Cleanup();
        await _world.SyncAsync();
        Assert.True(_world.Equal(Orders));
        Assert.Contains(_world.Warehouse.Ledger, l => l.Draft.Kind == BatchKind.Refresh);
    }

    [Fact]
    public async Task More_than_a_comparison_looks_at_is_loaded_anew()
    {
        const int Many = 100_001;
        for (var key = 0; key < Many; key++)
            Source.Put(key, "a");
        _world.Source.ChunkRows = 16_384;
        _world.Options = _world.Options with { SnapshotRowsPerRange = 200_000 };
        await _world.SyncAsync();
        foreach (var key in _world.Warehouse.Rows(Orders.Id).Keys.ToArray())
            _world.Warehouse.Rows(Orders.Id)[key] = "edited";
        Source.Put(1, "b");
        Source.Cleanup();
        await _world.SyncAsync();
        Assert.True(_world.Equal(Orders));
        Assert.Contains(_world.Warehouse.Ledger, l => l.Draft.Kind == BatchKind.Refresh);
    }

    private async Task LoadAsync(int rows)
    {
        for (var key = 0; key < rows; key++)
            Source.Put(key, $"value {key}");
        _world.Options = _world.Options with { SnapshotRowsPerRange = 10_000 };
        await _world.SyncAsync();
        Assert.True(_world.Equal(Orders));
    }
}
