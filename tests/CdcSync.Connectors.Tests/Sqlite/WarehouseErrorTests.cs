using System.Diagnostics;
using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Isolation;
using CdcSync.Core.Warehouses;
using Microsoft.Data.Sqlite;

namespace CdcSync.Connectors.Tests.Sqlite;

/// <summary>What goes wrong around a SQLite warehouse gets its own code, names the file, changes nothing and is over when its cause is.</summary>
public sealed class WarehouseErrorTests : IAsyncDisposable
{
    private readonly WarehouseFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task A_missing_folder_is_named()
    {
        var path = Path.Combine(Path.GetTempPath(), $"cdcsync-{Guid.CreateVersion7()}", "warehouse.db");
        await using var warehouse = new SqliteWarehouse($"Data Source={path}", "pipe");

        var error = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.MigrateAsync(default));

        Assert.Equal(ErrorCodes.WarehouseUnavailable, error.Code);
        Assert.Contains($"the folder {Path.GetDirectoryName(path)} does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_or_another_kind_of_file_is_no_warehouse()
    {
        var folder = Path.GetDirectoryName(_fixture.File)!;
        await using (var warehouse = new SqliteWarehouse($"Data Source={folder}", "pipe"))
            Assert.Contains("is a folder", (await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.MigrateAsync(default))).Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(_fixture.File, string.Concat(Enumerable.Repeat("not a database. ", 100)));
        await using (var warehouse = _fixture.Open("pipe"))
        {
            var error = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.MigrateAsync(default));
            Assert.Equal(ErrorCodes.WarehouseFailed, error.Code);
            Assert.Contains("not a SQLite database", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_read_only_warehouse_shows_its_state_and_denies_every_change()
    {
        await using (var writer = await OpenAsync())
            await writer.Warehouse.EnsureTargetAsync(TestDatasets.Accounts(), default);
        await using var warehouse = new SqliteWarehouse($"Data Source={_fixture.File};Mode=ReadOnly", "pipe");

        await warehouse.Control.CheckSchemaAsync(default);
        Assert.Single(await warehouse.Control.ReadStatusAsync("pipe", default));
        Assert.Empty(await warehouse.EnsureTargetAsync(TestDatasets.Accounts(), default));
        foreach (var write in new Func<Task>[]
        {
            async () => await warehouse.EnsureTargetAsync(TestDatasets.Of("other", 1, ("id", Int64Type.Default)), default),
            async () => await warehouse.Control.TryAcquireLeaseAsync("pipe", "rival", TimeSpan.FromMinutes(1), default),
        })
        {
            var error = await Assert.ThrowsAsync<CdcSyncException>(write);
            Assert.Equal(ErrorCodes.WarehouseDenied, error.Code);
        }
    }

    [Fact]
    public async Task Who_waits_for_another_process_blocks_no_thread_and_goes_on_when_it_is_done()
    {
        await using var opened = await OpenAsync();
        using var rival = _fixture.Connect();
        Execute(rival, "BEGIN IMMEDIATE");

        var waiting = opened.Warehouse.Control.RenewLeaseAsync(opened.Lease, TimeSpan.FromMinutes(1), default);

        Assert.False(waiting.IsCompleted);
        Execute(rival, "COMMIT");
        Assert.NotNull(await waiting);
    }

    [Fact]
    public async Task A_lock_that_is_not_given_back_is_a_busy_warehouse_and_waiting_can_be_cancelled()
    {
        await using var opened = await OpenAsync();
        opened.Warehouse.Sessions.LockTimeout = TimeSpan.FromSeconds(0.5);
        using var rival = _fixture.Connect();
        Execute(rival, "BEGIN IMMEDIATE");
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await opened.Warehouse.Control.RenewLeaseAsync(opened.Lease, TimeSpan.FromMinutes(1), cancelled.Token));

        var error = await Assert.ThrowsAsync<CdcSyncException>(async () => await opened.Warehouse.Control.RenewLeaseAsync(opened.Lease, TimeSpan.FromMinutes(1), default));

        Assert.Equal(ErrorCodes.WarehouseBusy, error.Code);
        Assert.True(error.IsTransient);
        Execute(rival, "COMMIT");
        Assert.NotNull(await opened.Warehouse.Control.RenewLeaseAsync(opened.Lease, TimeSpan.FromMinutes(1), default));
    }

    [Fact]
    public async Task A_full_warehouse_rolls_back_and_takes_the_batch_when_there_is_room()
    {
        await using var opened = await OpenAsync();
        var dataset = TestDatasets.Accounts();
        await opened.Warehouse.EnsureTargetAsync(dataset, default);
        var rows = Enumerable.Range(0, 5_000).Select(i => Change.Upsert((long)i, new string('x', 100), 1L)).ToList();

        // Each session has a limit of its own: one is taken from the pool, given a limit and put back.
        opened.Warehouse.Sessions.Return(Limited(opened.Warehouse.Sessions.Rent(), pages: 40));
        var error = await Assert.ThrowsAsync<CdcSyncException>(() => PublishAsync(opened, dataset, rows));
        Assert.Equal(ErrorCodes.WarehouseFull, error.Code);
        Assert.Equal(0L, await _fixture.ScalarAsync("SELECT count(*) FROM accounts"));

        // The session that failed is gone, and with it the limit.
        Assert.Equal(PublicationOutcome.Committed, (await PublishAsync(opened, dataset, rows)).Outcome);
    }

    [Fact]
    public async Task What_a_constraint_of_the_users_refuses_is_told_without_values()
    {
        await using var opened = await OpenAsync();
        var dataset = TestDatasets.Accounts();
        await opened.Warehouse.EnsureTargetAsync(dataset, default);
        await _fixture.ExecuteAsync("CREATE TRIGGER guard BEFORE INSERT ON accounts WHEN new.amount < 0 BEGIN SELECT raise(ABORT, 'secret value'); END");

        var error = await Assert.ThrowsAsync<CdcSyncException>(() => PublishAsync(opened, dataset, [Change.Upsert(1L, "canary", -1L)]));

        Assert.Equal(ErrorCodes.WarehouseRefusedRows, error.Code);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("trigger", error.Message, StringComparison.Ordinal);
        Assert.Equal(new Refusal("", "SQLite refused it: a trigger of the target raised an error", DependsOnOthers: true), error.Refusal);
    }

    [Fact]
    public async Task What_only_a_commit_would_refuse_a_rehearsal_refuses_too()
    {
        await using var opened = await OpenAsync();
        var dataset = TestDatasets.Accounts();
        await _fixture.ExecuteAsync("""
            CREATE TABLE names (name TEXT PRIMARY KEY);
            CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT REFERENCES names (name) DEFERRABLE INITIALLY DEFERRED, amount DECIMAL(12,2));
            """);
        await opened.Warehouse.EnsureTargetAsync(dataset, default);
        var publication = await opened.Warehouse.OpenPublicationAsync(opened.Lease, default);
        await using (publication)
        {
            var stage = await publication.OpenStageAsync(dataset, PublishMode.Merge, default);
            await stage.WriteAsync(Change.Chunk(dataset, [Change.Upsert(1L, "nobody", 1L)]), default);
            var move = new CheckpointMove(0, new Checkpoint(1, new SourceIdentity("test", "one"), new Position("test", "1"), null, null));
            var ledger = new LedgerDraft(BatchKind.Window, null, move.Next.Stream, 1, 0, null, DateTimeOffset.UnixEpoch, null);

            var error = await Assert.ThrowsAsync<CdcSyncException>(async () => await publication.RehearseAsync([new DatasetPublication(stage, move, [], ledger, [])], default));

            Assert.Equal(new Refusal("", "SQLite refused it: FOREIGN KEY constraint failed", DependsOnOthers: true), error.Refusal);
        }
    }

    [Fact]
    public async Task A_key_without_a_value_is_refused_and_never_given_a_number()
    {
        await using var opened = await OpenAsync();
        var dataset = TestDatasets.Accounts();
        await opened.Warehouse.EnsureTargetAsync(dataset, default);

        var error = await Assert.ThrowsAsync<CdcSyncException>(() => PublishAsync(opened, dataset, [Change.Upsert(null, "a", 1L)]));

        Assert.Equal(ErrorCodes.WarehouseRefusedRows, error.Code);
        Assert.Contains("'id'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_vanished_or_lost_a_column_is_told_as_such()
    {
        await using var opened = await OpenAsync();
        var dataset = TestDatasets.Accounts();
        await opened.Warehouse.EnsureTargetAsync(dataset, default);
        await _fixture.ExecuteAsync("ALTER TABLE accounts DROP COLUMN name");
        Assert.Equal(ErrorCodes.TargetMismatch, (await Assert.ThrowsAsync<CdcSyncException>(() => PublishAsync(opened, dataset, [Change.Upsert(1L, "a", 1L)]))).Code);

        await _fixture.ExecuteAsync("DROP TABLE accounts");
        Assert.Equal(ErrorCodes.TargetMismatch, (await Assert.ThrowsAsync<CdcSyncException>(() => PublishAsync(opened, dataset, [Change.Upsert(1L, "a", 1L)]))).Code);

        Assert.Single(await opened.Warehouse.EnsureTargetAsync(dataset, default));
        Assert.Equal(PublicationOutcome.Committed, (await PublishAsync(opened, dataset, [Change.Upsert(1L, "a", 1L)])).Outcome);
    }

    [Fact]
    public async Task A_key_that_the_user_made_blind_to_case_folds_and_matches_so()
    {
        await using var opened = await OpenAsync();
        await _fixture.ExecuteAsync("CREATE TABLE people (code TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, n INTEGER)");
        var dataset = TestDatasets.Of("people", 1, ("code", StringType.Default), ("n", Int64Type.Default));
        await opened.Warehouse.EnsureTargetAsync(dataset, default);

        Assert.Equal(new MergeStats(1, 0, 0, 0), Assert.Single((await PublishAsync(opened, dataset, [Change.Upsert("AB", 1L), Change.Upsert("ab", 2L)])).Stats));
        Assert.Equal(new MergeStats(0, 1, 0, 0), Assert.Single((await PublishAsync(opened, dataset, [Change.Upsert("Ab", 3L)])).Stats));
        Assert.Equal(new MergeStats(0, 0, 1, 0), Assert.Single((await PublishAsync(opened, dataset, [Change.Delete("aB")])).Stats));
    }

    [Fact]
    public async Task A_long_merge_is_interrupted_by_its_cancellation()
    {
        await using var opened = await OpenAsync();
        var dataset = TestDatasets.Accounts();
        await opened.Warehouse.EnsureTargetAsync(dataset, default);
        await _fixture.ExecuteAsync("CREATE TRIGGER slow AFTER INSERT ON accounts BEGIN SELECT count(*) FROM (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000) SELECT x FROM n); END");
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var began = Stopwatch.GetTimestamp();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PublishAsync(opened, dataset, [Change.Upsert(1L, "a", 1L)], cancelled.Token));

        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10));
        await _fixture.ExecuteAsync("DROP TRIGGER slow");
        Assert.Equal(PublicationOutcome.Committed, (await PublishAsync(opened, dataset, [Change.Upsert(1L, "a", 1L)])).Outcome);
    }

    [Fact]
    public async Task A_commit_that_SQLite_refuses_is_rolled_back_and_one_that_it_left_half_way_is_unknown()
    {
        await using var opened = await OpenAsync();
        await _fixture.ExecuteAsync("CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)");
        using var session = opened.Warehouse.Sessions.Rent();
        session.Execute("PRAGMA foreign_keys = ON; BEGIN IMMEDIATE; INSERT INTO child VALUES (1)");
        Assert.Throws<SqliteException>(session.Commit);
        Assert.False(session.IsInTransaction);

        // As after an I/O error in the middle of a commit: SQLite is in no transaction any more, and whether it is on disk only a restart would tell.
        var error = Assert.Throws<CdcSyncException>(session.Commit);
        Assert.Equal(ErrorCodes.CommitUnknown, error.Code);
        Assert.True(error.IsTransient);
        Assert.Equal(0L, await _fixture.ScalarAsync("SELECT count(*) FROM child"));
    }

    [Fact]
    public async Task A_file_that_keeps_its_texts_in_UTF_16_is_a_warehouse_too()
    {
        await _fixture.ExecuteAsync("PRAGMA encoding = 'UTF-16'; CREATE TABLE theirs (x)");
        await using var opened = await OpenAsync();
        await opened.Warehouse.Control.CheckSchemaAsync(default);
        var dataset = TestDatasets.Of("people", 1, ("code", StringType.Default), ("name", StringType.Default));
        await opened.Warehouse.EnsureTargetAsync(dataset, default);

        await PublishAsync(opened, dataset, [Change.Upsert("ž", "Žofie \U0001F40E"), Change.Upsert("", "")]);

        Assert.Equal(MergeStats.None, Assert.Single((await PublishAsync(opened, dataset, [Change.Upsert("ž", "Žofie \U0001F40E"), Change.Upsert("", "")])).Stats));
        Assert.Equal("Žofie \U0001F40E", await _fixture.ScalarAsync("SELECT name FROM people WHERE code = 'ž'"));
        Assert.Equal("holder", Assert.Single(await opened.Warehouse.Control.ReadLedgerAsync(dataset.Id, 1, default)).Holder);
    }

    [Fact]
    public async Task State_that_can_not_be_read_is_corrupt_and_not_guessed_at()
    {
        await using var opened = await OpenAsync();
        var dataset = TestDatasets.Accounts();
        await opened.Warehouse.EnsureTargetAsync(dataset, default);
        await PublishAsync(opened, dataset, [Change.Upsert(1L, "a", 1L)]);
        foreach (var (column, value) in new[] { ("complete_up_to", "yesterday"), ("snapshot", "{"), ("snapshot", "{\"total\":1}") })
        {
            await _fixture.ExecuteAsync($"UPDATE cdcsync_checkpoint SET {column} = '{value}'");
            Assert.Equal(ErrorCodes.StateCorrupt, (await Assert.ThrowsAsync<CdcSyncException>(async () => await opened.Warehouse.Control.ReadCheckpointsAsync([dataset.Id], default))).Code);
            await _fixture.ExecuteAsync($"UPDATE cdcsync_checkpoint SET {column} = NULL");
        }
        await _fixture.ExecuteAsync("UPDATE cdcsync_dataset_state SET phase = 'asleep'");
        Assert.Equal(ErrorCodes.StateCorrupt, (await Assert.ThrowsAsync<CdcSyncException>(async () => await opened.Warehouse.Control.ReadStatusAsync("pipe", default))).Code);
    }

    private async Task<Opened> OpenAsync()
    {
        var warehouse = (SqliteWarehouse)_fixture.Open("pipe");
        await warehouse.Control.MigrateAsync(default);
        return new Opened(warehouse, (await warehouse.Control.TryAcquireLeaseAsync("pipe", "holder", TimeSpan.FromMinutes(5), default))!);
    }

    private static async Task<PublicationResult> PublishAsync(Opened opened, Core.Datasets.Dataset dataset, IReadOnlyList<Change> changes, CancellationToken ct = default)
    {
        var generation = (await opened.Warehouse.Control.ReadCheckpointsAsync([dataset.Id], default)).GetValueOrDefault(dataset.Id)?.Generation ?? 0;
        var publication = await opened.Warehouse.OpenPublicationAsync(opened.Lease, default);
        await using (publication)
        {
            var stage = await publication.OpenStageAsync(dataset, PublishMode.Merge, default);
            await stage.WriteAsync(Change.Chunk(dataset, changes), default);
            var position = new Position("test", "1");
            var move = new CheckpointMove(generation, new Checkpoint(generation + 1, new SourceIdentity("test", "1"), position, null, null));
            var ledger = new LedgerDraft(BatchKind.Window, null, position, changes.Count, 0, null, DateTimeOffset.UnixEpoch, null);
            return await publication.PublishAsync([new DatasetPublication(stage, move, [], ledger, [])], ct);
        }
    }

    private static SqliteSession Limited(SqliteSession session, int pages)
    {
        session.Execute($"PRAGMA max_page_count = {pages}");
        return session;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private sealed record Opened(SqliteWarehouse Warehouse, Lease Lease) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Warehouse.DisposeAsync();
    }
}
