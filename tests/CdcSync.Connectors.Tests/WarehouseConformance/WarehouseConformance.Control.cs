using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

public abstract partial class WarehouseConformance
{
    private IControlStore Control => Warehouse.Control;

    [Fact]
    public async Task Migrating_again_does_nothing()
    {
        Assert.Empty(await Control.MigrateAsync(default));
        await Control.CheckSchemaAsync(default);
    }

    [Fact]
    public async Task A_dataset_is_forgotten_with_all_that_keeps_it_from_beginning_anew_and_no_other_is_touched()
    {
        var (dataset, other) = (await EnsuredAsync(TestDatasets.Accounts()), await EnsuredAsync(TestDatasets.Of("notes", 1, ("id", CdcSync.Arrow.Int64Type.Default))));
        foreach (var each in new[] { dataset, other })
            await PublishAsync(each, PublishMode.Merge, [], quarantined: [Rejected(2)]);

        var stale = Lease with { Token = Lease.Token - 1 };
        Assert.Equal(ErrorCodes.LeaseLost, (await Assert.ThrowsAsync<CdcSyncException>(async () => await Control.ForgetAsync(stale, dataset.Id, default))).Code);
        Assert.Equal(2, (await Control.ReadCheckpointsAsync([dataset.Id, other.Id], default)).Count);

        Assert.True(await Control.ForgetAsync(Lease, dataset.Id, default));
        Assert.False(await Control.ForgetAsync(Lease, dataset.Id, default));
        Assert.Equal([other.Id], (await Control.ReadCheckpointsAsync([dataset.Id, other.Id], default)).Keys);
        Assert.Equal([other.Id], (await Control.ReadStatusAsync("pipe", default)).Select(s => s.State.Dataset));
        Assert.Equal([other.Id], (await Control.CountQuarantinedAsync("pipe", default)).Keys);
        Assert.Equal([other.Id], (await Control.ReadLedgerAsync(null, 10, default)).Select(e => e.Dataset));
        await Warehouse.EnsureTargetAsync(dataset with { Id = new DatasetId("heir") }, default);         // its target is free for another
    }

    [Fact]
    public async Task A_dataset_is_paused_and_goes_on_and_its_state_does_not_change_that()
    {
        var (dataset, other) = (await EnsuredAsync(TestDatasets.Accounts()), await EnsuredAsync(TestDatasets.Of("notes", 1, ("id", CdcSync.Arrow.Int64Type.Default))));
        Assert.Empty(await Control.ReadPausedAsync("pipe", default));
        Assert.False(await Control.SetPausedAsync("pipe", new DatasetId("stranger"), true, default));
        Assert.False(await Control.SetPausedAsync("another pipe", dataset.Id, true, default));

        Assert.True(await Control.SetPausedAsync("pipe", dataset.Id, true, default));
        Assert.True(await Control.SetPausedAsync("pipe", dataset.Id, true, default));
        foreach (var each in new[] { dataset, other })
            await Control.WriteStateAsync(new DatasetState("pipe", each.Id, each.Target, DatasetPhase.Streaming, null, null, null, each.Contract), default);
        Assert.Equal([dataset.Id], await Control.ReadPausedAsync("pipe", default));
        Assert.Empty(await Control.ReadPausedAsync("another pipe", default));

        Assert.True(await Control.SetPausedAsync("pipe", dataset.Id, false, default));
        Assert.Empty(await Control.ReadPausedAsync("pipe", default));
    }

