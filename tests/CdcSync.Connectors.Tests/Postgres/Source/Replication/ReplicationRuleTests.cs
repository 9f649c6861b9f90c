using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>The rules of docs/postgresql.md on what the log tells, each on a live server.</summary>
public sealed class ReplicationRuleTests
{
    private const string Notes = "CREATE TABLE notes (id bigint PRIMARY KEY, n bigint, body text); ALTER TABLE notes ALTER body SET STORAGE EXTERNAL";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transaction_that_began_before_the_checkpoint_and_commits_after_it_is_not_passed_over()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await using var first = await database.Database.OpenAsync();
        await using var transaction = await first.BeginTransactionAsync(Token);
        await using (var insert = new Npgsql.NpgsqlCommand("INSERT INTO notes VALUES (1, 1, 'early')", first)) await insert.ExecuteNonQueryAsync(Token);
        await database.RunAsync("INSERT INTO notes VALUES (2, 2, 'late')");
        await follower.CatchUpAsync(source);
        Assert.Equal(["Upsert 2 | 2 | 'late'"], follower.LastRows);
        await transaction.CommitAsync(Token);
        await follower.CatchUpAsync(source);
        Assert.Equal(["Upsert 1 | 1 | 'early'"], follower.LastRows);
        // And nothing comes twice, from a session that remembers nothing.
        Assert.Equal(ReadingState.Unchanged, (await follower.CatchUpAsync(database.Open())).State);
    }

    [Fact]
    public async Task What_a_savepoint_took_back_is_not_seen()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await database.RunAsync("BEGIN; INSERT INTO notes VALUES (1, 1, 'kept'); SAVEPOINT a; UPDATE notes SET n = 9; INSERT INTO notes VALUES (2, 2, 'lost'); ROLLBACK TO a; UPDATE notes SET n = 3; COMMIT");
        await follower.CatchUpAsync(source);
        Assert.Equal(["Upsert 1 | 3 | 'kept'"], follower.LastRows);
    }

    [Fact]
    public async Task A_value_stored_out_of_line_that_was_not_changed_is_looked_up_and_never_null()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes, "INSERT INTO notes SELECT i, i, repeat(i::text, 5000) FROM generate_series(1, 300) AS i");
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await database.RunAsync("UPDATE notes SET n = -n; UPDATE notes SET id = id + 1000 WHERE id % 3 = 0; DELETE FROM notes WHERE id % 7 = 0; INSERT INTO notes VALUES (5000, NULL, NULL)");
        await follower.CatchUpAsync(source);
        Assert.DoesNotContain(follower.LastRows, r => r.StartsWith("Upsert", StringComparison.Ordinal) && r.EndsWith("null", StringComparison.Ordinal) && !r.Contains("5000", StringComparison.Ordinal));
        await database.AssertSameAsync(source, follower);
        // One row per key, though each was changed twice.
        Assert.Equal(follower.LastRows.Count, follower.LastRows.Select(r => r.Split(' ')[1]).Distinct().Count());
    }

    [Fact]
    public async Task A_value_sent_earlier_in_the_window_is_kept_and_not_read_from_the_table()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await database.RunAsync("INSERT INTO notes VALUES (1, 1, repeat('a', 5000)); UPDATE notes SET n = 2; UPDATE notes SET id = 7");
        await using (var session = await source.OpenAsync([new ReadRequest(follower.Dataset, follower.Checkpoint)], Token))
        {
            await database.RunAsync("DELETE FROM notes");
            await follower.ReadAsync(session);
        }
        Assert.Equal(["Delete 1", $"Upsert 7 | 2 | '{new string('a', 5000)}'"], follower.LastRows.Order());
    }

    [Fact]
    public async Task A_row_that_is_gone_when_it_is_looked_up_is_deleted_by_what_follows()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes, "INSERT INTO notes SELECT i, i, repeat(i::text, 5000) FROM generate_series(1, 3) AS i");
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await database.RunAsync("UPDATE notes SET n = 0; UPDATE notes SET id = 30 WHERE id = 3");
        await using (var session = await source.OpenAsync([new ReadRequest(follower.Dataset, follower.Checkpoint)], Token))
        {
            await database.RunAsync("DELETE FROM notes WHERE id = 1; UPDATE notes SET id = 20 WHERE id = 2; UPDATE notes SET id = 300 WHERE id = 30");
            await follower.ReadAsync(session);
        }
        Assert.Equal(["Delete 3"], follower.LastRows);
        await follower.CatchUpAsync(source);
        await database.AssertSameAsync(source, follower);
        Assert.Equal(["20", "300"], follower.Rows.Keys.Order());
    }

    [Fact]
    public async Task With_replica_identity_full_unchanged_values_come_with_the_old_row()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes, "ALTER TABLE notes REPLICA IDENTITY FULL", "INSERT INTO notes VALUES (1, 1, repeat('a', 5000)), (2, 2, repeat('b', 5000))");
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await database.RunAsync("UPDATE notes SET n = 7 WHERE id = 1; UPDATE notes SET id = 5 WHERE id = 2");
        await using (var session = await source.OpenAsync([new ReadRequest(follower.Dataset, follower.Checkpoint)], Token))
        {
            await database.RunAsync("UPDATE notes SET body = 'newer'");
            await follower.ReadAsync(session);
        }
        Assert.Equal(["Delete 2", $"Upsert 1 | 7 | '{new string('a', 5000)}'", $"Upsert 5 | 2 | '{new string('b', 5000)}'"], follower.LastRows.Order());
        await database.RunAsync("DELETE FROM notes WHERE id = 1");
        await follower.CatchUpAsync(source);
        await database.AssertSameAsync(source, follower);
    }

    [Fact]
    public async Task With_an_index_as_replica_identity_its_columns_are_the_key()
    {
        await using var database = await TrackedDatabase.CreateAsync("CREATE TABLE codes (id bigint PRIMARY KEY, code text NOT NULL UNIQUE); ALTER TABLE codes REPLICA IDENTITY USING INDEX codes_code_key; INSERT INTO codes VALUES (1, 'a'), (2, 'b')");
        var source = database.Open();
        var byId = await database.DatasetAsync("codes");
        var fault = Assert.Single(await source.CheckAsync(byId, Token));
        Assert.Equal(ErrorCodes.SourceSchemaMismatch, fault.Code);
        Assert.Contains("names rows by (code)", fault.Message);
        var follower = new Follower(byId with { Columns = [.. byId.Columns.Select(c => c with { KeyOrdinal = c.Source == "code" ? 0 : null })] });
        Assert.Empty(await source.CheckAsync(follower.Dataset, Token));
        await follower.LoadAsync(source);
        await database.RunAsync("UPDATE codes SET code = 'c' WHERE id = 1; UPDATE codes SET id = 3 WHERE code = 'b'; INSERT INTO codes VALUES (4, 'd'); DELETE FROM codes WHERE code = 'd'");
        await follower.CatchUpAsync(source);
        Assert.Equal(["Delete 'a'", "Delete 'd'", "Upsert 1 | 'c'", "Upsert 3 | 'b'"], follower.LastRows.Order());
    }

    [Theory]
    [InlineData(32 << 20)]
    [InlineData(1)]
    public async Task TRUNCATE_is_a_gap_and_never_an_emptied_target(int buffer)
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes, "CREATE TABLE other (id bigint PRIMARY KEY)", "INSERT INTO notes VALUES (1, 1, 'a')");
        var source = database.Open(o => o with { LogBuffer = buffer });
        var (notes, other) = (await database.LoadedAsync(source, "notes"), await database.LoadedAsync(source, "other"));
        await database.RunAsync("INSERT INTO notes VALUES (2, 2, 'b'); INSERT INTO other VALUES (1)");
        await database.RunAsync("TRUNCATE notes; INSERT INTO notes VALUES (3, 3, 'c')");
        await using (var session = await source.OpenAsync([new ReadRequest(notes.Dataset, notes.Checkpoint), new ReadRequest(other.Dataset, other.Checkpoint)], Token))
        {
            var changed = session.Readings.Where(r => r.Value.State == ReadingState.Changed).Select(r => r.Key).ToArray();
            var failed = new List<CdcSyncException>();
            await foreach (var found in session.ReadAsync(changed, Token))
            {
                if (found is WindowFailed fault) failed.Add(fault.Fault);
                else if (found.Dataset == other.Dataset.Id) other.Take(found);
            }
            // Where rows were handed over before it was found, the window fails, and the next reading tells why.
            if (buffer == 1) Assert.True(Assert.Single(failed).IsTransient);
            else Assert.Equal(ReadingState.Expired, session.Readings[notes.Dataset.Id].State);
        }
        var fault2 = await TrackedDatabase.FaultAsync(source, notes, ReadingState.Expired, ErrorCodes.ChangesExpired);
        Assert.Contains("truncated", fault2.Message);
        Assert.Equal(["1"], other.Rows.Keys);
        var again = await database.LoadedAsync(source, "notes");
        await database.RunAsync("INSERT INTO notes VALUES (4, 4, 'd')");
        await again.CatchUpAsync(source);
        await database.AssertSameAsync(source, again);
    }

    [Fact]
    public async Task Changes_of_partitions_are_those_of_their_table_and_a_row_that_moves_between_them_stays_one()
    {
        await using var database = await TrackedDatabase.CreateAsync(
            "CREATE TABLE events (id bigint, day bigint, note text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day); CREATE TABLE e1 PARTITION OF events FOR VALUES FROM (0) TO (10); CREATE TABLE e2 PARTITION OF events FOR VALUES FROM (10) TO (20)");
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "events");
        await database.RunAsync("INSERT INTO events VALUES (1, 1, 'a'), (2, 12, 'b'); INSERT INTO e1 VALUES (3, 3, 'c')");
        await follower.CatchUpAsync(source);
        await database.RunAsync("UPDATE events SET day = 15 WHERE id = 1; UPDATE events SET note = 'x' WHERE id = 2; DELETE FROM e1 WHERE id = 3");
        await follower.CatchUpAsync(source);
        Assert.Equal(["Delete 1 | 1", "Delete 3 | 3", "Upsert 1 | 15 | 'a'", "Upsert 2 | 12 | 'x'"], follower.LastRows.Order());
        await database.AssertSameAsync(source, follower);
        await database.RunAsync("ALTER PUBLICATION cdcsync SET (publish_via_partition_root = false)");
        Assert.Equal([ErrorCodes.TrackingOff], (await source.CheckAsync(follower.Dataset, Token)).Select(f => f.Code));
    }

    [Fact]
    public async Task Generated_columns_and_types_without_a_binary_reader_are_looked_up()
    {
        await using var database = await TrackedDatabase.CreateAsync("CREATE TABLE odd (id bigint PRIMARY KEY, n bigint, twice bigint GENERATED ALWAYS AS (n * 2) STORED, tags text[], at inet)");
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "odd");
        await database.RunAsync("INSERT INTO odd VALUES (1, 1, DEFAULT, '{a,b}', '10.0.0.1'), (2, NULL, DEFAULT, NULL, NULL), (3, 3, DEFAULT, '{}', '::1')");
        await follower.CatchUpAsync(source);
        await database.RunAsync("UPDATE odd SET n = 5 WHERE id = 1; DELETE FROM odd WHERE id = 2");
        await follower.CatchUpAsync(source);
        Assert.Equal(["Delete 2", "Upsert 1 | 5 | 10 | '{a,b}' | '10.0.0.1/32'"], follower.LastRows.Order());
        await database.AssertSameAsync(source, follower);
    }

    [Fact]
    public async Task Several_datasets_share_the_slot_and_one_table()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes, "CREATE TABLE other (id bigint PRIMARY KEY, v text)");
        var source = database.Open();
        var whole = await database.LoadedAsync(source, "notes");
        var part = new Follower(whole.Dataset with { Id = new DatasetId("part"), Columns = [.. whole.Dataset.Columns.Where(c => c.Source != "body")] });
        await part.LoadAsync(source);
        var other = await database.LoadedAsync(source, "other");
        await database.RunAsync("INSERT INTO notes VALUES (1, 1, 'a'); INSERT INTO other VALUES (1, 'x')");
        await part.CatchUpAsync(source);
        await database.RunAsync("UPDATE notes SET n = 2; INSERT INTO other VALUES (2, 'y')");
        await using (var session = await source.OpenAsync([new ReadRequest(whole.Dataset, whole.Checkpoint), new ReadRequest(part.Dataset, part.Checkpoint), new ReadRequest(other.Dataset, other.Checkpoint)], Token))
        {
            await foreach (var found in session.ReadAsync([whole.Dataset.Id, part.Dataset.Id, other.Dataset.Id], Token))
                new[] { whole, part, other }.Single(f => f.Dataset.Id == found.Dataset).Take(found);
        }
        foreach (var follower in new[] { whole, part, other }) await database.AssertSameAsync(source, follower);
        Assert.Equal(whole.Checkpoint!.Stream.Canonical[..16], other.Checkpoint!.Stream.Canonical[..16]);
    }

    [Fact]
    public async Task A_backlog_is_read_in_several_windows_each_a_state_the_source_had()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open(o => o with { LogMessages = 50 });
        var follower = await database.LoadedAsync(source, "notes");
        // Pairs that always sum up to nothing; each transaction has 4 messages and more.
        for (var i = 1; i <= 60; i++) await database.RunAsync($"BEGIN; INSERT INTO notes VALUES ({2 * i}, {i}, 'a'); INSERT INTO notes VALUES ({(2 * i) + 1}, -{i}, 'a'); COMMIT");
        var ends = new List<WindowEnd>();
        do
        {
            await follower.CatchUpAsync(source);
            ends.Add(follower.LastEnd!);
            Assert.Equal(0, follower.Rows.Values.Sum(r => long.Parse(r.Split(" | ")[1])));
        }
        while (ends[^1].HasMore && ends.Count < 10);
        Assert.InRange(ends.Count, 4, 6);
        await database.AssertSameAsync(source, follower);
        Assert.Equal(ends.Select(e => e.UpTo.Canonical).Order(StringComparer.Ordinal), ends.Select(e => e.UpTo.Canonical));
    }

    [Fact]
    public async Task A_dataset_that_is_ahead_of_a_window_does_not_go_back_and_claims_nothing()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes, "CREATE TABLE other (id bigint PRIMARY KEY)");
        var source = database.Open(o => o with { LogMessages = 10 });
        var behind = await database.LoadedAsync(source, "notes");
        for (var i = 1; i <= 20; i++) await database.RunAsync($"INSERT INTO notes VALUES ({i}, 0, '')");
        var ahead = await database.LoadedAsync(source, "other");
        await database.RunAsync("INSERT INTO other VALUES (1)");
        await using (var session = await source.OpenAsync([new ReadRequest(behind.Dataset, behind.Checkpoint), new ReadRequest(ahead.Dataset, ahead.Checkpoint)], Token))
        {
            Assert.True(session.Readings[ahead.Dataset.Id] is { State: ReadingState.Unchanged, HasMore: true });
            Assert.Equal(ahead.Checkpoint!.Stream, session.Readings[ahead.Dataset.Id].UpTo);
            await behind.ReadAsync(session);
        }
        for (var i = 0; i < 10; i++)
        {
            await behind.CatchUpAsync(source);
            await ahead.CatchUpAsync(source);
        }
        await database.AssertSameAsync(source, behind);
        await database.AssertSameAsync(source, ahead);
    }

    [Fact]
    public async Task A_commit_that_is_not_safe_yet_is_waited_for()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        for (var i = 1; i <= 10; i++)
        {
            await database.RunAsync($"SET synchronous_commit = off; INSERT INTO notes VALUES ({i}, 0, ''); RESET synchronous_commit");
            await follower.CatchUpAsync(source);
            Assert.Equal(i, follower.Rows.Count);
        }
    }

    [Fact]
    public async Task The_log_of_an_open_transaction_that_breaks_off_within_a_record_holds_up_nobody()
    {
        await using var database = await TrackedDatabase.CreateAsync(Notes);
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "notes");
        await using var open = await database.Database.OpenAsync();
        await using var transaction = await open.BeginTransactionAsync(Token);
        for (var i = 0; i < 15; i++)
        {
            // Records longer than a page: the server's writer makes whole pages safe, and the rest when somebody commits.
            await using (var insert = new Npgsql.NpgsqlCommand($"INSERT INTO notes VALUES ({i}, {i}, (SELECT string_agg(md5((s * {i + 7})::text), '') FROM generate_series(1, 700) AS s))", open)) await insert.ExecuteNonQueryAsync(Token);
            var began = System.Diagnostics.Stopwatch.GetTimestamp();
            await follower.CatchUpAsync(source);
            Assert.Empty(follower.Rows);
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10), "it waited for the server's next record");
        }
        await transaction.CommitAsync(Token);
        await follower.CatchUpAsync(source);
        Assert.Equal(15, follower.Rows.Count);
    }
}
