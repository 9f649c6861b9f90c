using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Marks;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>Timestamps as marks: late commits, and when the overlap can be done without.</summary>
public sealed class SourceMarkTests
{
    private const string Table = "CREATE TABLE t (id int PRIMARY KEY, v text, at timestamptz NOT NULL DEFAULT now()); CREATE INDEX ON t (at)";

    private static readonly Capture.HighWaterMark Overlapping = new("at", MarkKind.Timestamp, TimeSpan.FromMinutes(5));
    private static readonly Capture.HighWaterMark Stamped = new("at", MarkKind.Timestamp, TimeSpan.Zero) { IsStampedByServer = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_committed_late_is_found_within_the_overlap_and_none_is_handed_over_twice()
    {
        await using var database = await SourceDatabase.CreateAsync(Table);
        await using var reading = await MarkedReading.BeginAsync(database, Overlapping);
        await using var late = await WriterAsync(database, "INSERT INTO t VALUES (1, 'late')");
        await database.RunAsync("INSERT INTO t VALUES (2, 'b')");
        Assert.Equal(["2|b"], await reading.PassAsync());
        await late.CommitAsync();
        Assert.Equal(["1|late"], await reading.PassAsync());
        Assert.Empty(await reading.PassAsync());
        await database.RunAsync("UPDATE t SET v = 'B' WHERE id = 2");
        Assert.Equal(["2|B"], await reading.PassAsync());
    }

    [Fact]
    public async Task Without_an_overlap_a_transaction_that_was_idle_holds_the_mark_until_it_commits()
    {
        await using var database = await SourceDatabase.CreateAsync(Table);
        await using var reading = await MarkedReading.BeginAsync(database, Stamped);
        // It has no xid yet when the others commit, and writes the time of its begin.
        await using var late = await WriterAsync(database, "SELECT 1");
        await database.RunAsync("SELECT pg_sleep(1.1); INSERT INTO t VALUES (2, 'b')");
        Assert.Equal(["2|b"], await reading.PassAsync());
        Assert.StartsWith("=", reading.Position.Canonical, StringComparison.Ordinal);
        await late.RunAsync("INSERT INTO t VALUES (1, 'late')");
        await late.CommitAsync();
        Assert.Equal(["1|late"], await reading.PassAsync());
        Assert.Empty(await reading.PassAsync());
        // Nothing is remembered of what was handed over, and nothing below the settled mark is read again.
        await database.RunAsync("SELECT pg_sleep(1.1)");
        Assert.Empty(await reading.PassAsync());
        reading.Restart();
        Assert.Empty(await reading.PassAsync());
    }

    [Fact]
    public async Task The_mark_is_settled_a_second_before_the_oldest_transaction_or_the_clock_and_says_who_holds_it()
    {
        await using var database = await SourceDatabase.CreateAsync(Table);
        await using var source = database.Open();
        var dataset = await database.DatasetAsync("t", Stamped);
        var before = await database.Database.ScalarAsync<DateTime>("SELECT clock_timestamp()");
        var free = await source.MarkWayAsync(dataset, Token);
        Assert.True(free is { IsExact: true, WhyNot: null, Holder: null } && free.Settled >= before.AddSeconds(-1), $"{free}");
        await using var open = await WriterAsync(database, "SELECT 1");
        var rows = await database.Database.QueryAsync($"SELECT xact_start, pid FROM pg_stat_activity WHERE pid = {open.Process}");
        Assert.Equal(new MarkWay(new DateTimeOffset((DateTime)rows[0][0]!).AddSeconds(-1), null, (int)rows[0][1]!, "late"), await source.MarkWayAsync(dataset, Token));
        await using var session = await source.OpenAsync([new ReadRequest(dataset, null)], Token);
        Assert.Equal(session.SourceTime - new DateTimeOffset((DateTime)rows[0][0]!), session.HeldBackFor);
    }

    [Fact]
    public async Task A_transaction_of_another_database_holds_nothing()
    {
        await using var database = await SourceDatabase.CreateAsync(Table);
        await using var other = await SourceDatabase.CreateAsync(Table);
        await using var open = await WriterAsync(other, "INSERT INTO t VALUES (1, 'x')");
        await using var source = database.Open();
        Assert.Null((await source.MarkWayAsync(await database.DatasetAsync("t", Stamped), Token))!.Holder);
    }

    [Fact]
    public async Task The_overlap_is_read_where_the_role_does_not_see_the_others_transactions()
    {
        await using var database = await SourceDatabase.CreateAsync(Table, $"DROP ROLE IF EXISTS blind; CREATE ROLE blind LOGIN PASSWORD 'blind'", "GRANT SELECT ON t TO blind");
        var dataset = await database.DatasetAsync("t", Stamped);
        await using var blind = database.Open(role: "blind");
        Assert.Contains("pg_read_all_stats", (await blind.MarkWayAsync(dataset, Token))!.WhyNot, StringComparison.Ordinal);
        await database.RunAsync("GRANT pg_read_all_stats TO blind");
        Assert.True((await blind.MarkWayAsync(dataset, Token))!.IsExact);
        await database.RunAsync("DROP OWNED BY blind; DROP ROLE blind");
    }

    [Fact]
    public async Task The_overlap_is_read_where_a_session_hides_its_transaction()
    {
        await using var database = await SourceDatabase.CreateAsync(Table);
        await using var source = database.Open();
        var dataset = await database.DatasetAsync("t", Stamped);
        await using (await WriterAsync(database, "INSERT INTO t VALUES (1, 'x')", "SET track_activities = off"))
            Assert.Contains("track_activities", (await source.MarkWayAsync(dataset, Token))!.WhyNot, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_overlap_is_read_while_there_are_prepared_transactions()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync(["fsync=off", "max_prepared_transactions=2"]);
        await using var database = new SourceDatabase(await server.CreateDatabaseAsync());
        await database.RunAsync(Table);
        await using var source = database.Open();
        var dataset = await database.DatasetAsync("t", Stamped);
        Assert.True((await source.MarkWayAsync(dataset, Token))!.IsExact);
        await using (var writer = await WriterAsync(database, "INSERT INTO t VALUES (1, 'x')")) await writer.RunAsync("PREPARE TRANSACTION 'p'");
        Assert.Contains("prepared", (await source.MarkWayAsync(dataset, Token))!.WhyNot, StringComparison.Ordinal);
        await database.RunAsync("COMMIT PREPARED 'p'");
        Assert.True((await source.MarkWayAsync(dataset, Token))!.IsExact);
    }

    [Theory]
    [InlineData(false, "timestamptz", true, "stampedBy")]
    [InlineData(true, "timestamp", false, "timestamptz")]
    [InlineData(true, "timestamptz", true, "standby")]
    public void The_overlap_is_read_where_the_stamps_are_the_applications_or_without_a_zone_and_on_a_standby(bool isStamped, string type, bool isStandby, string why)
    {
        var column = new PostgresColumn(1, "at", new PostgresTypeInfo(type == "timestamp" ? PostgresOid.Timestamp : PostgresOid.TimestampTz, "pg_catalog", type, 'b'), -1, type);
        var facts = new ServerFacts(DateTimeOffset.UnixEpoch.AddYears(56), isStandby, "1", "d", 1);
        var way = MarkWay.Of(Stamped with { IsStampedByServer = isStamped }, column, facts, new OpenTransactions(null, null, null, 0, true, 0));
        Assert.False(way.IsExact);
        Assert.Contains(why, way.WhyNot, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mark_that_was_only_seen_is_settled_by_reading_the_overlap_once_more()
    {
        await using var database = await SourceDatabase.CreateAsync(Table);
        await using var reading = await MarkedReading.BeginAsync(database, Overlapping);
        await using var late = await WriterAsync(database, "INSERT INTO t VALUES (1, 'late', now() - interval '3 minutes')");
        await database.RunAsync("INSERT INTO t VALUES (2, 'b')");
        Assert.Equal(["2|b"], await reading.PassAsync());
        await late.CommitAsync();
        reading.Change(Overlapping with { IsStampedByServer = true });
        reading.Restart();
        Assert.Equal(["1|late", "2|b"], (await reading.PassAsync()).Order());
        Assert.StartsWith("=", reading.Position.Canonical, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_that_stepped_back_unsettles_the_mark()
    {
        await using var database = await SourceDatabase.CreateAsync(Table);
        var time = new SkippingTime();
        await using var reading = await MarkedReading.BeginAsync(database, Stamped, time);
        await database.RunAsync("INSERT INTO t VALUES (1, 'a')");
        await reading.PassAsync();
        Assert.StartsWith("=", reading.Position.Canonical, StringComparison.Ordinal);
        // To this machine ten minutes pass, to the server none.
        time.Skip(TimeSpan.FromMinutes(10));
        await database.RunAsync("INSERT INTO t VALUES (2, 'stamped by the clock that stepped back', now() - interval '9 minutes')");
        Assert.Equal(["2|stamped by the clock that stepped back"], await reading.PassAsync());
        Assert.DoesNotContain("=", reading.Position.Canonical, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timestamptz(0)")]
    [InlineData("timestamp")]
    [InlineData("timestamptz(3)")]
    public async Task Stamps_of_any_precision_are_read_over_and_over_without_a_loss(string type)
    {
        await using var database = await SourceDatabase.CreateAsync($"CREATE TABLE t (id int PRIMARY KEY, v text, at {type})");
        await database.RunAsync("SET TimeZone = 'UTC'; INSERT INTO t VALUES (0, 'loaded', now()), (-1, 'never', NULL), (-2, 'far', 'infinity')");
        await using var reading = await MarkedReading.BeginAsync(database, Overlapping);
        for (var i = 1; i <= 3; i++)
        {
            await database.RunAsync($"SET TimeZone = 'UTC'; INSERT INTO t VALUES ({i}, 'n', now())");
            Assert.Contains($"{i}|n", await reading.PassAsync());
        }
        Assert.Empty(await reading.PassAsync());
    }

    [Fact]
    public async Task A_window_that_was_not_committed_comes_again()
    {
        await using var database = await SourceDatabase.CreateAsync(Table);
        await using var reading = await MarkedReading.BeginAsync(database, Overlapping);
        await database.RunAsync("INSERT INTO t VALUES (1, 'a')");
        Assert.Equal(["1|a"], await reading.PassAsync(commit: false));
        Assert.Equal(["1|a"], await reading.PassAsync());
    }

    private static async Task<Writer> WriterAsync(SourceDatabase database, string sql, string? before = null)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.Database.ConnectionString) { ApplicationName = "late" }.ConnectionString);
        await connection.OpenAsync(Token);
        var writer = new Writer(connection);
        if (before is not null) await writer.RunAsync(before);
        await writer.RunAsync("BEGIN");
        await writer.RunAsync(sql);
        return writer;
    }

    /// <summary>Another session in a transaction.</summary>
    private sealed class Writer(NpgsqlConnection connection) : IAsyncDisposable
    {
        public int Process => connection.ProcessID;

        public async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(Token);
        }

        public Task CommitAsync() => RunAsync("COMMIT");

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }

    /// <summary>A clock that can be moved on.</summary>
    private sealed class SkippingTime : TimeProvider
    {
        private long _skipped;

        public void Skip(TimeSpan span) => _skipped += (long)(span.TotalSeconds * TimestampFrequency);

        public override long GetTimestamp() => base.GetTimestamp() + _skipped;
    }
}

/// <summary>A dataset with a mark, pass after pass.</summary>
internal sealed class MarkedReading : IAsyncDisposable
{
    private readonly SourceDatabase _database;
    private readonly TimeProvider _time;
    private Dataset _dataset;
    private PostgresSource _source;
    private Checkpoint _checkpoint;

    private MarkedReading(SourceDatabase database, Dataset dataset, TimeProvider time, PostgresSource source, Reading start)
    {
        (_database, _dataset, _time, _source) = (database, dataset, time, source);
        _checkpoint = new Checkpoint(1, start.Identity!, start.UpTo!, null, null);
    }

    public Position Position => _checkpoint.Stream;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<MarkedReading> BeginAsync(SourceDatabase database, Capture.HighWaterMark capture, TimeProvider? time = null)
    {
        var dataset = await database.DatasetAsync("t", capture);
        var source = Open(database, time ?? TimeProvider.System);
        await using var session = await source.OpenAsync([new ReadRequest(dataset, null)], Token);
        var start = session.Readings[dataset.Id];
        Assert.True(start.State == ReadingState.Start, $"{start.Fault}");
        return new MarkedReading(database, dataset, time ?? TimeProvider.System, source, start);
    }

    /// <summary>Another process goes on.</summary>
    public void Restart() => _source = Open(_database, _time);

    public void Change(Capture capture) => _dataset = _dataset with { Capture = capture };

    /// <summary>The next position, as it would be after that text.</summary>
    public void GoOnFrom(string canonical) => _checkpoint = _checkpoint with { Stream = _checkpoint.Stream with { Canonical = canonical } };

    /// <summary>One pass: the first two columns of the rows that were handed over.</summary>
    public async Task<List<string>> PassAsync(bool commit = true)
    {
        await using var session = await _source.OpenAsync([new ReadRequest(_dataset, _checkpoint)], Token);
        var reading = session.Readings[_dataset.Id];
        Assert.True(reading.State is ReadingState.Changed or ReadingState.Unchanged, $"{reading.Fault}");
        if (reading.State == ReadingState.Unchanged)
        {
            _checkpoint = _checkpoint with { Stream = reading.UpTo!, Generation = _checkpoint.Generation + 1 };
            return [];
        }
        var rows = new List<string>();
        await foreach (var found in session.ReadAsync([_dataset.Id], Token))
        {
            if (found is WindowFailed failed) throw failed.Fault;
            if (found is ChunkRead read) rows.AddRange(SourceDatabase.Texts(read.Chunk).Select(t => string.Join('|', t.Split('|').Take(2))));
            if (found is not WindowEnd end || !commit) continue;
            Assert.Equal(reading.UpTo, end.UpTo);
            _checkpoint = _checkpoint with { Stream = end.UpTo, Generation = _checkpoint.Generation + 1 };
            await _source.AcknowledgeAsync([new CommittedPosition(_dataset.Id, end.UpTo)], Token);
        }
        return rows;
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static PostgresSource Open(SourceDatabase database, TimeProvider time) =>
        new(SourceDatabase.Name, new PostgresSourceOptions { ConnectionString = () => database.Database.ConnectionString }, time);
}
