using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Sync;

public sealed class SyncEngineTests
{
    private static readonly Dataset Orders = World.Orders;

    [Fact]
    public async Task A_first_load_and_the_changes_after_it_arrive()
    {
        using var world = new World();
        Fill(world, 10);
        var first = await world.SyncAsync();
        Assert.Equal(ExitCode.Ok, first.Exit);
        Assert.Equal(10, first.Outcomes[0].RowsRead);
        Assert.True(world.Equal(Orders));

        world.Source[Orders.Id].Put(3, "changed");
        world.Source[Orders.Id].Delete(4);
        world.Source[Orders.Id].Put(11, "new");
        var second = await world.SyncAsync();
        Assert.Equal(new MergeStats(1, 1, 1, 0), second.Outcomes[0].Stats);
        Assert.True(world.Equal(Orders));
    }

    [Fact]
    public async Task How_long_a_source_keeps_changes_and_what_holds_it_back_is_told_at_each_poll()
    {
        using var world = new World();
        Fill(world, 1);
        await world.SyncAsync();
        Assert.Empty(world.Observer.Retentions);
        (world.Source.Retention, world.Source.HeldBackFor) = (TimeSpan.FromDays(2), TimeSpan.FromMinutes(3));
        await world.SyncAsync();
        Assert.Equal(TimeSpan.FromDays(2), world.Observer.Retentions[Orders.Id]);
        Assert.Equal(TimeSpan.FromMinutes(3), world.Observer.Reads.Last().HeldBackFor);
    }

    [Fact]
    public async Task A_first_load_is_complete_only_after_the_stream_has_passed_its_last_range()
    {
        using var world = new World();
        Fill(world, 10);
        await world.SyncAsync();
        var loads = world.Observer.Batches.Where(b => b.Report.Kind == BatchKind.Range).ToArray();
        Assert.Equal(3, loads.Length);
        Assert.All(loads, b => Assert.Null(b.Report.Checkpoint.CompleteUpTo));
        Assert.NotNull(world.Warehouse.Checkpoints[Orders.Id].CompleteUpTo);
    }

