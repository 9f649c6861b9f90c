using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Postgres.Source.Replication;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.TestServers;
using Npgsql;
using Npgsql.Replication;
using Npgsql.Replication.PgOutput;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>What can be wrong with slot, publication, table, role and server: each has its code, and nothing goes on over a gap.</summary>
public sealed class ReplicationGapTests
{
    private const string Notes = "CREATE TABLE notes (id bigint PRIMARY KEY, n bigint, body text)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_slot_that_is_missing_stops_a_start_and_expires_a_checkpoint_and_one_made_anew_too()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await database.DropSlotAsync();
        Assert.Contains(database.Slot, (await TrackedDatabase.FaultAsync(source, new Follower(follower.Dataset), ReadingState.Denied, ErrorCodes.TrackingOff)).Message);
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Expired, ErrorCodes.ChangesExpired);
        await database.RunAsync("INSERT INTO notes VALUES (1, 1, 'lost')");
        await database.MakeSlotAsync();
        // Also for a session that was kept from before.
        Assert.Contains("made anew", (await TrackedDatabase.FaultAsync(source, follower, ReadingState.Expired, ErrorCodes.ChangesExpired)).Message);
        await TrackedDatabase.FaultAsync(database.Open(), follower, ReadingState.Expired, ErrorCodes.ChangesExpired);
    }

    [Fact]
    public async Task A_slot_that_something_else_has_read_on_expires_the_checkpoint()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await database.RunAsync("INSERT INTO notes VALUES (1, 1, 'taken')");
        await database.RunAsync($"SELECT pg_logical_slot_get_binary_changes('{database.Slot}', NULL, NULL, 'proto_version', '1', 'publication_names', 'cdcsync')");
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Expired, ErrorCodes.ChangesExpired);
    }

    /// <summary>So a daemon that moves the slot is no error to a comparison beside it; who uses it for longer is another consumer.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_slot_in_use_for_a_moment_is_waited_for_and_one_in_use_for_longer_is_told(bool isForLonger)
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await database.RunAsync("INSERT INTO notes VALUES (1, 1, 'a')");
        var catchUp = Task.CompletedTask;
        await using (var other = new LogicalReplicationConnection(database.Database.ConnectionString))
        {
            await other.Open(Token);
            using var stop = new CancellationTokenSource();
            var stream = other.StartReplication(new PgOutputReplicationSlot(database.Slot), new PgOutputReplicationOptions("cdcsync", PgOutputProtocolVersion.V1), stop.Token).GetAsyncEnumerator(Token);
            var reading = Task.Run(async () =>
            {
                while (await stream.MoveNextAsync()) { }                 // nothing is confirmed, so that nothing is lost
            }, Token);
            await Eventually.HoldsAsync(IsActiveAsync, reading);
            if (isForLonger)
            {
                Assert.True((await TrackedDatabase.FaultAsync(source, follower, ReadingState.Denied, ErrorCodes.SlotInUse)).IsTransient);
            }
            else
            {
                catchUp = follower.CatchUpAsync(source);
                await Task.Delay(200, Token);
                Assert.False(catchUp.IsCompleted);
            }

            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        }

        await catchUp;
        await Eventually.HoldsAsync(async () => !await IsActiveAsync());
        await follower.CatchUpAsync(source);
        Assert.Equal(["1"], follower.Rows.Keys);

        Task<bool> IsActiveAsync() => database.Database.ScalarAsync<bool>($"SELECT active FROM pg_replication_slots WHERE slot_name = '{database.Slot}'");
    }

    [Fact]
    public async Task A_slot_of_another_plugin_or_database_is_refused()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        await using var elsewhere = await TrackedDatabase.CreateAsync(Notes);
        var dataset = await database.DatasetAsync("notes");
        Assert.Contains("another database", Assert.Single(await database.Open(o => o with { Slot = elsewhere.Slot }).CheckAsync(dataset, Token)).Message);
        await database.DropSlotAsync();
        await database.RunAsync($"SELECT pg_create_logical_replication_slot('{database.Slot}', 'test_decoding')");
        Assert.Contains("test_decoding", Assert.Single(await database.Open().CheckAsync(dataset, Token)).Message);
    }

    [Theory]
    [InlineData("ALTER PUBLICATION cdcsync DROP TABLE notes", "is not in the publication")]
    [InlineData("ALTER PUBLICATION cdcsync SET TABLE notes WHERE (id > 5)", "row filter")]
    [InlineData("ALTER PUBLICATION cdcsync SET TABLE notes (id, n)", "leaves out body")]
    [InlineData("ALTER PUBLICATION cdcsync SET (publish = 'insert, update')", "leaves out inserts, updates, deletes or truncates")]
    [InlineData("DROP PUBLICATION cdcsync", "no publication cdcsync")]
    [InlineData("DROP PUBLICATION cdcsync; CREATE PUBLICATION cdcsync FOR ALL TABLES", "for all tables")]
    public async Task A_publication_that_hides_changes_is_refused_and_one_that_hid_them_meanwhile_is_a_gap(string alter, string why)
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        Assert.Empty(await source.CheckAsync(follower.Dataset, Token));
        await database.RunAsync(alter);
        var fault = Assert.Single(await source.CheckAsync(follower.Dataset, Token));
        Assert.Equal(ErrorCodes.TrackingOff, fault.Code);
        Assert.Contains(why, fault.Message);
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Denied, ErrorCodes.TrackingOff);
        await database.RunAsync("INSERT INTO notes VALUES (1, 1, 'unseen')");
        // A column list that leaves out what nobody reads is none of our business.
        var narrow = follower.Dataset with { Columns = [.. follower.Dataset.Columns.Where(c => c.Source != "body")] };
        if (alter.Contains("(id, n)", StringComparison.Ordinal)) Assert.Empty(await source.CheckAsync(narrow, Token));
        await database.RunAsync("DROP PUBLICATION IF EXISTS cdcsync; CREATE PUBLICATION cdcsync FOR TABLE notes");
        Assert.Empty(await source.CheckAsync(follower.Dataset, Token));
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Expired, ErrorCodes.ChangesExpired);
    }

    [Fact]
    public async Task Adding_a_table_to_the_publication_is_no_gap_for_the_others()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await database.RunAsync("CREATE TABLE more (id bigint PRIMARY KEY); ALTER PUBLICATION cdcsync ADD TABLE more; INSERT INTO notes VALUES (1, 1, 'a')");
        await follower.CatchUpAsync(source);
        Assert.Equal(["1"], follower.Rows.Keys);
    }

    [Theory]
    [InlineData("CREATE TABLE t (id bigint)", "CDC2009")]
    [InlineData("CREATE TABLE t (id bigint PRIMARY KEY); ALTER TABLE t REPLICA IDENTITY NOTHING", "CDC2009")]
    [InlineData("CREATE UNLOGGED TABLE t (id bigint PRIMARY KEY)", "CDC2008")]
    [InlineData("CREATE TABLE t (id inet PRIMARY KEY)", "CDC2010")]
    [InlineData("CREATE VIEW t AS SELECT 1::bigint AS id", "CDC2008")]
    public async Task A_table_whose_rows_the_log_can_not_name_is_refused(string create, string code)
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes, create);
        var dataset = await database.DatasetAsync("t");
        if (dataset.Key.Count == 0) dataset = dataset with { Columns = [.. dataset.Columns.Select(c => c with { KeyOrdinal = 0 })] };
        var source = database.Open();
        Assert.Equal(code, (await source.CheckAsync(dataset, Token))[0].Code.Id);
        await using var session = await source.OpenAsync([new ReadRequest(dataset, null)], Token);
        Assert.Equal(ReadingState.Denied, session.Readings[dataset.Id].State);
    }

    [Fact]
    public async Task A_server_without_logical_decoding_and_a_standby_are_refused()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var plain = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await plain.ExecuteAsync(Notes);
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var dataset = await database.DatasetAsync("notes");
        await using var source = new PostgresSource("shop", new PostgresSourceOptions { ConnectionString = () => plain.ConnectionString });
        var fault = Assert.Single(await source.CheckAsync(dataset, Token));
        Assert.Equal(ErrorCodes.TrackingOff, fault.Code);
        Assert.Contains("wal_level is replica", fault.Message);
        var standby = new LogServer(DateTimeOffset.UnixEpoch, null, null, 0, "1", 1, "d", "logical", TimeSpan.Zero);
        Assert.Equal(ErrorCodes.SourceNotPrimary, new LogFaults("shop", "s", "p").Of(new LogFacts(standby, null, null))!.Code);
    }

    [Fact]
    public async Task A_role_needs_REPLICATION_and_SELECT_and_no_more()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var role = $"r{Guid.CreateVersion7():N}";
        await database.RunAsync($"CREATE ROLE {role} LOGIN PASSWORD '{role}'; GRANT SELECT ON notes TO {role}");
        try
        {
            var source = database.Open(role: role);
            var follower = new Follower(await database.DatasetAsync("notes"));
            Assert.Equal(ErrorCodes.SourceDenied, Assert.Single(await source.CheckAsync(follower.Dataset, Token)).Code);
            await database.RunAsync($"ALTER ROLE {role} REPLICATION");
            Assert.Empty(await source.CheckAsync(follower.Dataset, Token));
            await follower.LoadAsync(source);
            await database.RunAsync("INSERT INTO notes VALUES (1, 1, 'a')");
            await follower.CatchUpAsync(source);
            await source.AcknowledgeAsync([new CommittedPosition(follower.Dataset.Id, follower.Checkpoint!.Stream)], Token);
            Assert.Equal(["1"], follower.Rows.Keys);
            await database.RunAsync($"ALTER ROLE {role} NOREPLICATION; INSERT INTO notes VALUES (2, 1, 'a')");
            var denied = await Assert.ThrowsAsync<CdcSyncException>(() => follower.CatchUpAsync(database.Open(role: role)));
            Assert.Equal(ErrorCodes.SourceDenied, denied.Code);
            await source.DisposeAsync();
        }
        finally
        {
            await database.RunAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task Altered_columns_are_a_gap_where_they_are_read_and_none_where_they_are_not()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes", "id", "n");
        await database.RunAsync("INSERT INTO notes VALUES (1, 1, 'a'); ALTER TABLE notes ADD extra text, ALTER body TYPE varchar(9); INSERT INTO notes VALUES (2, 2, 'b', 'c'); ALTER TABLE notes DROP extra");
        await follower.CatchUpAsync(source);
        Assert.Equal(["1", "2"], follower.Rows.Keys.Order());
        await database.RunAsync("ALTER TABLE notes ALTER n TYPE numeric(12,2)");
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Expired, ErrorCodes.SourceColumnsChanged);
        await database.RunAsync("ALTER TABLE notes DROP n");
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Denied, ErrorCodes.SourceSchemaMismatch);
    }

    [Fact]
    public async Task A_column_that_was_altered_and_altered_back_is_a_gap_too()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes", "id", "n");
        await database.RunAsync("ALTER TABLE notes ALTER n TYPE integer; INSERT INTO notes VALUES (1, 1, 'a'); ALTER TABLE notes ALTER n TYPE bigint");
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Expired, ErrorCodes.SourceColumnsChanged);
        var again = await database.LoadedAsync(source, "notes", "id", "n");
        await database.RunAsync("INSERT INTO notes VALUES (2, 1, 'a')");
        await again.CatchUpAsync(source);
        Assert.Equal(["1", "2"], again.Rows.Keys.Order());
    }

    [Fact]
    public async Task A_table_created_again_under_its_name_is_a_gap()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await database.RunAsync($"DROP TABLE notes; {Notes}; ALTER PUBLICATION cdcsync ADD TABLE notes");
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Expired, ErrorCodes.ChangesExpired);
    }

    [Fact]
    public async Task A_commit_that_is_in_the_log_and_not_visible_is_waited_for_by_loads_and_by_lookups()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync(LogicalServer.Settings);
        await using var database = await TrackedDatabase.CreateAsync(server, "CREATE TABLE notes (id bigint PRIMARY KEY, n bigint, body text); ALTER TABLE notes ALTER body SET STORAGE EXTERNAL", "CREATE TABLE other (id bigint PRIMARY KEY)",
            "INSERT INTO notes VALUES (1, 1, repeat('a', 5000))");
        var source = database.Open();
        var (notes, other) = (await database.LoadedAsync(source, "notes"), await database.LoadedAsync(source, "other"));
        // A standby that never answers: commits are written and safe, but not visible.
        await server.ExecuteAsync("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
        await server.ExecuteAsync("SELECT pg_reload_conf()");
        // The checkpointer puts the setting in force, some time after others show it: a commit before that waits for nobody.
        var probe = Task.CompletedTask;
        await Eventually.HoldsAsync(async () =>
        {
            if (probe.IsCompleted) probe = database.RunAsync("CREATE TABLE IF NOT EXISTS probe (id bigint); INSERT INTO probe VALUES (1)");
            return await HangingAsync() == 1;
        });
        var hanging = database.RunAsync("UPDATE notes SET id = 7, n = 2");
        var hangingToo = database.RunAsync("INSERT INTO other VALUES (1)");
        await Eventually.HoldsAsync(async () => await HangingAsync() == 3, Task.WhenAll(hanging, hangingToo));

        await using (var session = await source.OpenAsync([new ReadRequest(other.Dataset with { Id = new DatasetId("late") }, null), new ReadRequest(other.Dataset, other.Checkpoint), new ReadRequest(notes.Dataset, notes.Checkpoint)], Token))
        {
            // A load that began here would read no row, and its stream would begin behind it.
            Assert.Equal(ErrorCodes.SourceTransactionInTheWay, session.Readings[new DatasetId("late")].Fault?.Code);
            // The log has both already. Of one all values came; the other's row can't be looked up under its new key yet.
            await other.ReadAsync(session);
            Assert.Equal(["1"], other.Rows.Keys);
            Assert.Equal(ErrorCodes.SourceTransactionInTheWay, (await Assert.ThrowsAsync<CdcSyncException>(() => notes.ReadAsync(session))).Code);
        }
        await server.ExecuteAsync("ALTER SYSTEM RESET synchronous_standby_names");
        await server.ExecuteAsync("SELECT pg_reload_conf()");
        await Task.WhenAll(probe, hanging, hangingToo);
        await notes.CatchUpAsync(source);
        Assert.Equal(["7"], notes.Rows.Keys);
        await database.AssertSameAsync(source, notes);

        Task<long> HangingAsync() => database.Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    }

    [Fact]
    public async Task A_slot_whose_log_was_removed_expires_the_checkpoint()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync([.. LogicalServer.Settings, "max_slot_wal_keep_size=1MB", "min_wal_size=32MB", "max_wal_size=32MB"]);
        await using var database = await TrackedDatabase.CreateAsync(server, Notes);
        var follower = await database.LoadedAsync(database.Open(), "notes");
        for (var i = 0; i < 8; i++) await database.RunAsync("SELECT pg_switch_wal(); CHECKPOINT; INSERT INTO notes VALUES ((SELECT count(*) FROM notes), 1, 'a')");
        Assert.Equal("lost", await database.Database.ScalarAsync<string>($"SELECT wal_status FROM pg_replication_slots WHERE slot_name = '{database.Slot}'"));
        await TrackedDatabase.FaultAsync(database.Open(), follower, ReadingState.Expired, ErrorCodes.ChangesExpired);
    }
}