    [Fact]
    public async Task Without_a_control_schema_the_remedy_is_to_migrate()
    {
        var empty = await CreateAsync();
        await using (empty)
        {
            var warehouse = empty.Open("pipe");
            await using (warehouse)
            {
                var error = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.CheckSchemaAsync(default));
                Assert.Equal(ErrorCodes.ControlSchemaMissing, error.Code);
                Assert.EndsWith("cdcsync migrate", error.Remedy, StringComparison.Ordinal);
                var first = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.ReadCheckpointsAsync([new DatasetId("a")], default));
                Assert.Equal(ErrorCodes.ControlSchemaMissing, first.Code);

                Assert.Equal(["0001_control_schema.sql"], (await warehouse.Control.MigrateAsync(default)).Take(1));
                await warehouse.Control.CheckSchemaAsync(default);
            }
        }
    }

    [Fact]
    public async Task Workers_that_start_at_once_on_an_empty_warehouse_all_find_it_migrated()
    {
        var empty = await CreateAsync();
        await using (empty)
        {
            var ran = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
            {
                var warehouse = empty.Open("pipe");
                await using (warehouse)
                {
                    var scripts = await warehouse.Control.MigrateAsync(default);
                    await warehouse.Control.CheckSchemaAsync(default);
                    return scripts;
                }
            })));

            Assert.Equal(ran.SelectMany(r => r).Distinct().Count(), ran.Sum(r => r.Count));
            Assert.Contains("0001_control_schema.sql", ran.SelectMany(r => r));
        }
    }

    [Fact]
    public async Task A_control_schema_that_needs_a_newer_binary_is_refused_and_an_additive_one_is_not()
    {
        await Fixture.ExecuteAsync($"INSERT INTO {Fixture.Control("schemaversions")} (scriptname, applied, oldest_binary) VALUES ('9998_additive.sql', {Fixture.Clock(0)}, '0.1.0')");
        await Control.CheckSchemaAsync(default);

        await Fixture.ExecuteAsync($"INSERT INTO {Fixture.Control("schemaversions")} (scriptname, applied, oldest_binary) VALUES ('9999_breaking.sql', {Fixture.Clock(0)}, '99.0.0')");
        Assert.Equal(ErrorCodes.ControlSchemaNewer, (await Assert.ThrowsAsync<CdcSyncException>(async () => await Control.CheckSchemaAsync(default))).Code);
        Assert.Equal(ErrorCodes.ControlSchemaNewer, (await Assert.ThrowsAsync<CdcSyncException>(async () => await Control.MigrateAsync(default))).Code);
    }

    [Fact]
    public async Task A_checkpoint_comes_back_as_it_was_written_and_only_where_the_generation_is_the_expected_one()
    {
        var id = new DatasetId("orders");
        var plan = new Checkpoint(1, new SourceIdentity("kind'1", "id \"ü\""), new Position("sqlite-tracking", "12|ž"),
            new SnapshotProgress(3, [new KeyRange(0, null, "a'\"\\ ß"), new KeyRange(2, "z", null)]), null);

        Assert.True(await Control.TryMoveCheckpointAsync(Lease, id, new CheckpointMove(0, plan), Draft(new CheckpointMove(0, plan), 0, BatchKind.Plan), default));
        Assert.False(await Control.TryMoveCheckpointAsync(Lease, id, new CheckpointMove(0, plan), Draft(new CheckpointMove(0, plan), 0, BatchKind.Plan), default));
        Assert.False(await Control.TryMoveCheckpointAsync(Lease, id, Move(2), Draft(Move(2), 0), default));
        var found = (await Control.ReadCheckpointsAsync([id, new DatasetId("other")], default));
        Assert.Equal([id], found.Keys);
        Same(plan, found[id]);

        Assert.True(await Control.TryMoveCheckpointAsync(Lease, id, Move(1), Draft(Move(1), 0), default));
        Same(Move(1).Next, (await Control.ReadCheckpointsAsync([id], default))[id]);
        Assert.Equal([BatchKind.Window, BatchKind.Plan], (await Control.ReadLedgerAsync(id, 10, default)).Select(e => e.Draft.Kind));

        static void Same(Checkpoint expected, Checkpoint actual)
        {
            Assert.Equal(expected with { Snapshot = null }, actual with { Snapshot = null });
            Assert.Equal(expected.Snapshot?.Total, actual.Snapshot?.Total);
            Assert.Equal(expected.Snapshot?.Remaining, actual.Snapshot?.Remaining);
        }
    }

    [Fact]
    public async Task Pipelines_do_not_see_each_others_state()
    {
        var id = new DatasetId("orders");
        var other = Fixture.Open("other");
        await using (other)
        {
            var lease = (await other.Control.TryAcquireLeaseAsync("other", "b", TimeSpan.FromMinutes(1), default))!;
            Assert.True(await other.Control.TryMoveCheckpointAsync(lease, id, Move(0), Draft(Move(0), 0) with { Landing = new LandedFile("orders/1.arrow", "00", 1, 1) }, default));
        }

        Assert.Empty(await Control.ReadCheckpointsAsync([id], default));
        Assert.Empty(await Control.ReadLedgerAsync(null, 10, default));
        Assert.Empty(await Control.ReadLandedPathsAsync("pipe", default));
        Assert.Equal(["orders/1.arrow"], await Control.ReadLandedPathsAsync("other", default));
    }

    [Fact]
    public async Task The_ledger_tells_what_was_published_newest_first()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        var draft = new LedgerDraft(BatchKind.Range, new Position("test", "1"), new Position("test", "2"), 3, 1, new LandedFile("accounts/2.arrow", "abc", 2, 1234), SourceTime, SourceTime.AddSeconds(-1), 7);
        await using (publication)
        {
            var part = await StageAsync(publication, dataset, PublishMode.Merge, [Change.Upsert(1L, "a", 1L), Change.Upsert(2L, "b", 1L)]);
            Assert.False(await Control.WasCommittedAsync(publication.Id, default));
            await publication.PublishAsync([part with { Ledger = draft }], default);
        }
        await PublishAsync(dataset, Change.Delete(2L));

        Assert.True(await Control.WasCommittedAsync(publication.Id, default));
        Assert.False(await Control.WasCommittedAsync(Guid.CreateVersion7(), default));
        var entries = await Control.ReadLedgerAsync(dataset.Id, 10, default);
        Assert.Equal([2L, 1L], entries.Select(e => e.Generation));
        Assert.Equal(new LedgerEntry(publication.Id, dataset.Id, 1, draft, new MergeStats(2, 0, 0, 0), entries[1].CommittedAt, "test-holder"), entries[1]);
        Assert.Equal(new MergeStats(0, 0, 1, 0), entries[0].Stats);
        Assert.Null(entries[0].Draft.Landing);
        Assert.Null(entries[0].Draft.Range);
        Assert.Equal([2L], (await Control.ReadLedgerAsync(null, 1, default)).Select(e => e.Generation));
        Assert.Equal(["accounts/2.arrow"], await Control.ReadLandedPathsAsync("pipe", default));
    }

    [Fact]
    public async Task A_lease_has_one_holder_and_each_taking_a_higher_token()
    {
        Assert.Null(await Control.TryAcquireLeaseAsync("pipe", "rival", TimeSpan.FromMinutes(1), default));
        var renewed = await Control.RenewLeaseAsync(Lease, TimeSpan.FromHours(1), default);
        Assert.Equal(Lease with { ExpiresAt = renewed!.ExpiresAt }, renewed);
        Assert.True(renewed.ExpiresAt > Lease.ExpiresAt.AddMinutes(30));

        Assert.Equal(renewed, await Control.ReadLeaseAsync("pipe", default));
        Assert.Null(await Control.ReadLeaseAsync("another pipe", default));
        await Control.ReleaseLeaseAsync(renewed, default);
        Assert.Null(await Control.ReadLeaseAsync("pipe", default));
        var next = await Control.TryAcquireLeaseAsync("pipe", "rival", TimeSpan.FromMinutes(1), default);
        Assert.True(next!.Token > Lease.Token);
        Assert.Equal("rival", next.Holder);

        Assert.Null(await Control.RenewLeaseAsync(renewed, TimeSpan.FromHours(1), default));
        await Control.ReleaseLeaseAsync(renewed, default);
        Assert.Null(await Control.TryAcquireLeaseAsync("pipe", "third", TimeSpan.FromMinutes(1), default));
    }

    [Fact]
    public async Task An_expired_lease_is_lost_by_the_warehouses_clock()
    {
        await ExpireLeaseAsync();

        Assert.Null(await Control.RenewLeaseAsync(Lease, TimeSpan.FromMinutes(1), default));
        Assert.False(await Control.TryMoveCheckpointAsync(Lease, new DatasetId("orders"), Move(0), Draft(Move(0), 0), default));
        Assert.Empty(await Control.ReadLedgerAsync(null, 1, default));
        var next = await Control.TryAcquireLeaseAsync("pipe", "rival", TimeSpan.FromMinutes(1), default);
        Assert.Equal(Lease.Token + 1, next!.Token);
    }

    [Fact]
    public async Task Of_many_that_take_a_lease_at_once_one_has_it()
    {
        await Control.ReleaseLeaseAsync(Lease, default);

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var rival = Fixture.Open("pipe");
            await using (rival)
                return await rival.Control.TryAcquireLeaseAsync("pipe", $"rival {i}", TimeSpan.FromMinutes(1), default);
        })));

        Assert.Single(taken, lease => lease is not null);
    }

    [Fact]
    public async Task A_state_is_written_over_and_shown_with_checkpoint_last_commit_and_quarantine()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        var state = new DatasetState("pipe", dataset.Id, dataset.Target, DatasetPhase.Snapshot, null, null, TimeSpan.FromSeconds(90.5), dataset.Contract);
        await Control.WriteStateAsync(state, default);
        var before = Assert.Single(await Control.ReadStatusAsync("pipe", default));
        Assert.Equal(new DatasetStatus(state with { Target = before.State.Target }, null, null, 0), before);
        Assert.Equal(dataset.Target.Name, before.State.Target.Name);

        await PublishAsync(dataset, Change.Upsert(1L, "a", 1L));
        var failing = state with { Phase = DatasetPhase.ResyncRequired, ErrorCode = "CDC2003", Error = "expired. Run: cdcsync resync", FreshnessTarget = null };
        await Control.WriteStateAsync(failing, default);

        var status = Assert.Single(await Control.ReadStatusAsync("pipe", default));
        Assert.Equal(failing with { Target = status.State.Target }, status.State);
        Assert.Equal(1, status.Checkpoint!.Generation);
        Assert.Equal((await Control.ReadLedgerAsync(dataset.Id, 1, default))[0].CommittedAt, status.LastCommitAt);
        Assert.Empty(await Control.ReadStatusAsync("other", default));
        Assert.Equal("resync-required", await Fixture.ScalarAsync($"SELECT phase FROM {Fixture.Control("dataset_status")}"));
    }

    [Fact]
    public async Task The_columns_that_are_filled_are_remembered_until_the_dataset_is_forgotten_whatever_else_is_written()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        var state = new DatasetState("pipe", dataset.Id, dataset.Target, DatasetPhase.Streaming, null, null, null, dataset.Contract);
        await Control.WriteFilledColumnsAsync("pipe", new DatasetId("nobody"), "{}", default);
        await Control.WriteStateAsync(state, default);
        Assert.Empty(await Control.ReadFilledColumnsAsync("pipe", default));
        await Control.WriteFilledColumnsAsync("pipe", dataset.Id, """{"a":"žluť"}""", default);
        await Control.WriteStateAsync(state with { Phase = DatasetPhase.Failing }, default);
        Assert.Equal([KeyValuePair.Create(dataset.Id, """{"a":"žluť"}""")], await Control.ReadFilledColumnsAsync("pipe", default));
        Assert.Empty(await Control.ReadFilledColumnsAsync("other", default));
        await Control.ForgetAsync(Lease, dataset.Id, default);
        Assert.Empty(await Control.ReadFilledColumnsAsync("pipe", default));
    }

    [Fact]
    public async Task The_people_who_use_the_data_see_its_last_comparison_and_which_checks_fail()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await Control.WriteStateAsync(new DatasetState("pipe", dataset.Id, dataset.Target, DatasetPhase.Streaming, null, null, null, dataset.Contract), default);
        Assert.Equal("0 0", await ShownAsync("checks_failed", "coalesce(drift_rows, 0)"));
        var (state, old, now) = (Fixture.Control("reconciliation"), Fixture.Clock(-60), Fixture.Clock(0));
        string[] ids = [Guid.CreateVersion7().ToString(), Guid.CreateVersion7().ToString()];
        await Fixture.ExecuteAsync($"INSERT INTO {state} (id, pipeline, dataset, mode, started_at, finished_at, outcome, missing, different, extra, repaired) VALUES ('{ids[0]}', 'pipe', '{dataset.Id}', 'digest', {old}, {old}, 'equal', 0, 0, 0, 0)");
        await Fixture.ExecuteAsync($"INSERT INTO {state} (id, pipeline, dataset, mode, started_at, finished_at, outcome, missing, different, extra, repaired) VALUES ('{ids[1]}', 'pipe', '{dataset.Id}', 'digest', {now}, {now}, 'drift', 1, 2, 4, 3)");
        foreach (var (check, verdict) in new[] { ("a", "passed"), ("b", "failed"), ("c", "waiting"), ("d", "unanswered") })
            await Fixture.ExecuteAsync($"INSERT INTO {Fixture.Control("contract_check")} (pipeline, dataset, check_id, severity, verdict, expected, checked_at, since) VALUES ('pipe', '{dataset.Id}', '{check}', 'error', '{verdict}', 'above 0', {now}, {now})");
        Assert.Equal("2 4 drift", await ShownAsync("checks_failed", "drift_rows", "comparison"));
        Assert.Equal("2", await ShownAsync("count(checked_at) + count(compared_at)"));

        async Task<string> ShownAsync(params string[] columns) =>
            string.Join(' ', Assert.Single(await Fixture.QueryAsync($"SELECT {string.Join(", ", columns)} FROM {Fixture.Control("dataset_status")}")).Select(v => Convert.ToString(v, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Idle_checkpoints_advance_together_without_ledger_entries_and_those_that_lost_stay()
    {
        DatasetId[] ids = [new("a"), new("b"), new("c")];
        foreach (var id in ids)
            Assert.True(await Control.TryMoveCheckpointAsync(Lease, id, Move(0), Draft(Move(0), 0), default));
        Assert.True(await Control.TryMoveCheckpointAsync(Lease, ids[1], Move(1), Draft(Move(1), 0), default));

        var moved = await Warehouse.AdvanceIdleAsync(Lease, ids.Append(new DatasetId("unknown")).ToDictionary(id => id, _ => Move(1)), default);

        Assert.Equal([ids[0], ids[2]], moved.OrderBy(id => id.Value, StringComparer.Ordinal));
        var found = await Control.ReadCheckpointsAsync(ids, default);
        Assert.All(ids, id => Assert.Equal(Move(1).Next, found[id]));
        Assert.Equal(4, (await Control.ReadLedgerAsync(null, 100, default)).Count);

        await ExpireLeaseAsync();
        Assert.Empty(await Warehouse.AdvanceIdleAsync(Lease, ids.ToDictionary(id => id, _ => Move(2)), default));
        Assert.Empty(await Warehouse.AdvanceIdleAsync(Lease, new Dictionary<DatasetId, CheckpointMove>(), default));
    }

    [Fact]
    public async Task The_control_schema_has_every_table_and_column_that_its_document_names()
    {
        Assert.Equal(12, StateDocument.Tables.Count);
        foreach (var (table, columns) in StateDocument.Tables)
        {
            // Qualified, because SQLite takes a quoted word that it does not know for a text.
            foreach (var column in columns.Where(c => c != "column"))
                await Fixture.ScalarAsync($"SELECT count(x.{Fixture.Quote(column)}) FROM {Fixture.Control(table)} AS x");
        }
    }

    private Task ExpireLeaseAsync() => Fixture.ExecuteAsync($"UPDATE {Fixture.Control("lease")} SET expires_at = {Fixture.Clock(-1)}");
}
