using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Reconciliation;

public sealed class ReconcilerTests : IDisposable
{
    private readonly World _world = new();

    private FakeTable Source => _world.Source[World.Orders.Id];

    private Dictionary<long, string?> Target => _world.Warehouse.Rows(World.Orders.Id);

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(ReconcileMode.Digest)]
    [InlineData(ReconcileMode.Full)]
    public async Task What_was_changed_by_hand_is_found_and_told_by_kind(ReconcileMode mode)
    {
        await LoadAsync(5_000);
        Target.Remove(7);
        Target[70] = "edited";
        Target[700] = null;
        Target[-3] = "made up";
        var report = await CompareAsync(mode);
        Assert.Equal((new DriftCounts(1, 2, 1), 0L, 5_000L, 5_000L), (report.Found, report.Repaired.Total, report.SourceRows, report.TargetRows));
        Assert.Equal(["[\"-3\"]", "[\"7\"]", "[\"70\"]", "[\"700\"]"], report.Keys.Select(k => k.Key).Order(StringComparer.Ordinal));
        Assert.Equal(ReconcileOutcome.Drift, report.Outcome);
        Assert.Equal(4, report.Map.Sum());
        Assert.Same(report, Assert.Single(_world.Warehouse.Reconciliations));
        Assert.Same(report, Assert.Single(_world.Observer.Reconciliations));
    }

    [Fact]
    public async Task By_keys_alone_only_rows_that_are_missing_or_extra_are_found()
    {
        await LoadAsync(100);
        Target.Remove(7);
        Target[70] = "edited";
        Target[-3] = "made up";
        Assert.Equal(new DriftCounts(1, 0, 1), (await CompareAsync(ReconcileMode.Keys)).Found);
    }

    [Fact]
    public async Task Few_differences_move_few_rows()
    {
        await LoadAsync(20_000);
        foreach (var key in new[] { 3, 5_000, 5_001, 19_999 })
            Target[key] = "edited";
        Assert.InRange((await CompareAsync()).RowsTravelled, 8, 60);
    }

    [Fact]
    public async Task A_source_that_forgets_what_a_worker_beside_has_acknowledged_is_no_fault_of_the_comparison()
    {
        _world.Source.IsSlot = true;
        await LoadAsync(50);
        var version = 0;
        _world.Source.Afterwards = () =>
        {
            // Each time rows were read, the checkpoint that the comparison has in hand is no longer the newest.
            Source.Put(5, $"version {++version}");
            _world.SyncAsync().GetAwaiter().GetResult();
        };
        var report = await CompareAsync();
        Assert.Equal((0L, true), (report.Found.Total, version > 1));
    }

    [Fact]
    public async Task A_change_that_the_target_has_not_passed_yet_is_in_flight_and_no_drift()
    {
        await LoadAsync(50);
        Source.Put(5, "newer");
        Source.Put(1_000, "new");
        Source.Delete(6);
        var report = await CompareAsync();
        Assert.Equal((0L, 3L, ReconcileOutcome.Equal), (report.Found.Total, report.InFlight, report.Outcome));
    }

    [Fact]
    public async Task A_row_that_is_again_as_it_was_while_the_target_has_the_version_between_is_in_flight()
    {
        await LoadAsync(50);
        Source.Put(5, "between");
        await _world.SyncAsync();
        Source.Put(5, "value 5");
        Assert.Equal((0L, 1L), await CompareAsync() is var r ? (r.Found.Total, r.InFlight) : default);
    }

    [Fact]
    public async Task Drift_beside_changes_in_flight_is_found()
    {
        await LoadAsync(50);
        Source.Put(5, "newer");
        Target[9] = "edited";
        Assert.Equal((new DriftCounts(0, 1, 0), 1L), await CompareAsync() is var r ? (r.Found, r.InFlight) : default);
    }

    [Fact]
    public async Task Keys_in_flight_are_judged_again_once_the_target_has_passed_them()
    {
        await LoadAsync(50);
        Target.Remove(5);
        Source.Put(5, "newer");
        Source.Put(6, "newer");
        var comparing = _world.Engine().ReconcileAsync(World.Orders.Id, new ReconcileRequest(ReconcileMode.Digest, false) { Patience = TimeSpan.FromHours(10) }, default);
        await _world.SyncAsync();
        Assert.Equal((0L, 0L), await comparing is var r ? (r.Found.Total, r.InFlight) : default);
    }

    [Fact]
    public async Task A_repair_makes_the_target_the_sources_state_at_its_checkpoint()
    {
        await LoadAsync(50);
        var before = _world.Warehouse.Checkpoints[World.Orders.Id];
        Target.Remove(7);
        Target[8] = "edited";
        Target[-3] = "made up";
        var report = await RepairAsync();
        Assert.Equal((new DriftCounts(1, 1, 1), new DriftCounts(1, 1, 1), ReconcileOutcome.Repaired), (report.Found, report.Repaired, report.Outcome));
        Assert.True(_world.Equal(World.Orders));
        Assert.Equal(before with { Generation = before.Generation + 1 }, _world.Warehouse.Checkpoints[World.Orders.Id]);
        var entry = _world.Warehouse.Ledger[^1];
        Assert.Equal((BatchKind.Repair, before.Stream, before.Stream, 3L, new MergeStats(1, 1, 1, 0)), (entry.Draft.Kind, entry.Draft.After, entry.Draft.UpTo, entry.Draft.RowsRead, entry.Stats));
        Assert.Equal(0, (await RepairAsync()).Found.Total);
    }

    [Fact]
    public async Task A_repair_first_lets_the_target_pass_what_is_in_flight()
    {
        await LoadAsync(50);
        Target[8] = "edited";
        Source.Put(5, "newer");
        Source.Put(8, "newer too");
        Source.Delete(9);
        var report = await RepairAsync();
        Assert.Equal((0L, 0L), (report.Found.Total, report.InFlight));
        Assert.True(_world.Equal(World.Orders));
    }

    [Fact]
    public async Task A_repair_that_would_delete_too_much_is_blocked()
    {
        await LoadAsync(2_000);
        for (var key = 10_000; key < 12_000; key++)
            Target[key] = "made up";
        var blocked = await Assert.ThrowsAsync<CdcSyncException>(RepairAsync);
        Assert.Equal(ErrorCodes.DeleteBreaker, blocked.Code);
        Assert.Equal(4_000, Target.Count);
    }

    [Fact]
    public async Task A_repair_waits_for_the_lease_of_another_worker_and_then_says_so()
    {
        await LoadAsync(5);
        await _world.Warehouse.TryAcquireLeaseAsync("test", "another", TimeSpan.FromDays(1), default);
        Assert.Equal(ErrorCodes.LeaseLost, (await Assert.ThrowsAsync<CdcSyncException>(RepairAsync)).Code);
        Assert.Equal(0, (await CompareAsync()).Found.Total);
    }

    [Fact]
    public async Task A_dataset_that_was_never_loaded_is_not_compared()
    {
        Source.Put(1, "a");
        Assert.Equal(ErrorCodes.NotLoaded, (await Assert.ThrowsAsync<CdcSyncException>(() => CompareAsync())).Code);
    }

    [Fact]
    public async Task Changes_that_expired_are_told_since_nobody_knows_what_is_in_flight()
    {
        await LoadAsync(5);
        Source.Put(1, "newer");
        Source.Cleanup();
        Assert.Equal(ErrorCodes.ChangesExpired, (await Assert.ThrowsAsync<CdcSyncException>(() => CompareAsync())).Code);
    }

    /// <summary>Random edits of both sides, in any order with syncs: what is repaired equals the source, and what was found is what was edited.</summary>
    [Fact]
    public void Whatever_was_edited_a_repair_makes_source_and_target_equal()
    {
        var moves = (from move in Gen.Choose(0, 5) from key in Gen.Choose(0, 30) from value in Gen.Choose(0, 3) select (move, key, value)).ArrayOf().ToArbitrary();
        Prop.ForAll(moves, history => RunAsync(history).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    private static async Task RunAsync((int Move, int Key, int Value)[] history)
    {
        using var test = new ReconcilerTests();
        await test.LoadAsync(20);
        foreach (var (move, key, value) in history)
        {
            switch (move)
            {
                case 0: test.Source.Put(key, $"{value}"); break;
                case 1: test.Source.Delete(key); break;
                case 2: test.Target.Remove(key); break;
                case 3: test.Target[key] = $"{value}"; break;
                case 4: await test._world.SyncAsync(); break;
                default: await test.CompareAsync(); break;
            }
        }

        await test.RepairAsync();
        await test._world.SyncAsync();
        Assert.True(test._world.Equal(World.Orders));
        var report = await test.CompareAsync();
        Assert.Equal((0L, 0L), (report.Found.Total, report.InFlight));
    }

    private async Task LoadAsync(int rows)
    {
        for (var key = 0; key < rows; key++)
            Source.Put(key, $"value {key}");
        _world.Source.ChunkRows = 1_000;
        _world.Options = _world.Options with { SnapshotRowsPerRange = 10_000 };
        await _world.SyncAsync();
        Assert.True(_world.Equal(World.Orders));
    }

    private Task<ReconcileReport> CompareAsync(ReconcileMode mode = ReconcileMode.Digest) => _world.Engine().ReconcileAsync(World.Orders.Id, new ReconcileRequest(mode, IsRepair: false), default);

    private Task<ReconcileReport> RepairAsync() => _world.Engine().ReconcileAsync(World.Orders.Id, new ReconcileRequest(ReconcileMode.Digest, IsRepair: true), default);
}
