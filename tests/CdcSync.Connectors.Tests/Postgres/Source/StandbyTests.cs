using CdcSync.Connectors.Postgres.Source.Marks;
using CdcSync.Connectors.Tests.Postgres.Source.Replication;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>A real standby, which follows its primary, stops, and takes over.</summary>
public sealed class StandbyTests
{
    private static readonly Capture.HighWaterMark Stamped = new("at", MarkKind.Timestamp, TimeSpan.FromMinutes(5)) { IsStampedByServer = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_standby_is_read_by_marks_with_their_overlap_and_its_clock_is_what_it_replayed()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync();
        await using var primary = new SourceDatabase(await server.CreateDatabaseAsync());
        await primary.RunAsync("CREATE TABLE t (id bigint PRIMARY KEY, v text, at timestamptz NOT NULL DEFAULT now()); CREATE INDEX ON t (at)");
        await using var standby = await server.StandbyAsync();
        await primary.RunAsync("INSERT INTO t VALUES (1, 'a')");
        await ReplayedAsync(1);
        await using var source = primary.Open(o => o with { ConnectionString = () => On(standby, primary.Database) });
        var dataset = await primary.DatasetAsync("t", Stamped);
        Assert.Equal(new MarkWay(null, "the server is a standby, which does not show the primary's transactions"), await source.MarkWayAsync(dataset, Token));
        var follower = new Follower(dataset);
        await follower.LoadAsync(source);

        // Stamped before the mark, replayed after it.
        await using var late = await primary.Database.OpenAsync();
        await using var transaction = await late.BeginTransactionAsync(Token);
        await using (var insert = new NpgsqlCommand("INSERT INTO t VALUES (3, 'late')", late)) await insert.ExecuteNonQueryAsync(Token);
        await primary.RunAsync("INSERT INTO t VALUES (2, 'b')");
        await ReplayedAsync(2);
        await follower.CatchUpAsync(source);
        Assert.Equal(["1", "2"], follower.Rows.Keys.Order());
        await transaction.CommitAsync(Token);
        await ReplayedAsync(3);
        await follower.CatchUpAsync(source);
        Assert.Equal(["1", "2", "3"], follower.Rows.Keys.Order());

        // A standby that stands still does not pass for one that is up to date.
        await standby.ExecuteAsync("SELECT pg_wal_replay_pause()");
        await Eventually.HoldsAsync(async () => await OnStandbyAsync("SELECT pg_get_wal_replay_pause_state()") is "paused");
        var before = await primary.Database.ScalarAsync<DateTime>("SELECT clock_timestamp()");
        await primary.RunAsync("INSERT INTO t VALUES (4, 'd')");
        await using (var session = await source.OpenAsync([new ReadRequest(dataset, follower.Checkpoint)], Token))
            Assert.True(session.SourceTime < before, $"{session.SourceTime:O} {before:O}");
        await standby.ExecuteAsync("SELECT pg_wal_replay_resume()");
        await ReplayedAsync(4);
        await follower.CatchUpAsync(source);
        Assert.Equal(["1", "2", "3", "4"], follower.Rows.Keys.Order());

        // What was last read on the primary goes on on its standby, and not on one that took over: what had not come to it is not there.
        await follower.CatchUpAsync(primary.Open());
        Assert.EndsWith("#1", follower.Checkpoint!.Stream.Canonical, StringComparison.Ordinal);
        await follower.CatchUpAsync(source);
        Assert.EndsWith("#1", follower.Checkpoint!.Stream.Canonical, StringComparison.Ordinal);
        await standby.PromoteAsync();
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Rewound, ErrorCodes.SourceRewound);

        Task ReplayedAsync(long rows) => Eventually.HoldsAsync(async () => await OnStandbyAsync("SELECT count(*) FROM t") is long count && count == rows);

        async Task<object?> OnStandbyAsync(string sql)
        {
            await using var connection = new NpgsqlConnection(On(standby, primary.Database));
            await connection.OpenAsync(Token);
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync(Token);
        }
    }

    [Fact]
    public async Task A_standbys_log_is_not_read_and_one_that_took_over_is_loaded_anew()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync(LogicalServer.Settings);
        await using var database = await TrackedDatabase.CreateAsync(server, "CREATE TABLE notes (id bigint PRIMARY KEY, n bigint, body text)", "INSERT INTO notes VALUES (1, 1, 'a')");
        var follower = await database.LoadedAsync(database.Open(), "notes");
        await using var standby = await server.StandbyAsync();
        var source = database.Open(o => o with { ConnectionString = () => On(standby, database.Database) });
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Denied, ErrorCodes.SourceNotPrimary);

        await standby.PromoteAsync();
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Rewound, ErrorCodes.SourceRewound);

        await using (var connection = new NpgsqlConnection(On(standby, database.Database)))
        {
            await connection.OpenAsync(Token);
            await using var slot = new NpgsqlCommand($"SELECT pg_create_logical_replication_slot('{database.Slot}', 'pgoutput'); INSERT INTO notes VALUES (2, 2, 'b')", connection);
            await slot.ExecuteNonQueryAsync(Token);
        }
        var anew = new Follower(follower.Dataset) { Patience = 5 };
        await anew.LoadAsync(source);
        await anew.CatchUpAsync(source);
        Assert.Equal(["1", "2"], anew.Rows.Keys.Order());
    }

    [Theory]
    [InlineData(MarkKind.Sequence)]
    [InlineData(MarkKind.Timestamp)]
    public async Task Marks_of_a_server_that_was_restored_to_a_point_in_time_are_not_gone_on_from(MarkKind kind)
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync();
        await using var original = new SourceDatabase(await server.CreateDatabaseAsync());
        await original.RunAsync("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, at timestamptz NOT NULL DEFAULT now()); CREATE INDEX ON t (at); INSERT INTO t (v) VALUES ('a')");
        var restore = await server.BackUpAsync();
        await original.RunAsync("INSERT INTO t (v) SELECT 'gone' FROM generate_series(1, 100)");
        var dataset = await original.DatasetAsync("t", kind == MarkKind.Sequence ? new Capture.HighWaterMark("id", kind, TimeSpan.Zero) : Stamped);
        var follower = new Follower(dataset);
        await follower.LoadAsync(original.Open());
        await follower.CatchUpAsync(original.Open());
        Assert.Equal(101, follower.Rows.Count);

        // The same cluster by its identifier; the numbers of what is gone are given again.
        await using var restored = await restore();
        var source = original.Open(o => o with { ConnectionString = () => On(restored, original.Database) });
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Rewound, ErrorCodes.SourceRewound);
    }

    private static string On(PostgresServer standby, PostgresDatabase database) => new NpgsqlConnectionStringBuilder(database.ConnectionString) { Port = standby.Port, Pooling = false }.ConnectionString;
}
