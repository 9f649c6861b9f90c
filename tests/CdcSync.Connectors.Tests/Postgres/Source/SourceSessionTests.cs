using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Schemas;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>One transaction for all datasets of a pass, and what can go wrong in it.</summary>
public sealed class SourceSessionTests
{
    private const string Shop = """
        CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT i, 'a' FROM generate_series(1, 3) AS i;
        CREATE TABLE b (id int PRIMARY KEY, v text); INSERT INTO b SELECT i, 'b' FROM generate_series(1, 3) AS i;
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_datasets_are_read_as_of_one_instant()
    {
        await using var database = await SourceDatabase.CreateAsync(Shop);
        var (a, b) = await BothAsync(database);
        await using var source = database.Open();
        await using var session = await source.OpenAsync([new ReadRequest(a, null), new ReadRequest(b, null)], Token);
        await database.RunAsync("UPDATE a SET v = 'later'; DELETE FROM b; INSERT INTO b VALUES (9, 'later')");
        Assert.Equal(["1|a", "2|a", "3|a"], (await SourceDatabase.TextsAsync(session, a)).Order());
        Assert.Equal(["1|b", "2|b", "3|b"], (await SourceDatabase.TextsAsync(session, b)).Order());
    }

    [Fact]
    public async Task A_session_tells_all_columns_as_they_are_now_named_by_the_contract_or_not()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE a (line int, id int, v varchar(20) NOT NULL, PRIMARY KEY (id, line))");
        var a = await database.DatasetAsync("a", new Capture.FullRefresh());
        await database.RunAsync("ALTER TABLE a ADD COLUMN added numeric(12,2); ALTER TABLE a RENAME COLUMN v TO renamed");
        await using var source = database.Open();
        await using var session = await source.OpenAsync([new ReadRequest(a, null)], Token);
        Assert.Equal(ReadingState.Denied, session.Readings[a.Id].State);
        Assert.Equal([new("line", "integer", false, 2, 1), new("id", "integer", false, 1, 2), new("renamed", "character varying(20)", false, null, 3), new SourceColumn("added", "numeric(12,2)", true, null, 4)], session.Columns[a.Id]);
    }

    [Theory]
    [InlineData("TRUNCATE a")]
    [InlineData("TRUNCATE a; INSERT INTO a VALUES (7, 'new')")]
    [InlineData("ALTER TABLE a ALTER COLUMN id TYPE bigint")]
    public async Task A_table_that_was_emptied_or_rewritten_under_the_snapshot_is_not_taken_for_empty(string change)
    {
        await using var database = await SourceDatabase.CreateAsync(Shop);
        var (a, b) = await BothAsync(database);
        await using var source = database.Open();
        await using var session = await source.OpenAsync([new ReadRequest(a, null), new ReadRequest(b, null)], Token);
        await database.RunAsync(change);
        Assert.Equal(ErrorCodes.SourceSchemaChanged, (await Assert.ThrowsAsync<CdcSyncException>(() => SourceDatabase.TextsAsync(session, a))).Code);
        Assert.Equal(3, (await SourceDatabase.TextsAsync(session, b)).Count);
    }

    [Fact]
    public async Task A_partition_that_was_emptied_under_the_snapshot_is_noticed_also_behind_a_view()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p VALUES (1, 'x'); CREATE VIEW w AS SELECT * FROM p");
        var view = await database.DatasetAsync("w", null, "id");
        await using var source = database.Open();
        await using var session = await source.OpenAsync([new ReadRequest(view, null)], Token);
        await database.RunAsync("TRUNCATE p1");
        Assert.Equal(ErrorCodes.SourceSchemaChanged, (await Assert.ThrowsAsync<CdcSyncException>(() => SourceDatabase.TextsAsync(session, view))).Code);
    }

    [Fact]
    public async Task What_one_dataset_does_wrong_leaves_the_others_alone()
    {
        await using var database = await SourceDatabase.CreateAsync(Shop, "CREATE VIEW broken AS SELECT id, 1 / (id - 2) AS v FROM a ORDER BY id");
        var (a, b) = await BothAsync(database);
        var broken = (await database.DatasetAsync("broken", null, "id")) with { Id = new DatasetId("broken") };
        var missing = a with { Id = new DatasetId("missing"), Object = new SourceObject.Table(null, "aa") };
        var marked = broken with { Id = new DatasetId("marked"), Capture = new Capture.HighWaterMark("v", MarkKind.Sequence, TimeSpan.Zero) };
        var query = a with { Id = new DatasetId("query"), Object = new SourceObject.Query("SELECT id, nonsense FROM a") };
        await using var source = database.Open();
        await using var session = await source.OpenAsync([.. new[] { broken, missing, marked, query, a, b }.Select(d => new ReadRequest(d, null))], Token);
        Assert.Equal(ErrorCodes.SourceObjectMissing, session.Readings[missing.Id].Fault!.Code);
        Assert.Equal(ErrorCodes.SourceFailed, session.Readings[marked.Id].Fault!.Code);
        Assert.Equal(ErrorCodes.SourceFailed, session.Readings[query.Id].Fault!.Code);
        Assert.Contains("nonsense", session.Readings[query.Id].Fault!.Message, StringComparison.Ordinal);
        var fault = await Assert.ThrowsAsync<CdcSyncException>(() => SourceDatabase.TextsAsync(session, broken));
        Assert.Equal(ErrorCodes.SourceFailed, fault.Code);
        Assert.Contains("22012", fault.Message, StringComparison.Ordinal);
        Assert.Equal(3, (await SourceDatabase.TextsAsync(session, a)).Count);
        Assert.Equal(3, (await SourceDatabase.TextsAsync(session, b)).Count);
    }

    [Fact]
    public async Task Rows_that_a_policy_hides_are_an_error_and_no_gap()
    {
        await using var database = await SourceDatabase.CreateAsync(Shop, "DROP ROLE IF EXISTS tenant; CREATE ROLE tenant LOGIN PASSWORD 'tenant'", "GRANT SELECT ON a, b TO tenant; ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON a USING (id = 1)");
        var (a, b) = await BothAsync(database);
        await using var source = database.Open(role: "tenant");
        await using (var session = await source.OpenAsync([new ReadRequest(a, null), new ReadRequest(b, null)], Token))
        {
            Assert.Equal(ErrorCodes.SourceRowsHidden, (await Assert.ThrowsAsync<CdcSyncException>(() => SourceDatabase.TextsAsync(session, a))).Code);
            Assert.Equal(3, (await SourceDatabase.TextsAsync(session, b)).Count);
        }
        await database.RunAsync("DROP OWNED BY tenant; DROP ROLE tenant");
    }

    [Fact]
    public async Task A_role_that_may_read_some_columns_reads_those_and_is_told_what_the_others_need()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE SCHEMA s; CREATE TABLE s.a (id int PRIMARY KEY, v text, secret text); INSERT INTO s.a VALUES (1, 'x', 'y')", "DROP ROLE IF EXISTS partial; CREATE ROLE partial LOGIN PASSWORD 'partial'; GRANT SELECT (id, v) ON s.a TO partial");
        var all = await database.DatasetAsync("s.a");
        var allowed = all with { Columns = [.. all.Columns.Take(2)] };
        await using var source = database.Open(role: "partial");
        Assert.Contains("GRANT USAGE ON SCHEMA \"s\"", Assert.Single(await source.CheckAsync(allowed, Token)).Remedy, StringComparison.Ordinal);
        await database.RunAsync("GRANT USAGE ON SCHEMA s TO partial");
        var fault = Assert.Single(await source.CheckAsync(all, Token));
        Assert.Equal(ErrorCodes.SourceDenied, fault.Code);
        Assert.Contains("secret", fault.Message, StringComparison.Ordinal);
        Assert.Contains("GRANT SELECT ON \"s\".\"a\"", fault.Remedy, StringComparison.Ordinal);
        Assert.Empty(await source.CheckAsync(allowed, Token));
        await using (var session = await source.OpenAsync([new ReadRequest(allowed, null)], Token))
            Assert.Equal(["1|x"], await SourceDatabase.TextsAsync(session, allowed));
        await database.RunAsync("DROP OWNED BY partial; DROP ROLE partial");
    }

    [Fact]
    public async Task Nothing_can_be_written_and_settings_of_the_role_change_no_text()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE t (id int PRIMARY KEY, v interval, at timestamptz); INSERT INTO t VALUES (1, '1 day 2 hours', '2026-01-02 03:04:05+00')",
            "CREATE FUNCTION writes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (2); RETURN 1; END $$; CREATE VIEW w AS SELECT writes() AS id",
            "DROP ROLE IF EXISTS odd; CREATE ROLE odd LOGIN SUPERUSER PASSWORD 'odd'; ALTER ROLE odd SET intervalstyle = 'iso_8601'; ALTER ROLE odd SET default_transaction_read_only = off; ALTER ROLE odd SET timezone = 'Asia/Kathmandu'; ALTER ROLE odd SET datestyle = 'German'");
        var (t, w) = (await database.DatasetAsync("t"), await database.DatasetAsync("w", null, "id"));
        await using var source = database.Open(role: "odd");
        await using (var session = await source.OpenAsync([new ReadRequest(t, null)], Token))
            Assert.Equal(["1|1 day 02:00:00|1767323045000000"], await SourceDatabase.TextsAsync(session, t));
        await using (var session = await source.OpenAsync([new ReadRequest(w, null)], Token))
            await Assert.ThrowsAsync<CdcSyncException>(() => SourceDatabase.TextsAsync(session, w));
        await database.RunAsync("DROP ROLE odd");
    }

    [Fact]
    public async Task A_locked_table_makes_its_dataset_wait_and_then_fail_for_a_while()
    {
        await using var database = await SourceDatabase.CreateAsync(Shop);
        var (a, b) = await BothAsync(database);
        await using var locker = await database.Database.OpenAsync();
        await using var transaction = await locker.BeginTransactionAsync(Token);
        await using (var command = new NpgsqlCommand("LOCK TABLE a", locker)) await command.ExecuteNonQueryAsync(Token);
        await using var source = database.Open(o => o with { LockTimeout = TimeSpan.FromMilliseconds(200) });
        await using var session = await source.OpenAsync([new ReadRequest(a, null), new ReadRequest(b, null)], Token);
        var fault = await Assert.ThrowsAsync<CdcSyncException>(() => SourceDatabase.TextsAsync(session, a));
        Assert.True(fault.IsTransient, $"{fault}");
        Assert.Equal(3, (await SourceDatabase.TextsAsync(session, b)).Count);
    }

    [Fact]
    public async Task A_dataset_whose_turn_comes_too_late_is_first_in_the_next_session()
    {
        await using var database = await SourceDatabase.CreateAsync(Shop);
        var (a, b) = await BothAsync(database);
        await using var source = database.Open(o => o with { MaxReadAge = TimeSpan.Zero });
        await using var session = await source.OpenAsync([new ReadRequest(a, null), new ReadRequest(b, null)], Token);
        Assert.Equal(ErrorCodes.SourceReadTooLong, (await Assert.ThrowsAsync<CdcSyncException>(() => SourceDatabase.TextsAsync(session, a))).Code);
    }

    [Fact]
    public async Task A_cancellation_ends_a_running_statement_at_once()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(600)::text AS v");
        var slow = await database.DatasetAsync("slow", null, "id");
        await using var source = database.Open();
        await using var session = await source.OpenAsync([new ReadRequest(slow, null)], Token);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var reading = Task.Run(async () =>
        {
            await foreach (var found in session.ReadAsync([slow.Id], cancellation.Token))
                Assert.Fail($"{found}");
        }, Token);
        await Eventually.HoldsAsync(async () => await SleepingAsync() > 0, reading);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Eventually.HoldsAsync(async () => await SleepingAsync() == 0);

        Task<long> SleepingAsync() => database.Database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND wait_event = 'PgSleep'");
    }

    [Fact]
    public async Task A_large_table_that_is_left_in_the_middle_is_not_read_to_its_end()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE VIEW endless AS SELECT generate_series(1, 2000000000) AS id, repeat('x', 1000) AS v");
        var endless = await database.DatasetAsync("endless", null, "id");
        await using var source = database.Open();
        await foreach (var chunk in source.Ranges.ReadAsync(endless, new KeyRange(0, null, null), Token))
        {
            Assert.InRange(chunk.Rows.ByteSize, 1, ChunkLimit.Bytes + (2 << 20));
            break;
        }
    }

    [Fact]
    public async Task A_connection_that_is_killed_is_a_transient_fault_and_the_next_session_reads_on()
    {
        await using var database = await SourceDatabase.CreateAsync(Shop);
        var (a, _) = await BothAsync(database);
        await using var source = database.Open();
        await using (var session = await source.OpenAsync([new ReadRequest(a, null)], Token))
        {
            await database.RunAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cdcsync' AND datname = current_database()");
            Assert.True((await Assert.ThrowsAsync<CdcSyncException>(() => SourceDatabase.TextsAsync(session, a))).IsTransient);
        }
        Assert.Equal(3, (await database.ReadAsync(a)).Count);
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Database=d;Username=u", "CDC2001")]
    [InlineData("nonsense", "CDC2002")]
    public async Task A_server_that_is_not_there_is_waited_for_and_a_string_that_is_none_is_not(string connection, string code)
    {
        await using var source = new PostgresSource("shop", new PostgresSourceOptions { ConnectionString = () => connection });
        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await source.OpenAsync([], Token));
        Assert.Equal(code, fault.Code.Id);
    }

    [Fact]
    public async Task Login_and_database_that_are_wrong_are_told_apart()
    {
        await using var database = await SourceDatabase.CreateAsync();
        foreach (var (change, words) in ((Action<NpgsqlConnectionStringBuilder>, string)[])[(c => c.Password = "wrong", "login"), (c => c.Database = "nowhere", "database")])
        {
            var connection = new NpgsqlConnectionStringBuilder(database.Database.ConnectionString);
            change(connection);
            await using var source = new PostgresSource("shop", new PostgresSourceOptions { ConnectionString = () => connection.ConnectionString });
            var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await source.OpenAsync([], Token));
            Assert.Equal(ErrorCodes.SourceDenied, fault.Code);
            Assert.Contains(words, fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("wrong", $"{fault}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_query_is_read_by_its_own_columns_and_may_end_in_a_comment()
    {
        await using var database = await SourceDatabase.CreateAsync("CREATE TABLE t (id int PRIMARY KEY, v numeric(9,2), at timestamptz(3)); INSERT INTO t VALUES (1, 1.5, '2026-01-02 03:04:05.678+00')");
        var dataset = SourceDatabase.Dataset(new SourceObject.Query("SELECT id AS \"Id\", v * 2 AS twice, v, at FROM t -- all of them"), null,
        [
            new("Id", "id", new Int32Type(), new Int32Type(), 0), new("twice", "twice", new Decimal128Type(20, 2), new Decimal128Type(20, 2)),
            new("v", "v", new Decimal128Type(9, 2), new Decimal128Type(9, 2)), new("at", "at", new TimestampType(TimeUnit.Millisecond, "UTC"), new TimestampType(TimeUnit.Millisecond, "UTC")),
        ]);
        await using var source = database.Open();
        Assert.Empty(await source.CheckAsync(dataset, Token));
        Assert.Equal(["1|3.00|1.50|1767323045678"], await database.ReadAsync(dataset));
        Assert.Equal(["1|3.00|1.50|1767323045678"], await database.RangeAsync(dataset, new KeyRange(0, null, null)));
    }

    private static async Task<(Dataset A, Dataset B)> BothAsync(SourceDatabase database) =>
        (await database.DatasetAsync("a") with { Id = new DatasetId("a") }, await database.DatasetAsync("b") with { Id = new DatasetId("b") });
}