    [Fact]
    public async Task The_next_range_of_a_first_load_is_read_while_one_is_committed()
    {
        using var world = new World();
        Fill(world, 10);
        var reads = 0;
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Source.Meanwhile = () =>
        {
            if (Interlocked.Increment(ref reads) == 2)
                second.SetResult();
        };
        world.Warehouse.BeforeCommit = () => second.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        Assert.True(world.Equal(Orders));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_range_that_was_read_ahead_of_one_that_failed_leaves_no_file(int parallel)
    {
        for (var call = 1; ; call++)
        {
            using var world = new World { ParallelRanges = parallel };
            Fill(world, 20);
            world.Faults.Arm(call, FaultPlan.Lasting);
            var broken = await Record.ExceptionAsync(world.SyncAsync);
            Assert.True(broken is null or CdcSyncException, $"call {call}: {broken}");
            if (!world.Faults.Fired)
                break;
            // And the ledger names the file of whatever it says was committed.
            var committed = world.Warehouse.Ledger.Where(e => e.Draft.RowsRead > 0).Select(e => e.Draft.Landing?.Path).ToArray();
            Assert.All(committed, Assert.NotNull);
            Assert.Equal(committed.Order(), world.LandedFiles().Order());
            await world.SyncAsync();
            Assert.True(world.Equal(Orders));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_first_load_goes_on_from_the_last_committed_range(int parallel)
    {
        using var world = new World { ParallelRanges = parallel };
        Fill(world, 20);
        world.Faults.Arm(25, FaultPlan.Lasting);
        var broken = await world.SyncAsync();
        Assert.True(world.Faults.Fired);
        Assert.Equal(ExitCode.Source, broken.Exit);
        var left = world.Warehouse.Checkpoints[Orders.Id].Snapshot!;
        Assert.InRange(left.Remaining.Count, 1, left.Total - 1);

        await world.SyncAsync();
        Assert.True(world.Equal(Orders));
        Assert.Equal(Enumerable.Range(0, left.Total), world.Warehouse.Ledger.Where(e => e.Draft.Kind == BatchKind.Range).Select(e => e.Draft.Range!.Value));
    }

    [Fact]
    public async Task Changes_made_while_a_first_load_reads_are_not_lost()
    {
        using var world = new World();
        Fill(world, 20);
        var key = 0;
        world.Source.Meanwhile = () =>
        {
            var table = world.Source[Orders.Id];
            table.Delete(++key);
            table.Put(key + 1, "late");
            table.Put(100 + key, "inserted");
        };
        await world.SyncAsync();
        world.Source.Meanwhile = null;
        await world.SyncAsync();
        Assert.True(world.Equal(Orders));
    }

    [Fact]
    public async Task Expired_changes_stop_the_dataset_and_it_stays_stopped()
    {
        using var world = new World();
        Fill(world, 5);
        await world.SyncAsync();
        world.Source[Orders.Id].Delete(1);
        world.Source[Orders.Id].Cleanup();
        var expired = await world.SyncAsync();
        Assert.Equal(ExitCode.ResyncRequired, expired.Exit);
        Assert.Equal(ErrorCodes.ChangesExpired, expired.Outcomes[0].Fault!.Code);

        var again = await world.SyncAsync();
        Assert.Equal(ErrorCodes.ResyncRequired, again.Outcomes[0].Fault!.Code);
        Assert.Equal(5, world.Warehouse.Rows(Orders.Id).Count);
    }

    [Fact]
    public async Task A_resync_publishes_the_difference_and_sets_the_dataset_free()
    {
        using var world = new World();
        Fill(world, 5);
        await world.SyncAsync();
        world.Source[Orders.Id].Delete(1);
        world.Source[Orders.Id].Put(2, "changed");
        world.Source[Orders.Id].Cleanup();
        await world.SyncAsync();

        var resync = await world.Engine().ResyncAsync(new HashSet<DatasetId> { Orders.Id }, BreakerUse.Armed, CancellationToken.None);
        Assert.Equal(new MergeStats(0, 1, 1, 0), resync.Outcomes[0].Stats);
        Assert.Equal(ResyncCause.Requested, Assert.Single(world.Observer.Batches, b => b.Report.Resync is not null).Report.Resync);
        Assert.True(world.Equal(Orders));
        world.Source[Orders.Id].Put(9, "after");
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        Assert.True(world.Equal(Orders));
    }

    [Fact]
    public async Task The_gap_policy_resnapshot_loads_anew_and_deletes_what_is_gone()
    {
        var orders = World.Of("orders", GapPolicy.Resnapshot);
        using var world = new World(orders);
        Fill(world, 9);
        await world.SyncAsync();
        world.Source[orders.Id].Delete(1);
        world.Source[orders.Id].Cleanup();
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        Assert.True(world.Equal(orders));
        Assert.Equal(ResyncCause.Expired, Assert.Single(world.Observer.Batches, b => b.Report.Resync is not null).Report.Resync);
    }

    [Fact]
    public async Task The_poll_before_a_first_load_is_a_poll_that_succeeded()
    {
        using var world = new World();
        Fill(world, 10);
        await world.SyncAsync();
        Assert.Equal([Orders.Id], world.Observer.Polls.First());
    }

    [Fact]
    public async Task A_rewound_source_stops_the_dataset_even_after_it_has_grown_past_the_checkpoint()
    {
        using var world = new World();
        Fill(world, 5);
        var (rows, version) = (new Dictionary<long, string>(world.Source[Orders.Id].Rows), world.Source[Orders.Id].Version);
        world.Source[Orders.Id].Put(6, "lost by the restore");
        await world.SyncAsync();
        world.Source[Orders.Id].Restore(rows, version);
        Assert.Equal(ErrorCodes.SourceRewound, (await world.SyncAsync()).Outcomes[0].Fault!.Code);
        world.Source[Orders.Id].Put(7, "after");
        world.Source[Orders.Id].Put(8, "after");
        Assert.Equal(ExitCode.ResyncRequired, (await world.SyncAsync()).Exit);
    }

    [Fact]
    public async Task A_checkpoint_of_another_source_is_refused_until_the_source_is_back()
    {
        using var world = new World();
        Fill(world, 3);
        await world.SyncAsync();
        world.Source.Identity = "another";
        Assert.Equal(ErrorCodes.OtherSource, (await world.SyncAsync()).Outcomes[0].Fault!.Code);
        world.Source.Identity = "one";
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
    }

    [Theory]
    [InlineData(CommitFate.LostBefore)]
    [InlineData(CommitFate.LostAfter)]
    internal async Task A_lost_commit_answer_is_settled_by_the_ledger(CommitFate fate)
    {
        using var world = new World();
        Fill(world, 3);
        await world.SyncAsync();
        world.Source[Orders.Id].Put(1, "changed");
        world.Warehouse.NextCommit = fate;
        Assert.Equal(ExitCode.Ok, (await world.SyncAsync()).Exit);
        Assert.True(world.Equal(Orders));
        Assert.Single(world.Warehouse.Ledger, e => e.Draft.Kind == BatchKind.Window && e.Draft.RowsRead > 0);
    }

    [Fact]
    public async Task A_batch_whose_checkpoint_was_moved_by_another_worker_is_not_published()
    {
        using var world = new World();
        Fill(world, 3);
        await world.SyncAsync();
        world.Source[Orders.Id].Put(1, "changed");
        var rival = world.Warehouse.Checkpoints[Orders.Id];
        world.Source.Meanwhile = () =>
        {
            world.Warehouse.Checkpoints[Orders.Id] = rival with { Generation = rival.Generation + 1 };
            world.Source.Meanwhile = null;
        };
        await world.SyncAsync();
        Assert.Contains(world.Observer.Faults, f => f.Fault.Code == ErrorCodes.Superseded);
        Assert.True(world.Equal(Orders));
        Assert.Equal(rival.Generation + 2, world.Warehouse.Ledger[^1].Generation);
    }

    [Fact]
    public async Task An_idle_dataset_advances_and_is_complete_up_to_the_sources_time()
    {
        using var world = new World();
        Fill(world, 3);
        await world.SyncAsync();
        var before = world.Warehouse.Checkpoints[Orders.Id];
        var report = await world.SyncAsync();
        var after = world.Warehouse.Checkpoints[Orders.Id];
        Assert.Equal(OutcomeKind.Unchanged, report.Outcomes[0].Kind);
        Assert.True(after.CompleteUpTo > before.CompleteUpTo);
        Assert.Equal(before.Generation + 1, after.Generation);
    }

    [Fact]
    public async Task A_mass_delete_is_stopped_and_the_target_stays_untouched()
    {
        using var world = new World();
        Fill(world, 2_000);
        world.Source.ChunkRows = 500;
        world.Options = world.Options with { SnapshotRowsPerRange = 1_000 };
        await world.SyncAsync();
        for (var key = 1; key <= 1_500; key++)
            world.Source[Orders.Id].Delete(key);
        var report = await world.SyncAsync();
        Assert.Equal(OutcomeKind.Blocked, report.Outcomes[0].Kind);
        Assert.Equal(2_000, world.Warehouse.Rows(Orders.Id).Count);
        Assert.Equal(DatasetPhase.Blocked, world.Warehouse.States[Orders.Id].Phase);
    }

    [Fact]
    public async Task An_empty_source_never_empties_a_target_unless_a_person_accepts_it()
    {
        var orders = World.Of("orders", GapPolicy.Resnapshot);
        using var world = new World(orders);
        Fill(world, 5);
        await world.SyncAsync();
        world.Source[orders.Id].Truncate();
        Assert.Equal(OutcomeKind.Blocked, (await world.SyncAsync()).Outcomes[0].Kind);
        Assert.Equal(5, world.Warehouse.Rows(orders.Id).Count);

        await world.Engine().ResyncAsync(new HashSet<DatasetId> { orders.Id }, BreakerUse.Accepted, CancellationToken.None);
        Assert.True(world.Equal(orders));
    }

    [Fact]
    public async Task A_group_publishes_together_or_not_at_all()
    {
        var (orders, lines) = (World.Of("orders", group: "sales"), World.Of("lines", group: "sales"));
        using var world = new World(orders, lines);
        await world.SyncAsync();
        world.Source[orders.Id].Put(1, "order");
        world.Source[lines.Id].Put(1, "line");
        world.Source[lines.Id].Cleanup();
        var report = await world.SyncAsync();
        Assert.Equal([ErrorCodes.GroupWaits, ErrorCodes.ChangesExpired], report.Outcomes.Select(o => o.Fault!.Code));
        Assert.Empty(world.Warehouse.Rows(orders.Id));
    }

    [Fact]
    public async Task A_group_is_one_transaction()
    {
        var (orders, lines) = (World.Of("orders", group: "sales"), World.Of("lines", group: "sales"));
        using var world = new World(orders, lines);
        await world.SyncAsync();
        world.Source[orders.Id].Put(1, "order");
        world.Source[lines.Id].Put(1, "line");
        await world.SyncAsync();
        Assert.Single(world.Warehouse.Ledger.Where(e => e.Draft.RowsRead > 0).Select(e => e.Publication).Distinct());
    }

    [Fact]
    public async Task A_paused_dataset_is_not_read_nor_is_its_group_until_it_goes_on()
    {
        var (orders, lines, notes) = (World.Of("orders", group: "sales"), World.Of("lines", group: "sales"), World.Of("notes"));
        using var world = new World(orders, lines, notes);
        await world.SyncAsync();
        foreach (var each in new[] { orders, lines, notes })
            world.Source[each.Id].Put(1, "changed");
        await world.Warehouse.SetPausedAsync("test", lines.Id, true, CancellationToken.None);
        var report = await world.SyncAsync();
        Assert.Equal([OutcomeKind.Paused, OutcomeKind.Paused, OutcomeKind.Synced], report.Outcomes.Select(o => o.Kind));
        Assert.Equal((ExitCode.Ok, 0, 1), (report.Exit, world.Warehouse.Rows(orders.Id).Count, world.Warehouse.Rows(notes.Id).Count));

        await world.Warehouse.SetPausedAsync("test", lines.Id, false, CancellationToken.None);
        await world.SyncAsync();
        Assert.True(world.Equal(orders) && world.Equal(lines));
    }

    [Fact]
    public async Task The_daemon_leaves_a_dataset_alone_from_the_poll_after_its_pause_until_it_goes_on()
    {
        var (orders, notes) = (World.Of("orders"), World.Of("notes"));
        using var world = new World(orders, notes);
        using var stop = new CancellationTokenSource();
        var daemon = world.Engine().RunAsync(stop.Token);
        world.Source[orders.Id].Put(1, "before");
        await UntilAsync(() => world.Warehouse.Rows(orders.Id).Count == 1 && world.Equal(orders));

        await world.Warehouse.SetPausedAsync("test", orders.Id, true, CancellationToken.None);
        await UntilAsync(() => world.Observer.Pauses.Contains((orders.Id, true)));
        world.Source[orders.Id].Put(2, "meanwhile");
        world.Source[notes.Id].Put(1, "meanwhile");
        await UntilAsync(() => world.Warehouse.Rows(notes.Id).Count == 1 && world.Equal(notes));
        Assert.Single(world.Warehouse.Rows(orders.Id));

        await world.Warehouse.SetPausedAsync("test", orders.Id, false, CancellationToken.None);
        await UntilAsync(() => world.Warehouse.Rows(orders.Id).Count == 2 && world.Equal(orders));
        await stop.CancelAsync();
        await daemon;
        Assert.Equal([(orders.Id, true), (orders.Id, false)], world.Observer.Pauses.Where(p => p.Dataset == orders.Id).Skip(1));
    }

    [Fact]
    public async Task One_bad_dataset_spoils_no_other()
    {
        var (orders, returns) = (World.Of("orders"), World.Of("returns"));
        using var world = new World(orders, returns);
        await world.SyncAsync();
        world.Source[orders.Id].Put(1, "order");
        world.Source[orders.Id].Cleanup();
        world.Source[returns.Id].Put(1, "return");
        var report = await world.SyncAsync();
        Assert.Equal(OutcomeKind.ResyncRequired, report.Outcomes[0].Kind);
        Assert.True(world.Equal(returns));
    }

    [Fact]
    public async Task A_second_worker_waits_and_then_says_who_works()
    {
        using var world = new World();
        world.Options = world.Options with { LeaseDuration = TimeSpan.FromSeconds(15) };
        world.Warehouse.Held = new Lease("test", "rival", 7, DateTimeOffset.MaxValue);
        var fault = await Assert.ThrowsAsync<CdcSyncException>(world.SyncAsync);
        Assert.Equal(ErrorCodes.LeaseLost, fault.Code);
        Assert.Equal(ExitCode.StateConflict, fault.Code.Exit);
    }

    [Fact]
    public async Task The_daemon_streams_and_takes_over_when_a_rival_dies()
    {
        using var world = new World();
        Fill(world, 5);
        world.Warehouse.Held = new Lease("test", "rival", 7, world.Time.GetUtcNow() + TimeSpan.FromSeconds(60));
        using var stop = new CancellationTokenSource();
        var daemon = world.Engine().RunAsync(stop.Token);
        await UntilAsync(() => world.Equal(Orders) && world.Warehouse.Checkpoints[Orders.Id].Snapshot is null);
        world.Source[Orders.Id].Put(1, "streamed");
        await UntilAsync(() => world.Equal(Orders));
        await stop.CancelAsync();
        await daemon;
        Assert.False(world.Observer.Leases.First());
        Assert.True(world.Warehouse.Held!.ExpiresAt < world.Time.GetUtcNow());
    }

    [Fact]
    public async Task A_cancellation_that_nobody_asked_for_is_a_bug_and_no_lost_lease()
    {
        using var world = new World();
        await world.SyncAsync();
        world.Source[Orders.Id].Put(1, "a");
        world.Source.Meanwhile = () => throw new OperationCanceledException();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(world.SyncAsync);
    }

    [Fact]
    public async Task A_worker_whose_lease_was_taken_publishes_nothing_more()
    {
        using var world = new World();
        Fill(world, 3);
        await world.SyncAsync();
        world.Source[Orders.Id].Put(1, "changed");
        world.Source.Meanwhile = () => world.Warehouse.Held = new Lease("test", "rival", 99, DateTimeOffset.MaxValue);
        try
        {
            await world.SyncAsync();
        }
        catch (CdcSyncException fault)
        {
            Assert.Equal(ErrorCodes.LeaseLost, fault.Code);             // the keeper noticed first
        }

        Assert.False(world.Equal(Orders));
    }

    [Fact]
    public async Task A_dry_run_counts_and_writes_nothing()
    {
        using var world = new World();
        Fill(world, 7);
        var report = await world.Engine().DryRunAsync(null, CancellationToken.None);
        Assert.Equal(7, report.Outcomes[0].RowsRead);
        Assert.Empty(world.Warehouse.Checkpoints);
        Assert.Empty(world.Warehouse.Rows(Orders.Id));
    }

    [Fact]
    public async Task Committed_positions_are_acknowledged_after_the_commit()
    {
        using var world = new World();
        Fill(world, 3);
        await world.SyncAsync();
        Assert.Equal(world.Warehouse.Checkpoints[Orders.Id].Stream, world.Source.Acknowledged[^1].Position);
    }

    [Fact]
    public async Task The_landing_holds_exactly_the_files_that_the_ledger_names()
    {
        using var world = new World();
        Fill(world, 10);
        world.Faults.Arm(30, FaultPlan.Transient);
        await world.SyncAsync();
        Assert.True(world.Faults.Fired);
        var named = await world.Warehouse.ReadLandedPathsAsync("test", CancellationToken.None);
        Assert.Equal(named.Order(), world.LandedFiles().Order());
    }

    private static void Fill(World world, int rows)
    {
        for (var key = 1; key <= rows; key++)
            world.Source[Orders.Id].Put(key, $"value {key}");
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; i < 1_000; i++)
        {
            try
            {
                if (holds())
                    return;
            }
            catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException)
            {
                // The daemon wrote meanwhile.
            }

            await Task.Delay(10);
        }

        Assert.Fail("It did not come true within 10 seconds.");
    }
}
