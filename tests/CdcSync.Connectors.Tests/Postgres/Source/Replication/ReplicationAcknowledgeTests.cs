using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Postgres.Source.Replication;
using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>The slot moves only when all its datasets are past, and reading never moves it.</summary>
public sealed class ReplicationAcknowledgeTests
{
    private const string Tables = "CREATE TABLE a (id bigint PRIMARY KEY); CREATE TABLE b (id bigint PRIMARY KEY)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reading_consumes_nothing_a_worker_that_dies_before_it_acknowledges_loses_nothing()
    {
        await using var database = await TrackedDatabase.CreateAsync(Tables);
        var follower = await database.LoadedAsync(database.Open(), "a");
        var before = await ConfirmedAsync(database);
        await database.RunAsync("INSERT INTO a VALUES (1), (2)");
        for (var worker = 0; worker < 3; worker++)
        {
            var again = new Follower(follower.Dataset);
            await using var source = database.Open();
            await using var session = await source.OpenAsync([new ReadRequest(follower.Dataset, follower.Checkpoint)], Token);
            await foreach (var found in session.ReadAsync([follower.Dataset.Id], Token))
                if (found is ChunkRead chunk) Assert.Equal(2, chunk.Chunk.Length);
        }
        Assert.Equal(before, await ConfirmedAsync(database));
    }

    [Fact]
    public async Task The_slot_moves_to_the_lowest_position_that_is_needed()
    {
        await using var database = await TrackedDatabase.CreateAsync(Tables);
        var source = database.Open();
        var (a, b) = (await database.LoadedAsync(source, "a"), await database.LoadedAsync(source, "b"));
        await database.RunAsync("INSERT INTO a VALUES (1)");
        await database.RunAsync("INSERT INTO b VALUES (1)");
        await a.CatchUpAsync(source);
        var backlog = await source.AcknowledgeAsync([At(a), At(b)], Token);
        Assert.Equal(Place(b), await ConfirmedAsync(database));
        Assert.True(backlog!.Bytes > 0);
        Assert.Empty(backlog.Detached);
        await b.CatchUpAsync(source);
        Assert.Equal(["1"], b.Rows.Keys);
        await source.AcknowledgeAsync([At(a), At(b)], Token);
        Assert.Equal(new[] { Place(a), Place(b) }.Min(), await ConfirmedAsync(database));
        // A dataset that is not named needs nothing; and a slot never goes back.
        await source.AcknowledgeAsync([At(b)], Token);
        Assert.Equal(Place(b), await ConfirmedAsync(database));
        await source.AcknowledgeAsync([At(a)], Token);
        Assert.Equal(Place(b), await ConfirmedAsync(database));
        Assert.Equal(ReadingState.Unchanged, (await b.CatchUpAsync(source)).State);
    }

    [Fact]
    public async Task A_dataset_that_holds_the_slot_back_too_far_is_detached_and_says_so()
    {
        await using var database = await TrackedDatabase.CreateAsync(Tables);
        var source = database.Open(o => o with { RetainLimit = 64 << 10 });
        var (a, b) = (await database.LoadedAsync(source, "a"), await database.LoadedAsync(source, "b"));
        await database.RunAsync("INSERT INTO b VALUES (1)");
        await a.CatchUpAsync(source);
        Assert.Empty((await source.AcknowledgeAsync([At(a), At(b)], Token))!.Detached);
        await database.RunAsync("INSERT INTO a SELECT generate_series(1, 2000)");
        await a.CatchUpAsync(source);
        var detached = Assert.Single((await source.AcknowledgeAsync([At(a), At(b)], Token))!.Detached);
        Assert.Contains("dataset b", detached.Message);
        Assert.Equal(Place(a), await ConfirmedAsync(database));
        // Told once, not each time.
        Assert.Empty((await source.AcknowledgeAsync([At(a), At(b)], Token))!.Detached);
        await TrackedDatabase.FaultAsync(source, b, ReadingState.Expired, ErrorCodes.ChangesExpired);
        await TrackedDatabase.FaultAsync(database.Open(), b, ReadingState.Expired, ErrorCodes.ChangesExpired);
    }

    [Fact]
    public async Task A_pipeline_that_is_behind_as_a_whole_is_not_detached()
    {
        await using var database = await TrackedDatabase.CreateAsync(Tables);
        var source = database.Open(o => o with { RetainLimit = 64 << 10 });
        var (a, b) = (await database.LoadedAsync(source, "a"), await database.LoadedAsync(source, "b"));
        await database.RunAsync("INSERT INTO a SELECT generate_series(1, 2000)");
        Assert.Equal(ReadingState.Unchanged, (await b.CatchUpAsync(database.Open())).State);
        b.MoveTo(b.Checkpoint!.Stream with { Canonical = a.Checkpoint!.Stream.Canonical[..16] + b.Checkpoint.Stream.Canonical[16..] });
        var backlog = await source.AcknowledgeAsync([At(a), At(b)], Token);
        Assert.Empty(backlog!.Detached);
        Assert.True(backlog.Bytes > 64 << 10);
    }

    [Fact]
    public async Task The_slot_is_moved_now_and_then_and_at_the_end()
    {
        await using var database = await TrackedDatabase.CreateAsync(Tables);
        var source = database.Open(o => o with { AcknowledgeEvery = TimeSpan.FromHours(1) });
        var a = await database.LoadedAsync(source, "a");
        Assert.NotNull(await source.AcknowledgeAsync([At(a)], Token));
        await database.RunAsync("INSERT INTO a VALUES (1)");
        await a.CatchUpAsync(source);
        Assert.Null(await source.AcknowledgeAsync([At(a)], Token));
        Assert.True(await ConfirmedAsync(database) < Place(a));
        await source.DisposeAsync();
        Assert.Equal(Place(a), await ConfirmedAsync(database));
    }

    [Fact]
    public async Task What_was_read_once_is_not_decoded_again_however_far_back_the_slot_is_held()
    {
        await using var database = await TrackedDatabase.CreateAsync(Tables);
        var source = database.Open();
        var a = await database.LoadedAsync(source, "a");
        for (var i = 1; i <= 5; i++)
        {
            await database.RunAsync($"INSERT INTO a VALUES ({i})");
            await a.CatchUpAsync(source);
            var copies = await database.Database.QueryAsync($"SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE temporary AND database = '{database.Database.Name}'");
            // It stands at the end of the record that was read last, which may begin before the window's end.
            Assert.InRange(Lsn.Parse((string)Assert.Single(copies)[0]!).Value, Place(a).Value, Place(a).Value + 8_192);
        }
    }

    [Fact]
    public async Task A_session_that_was_kept_and_is_gone_is_replaced()
    {
        await using var database = await TrackedDatabase.CreateAsync(Tables);
        var source = database.Open();
        var a = await database.LoadedAsync(source, "a");
        for (var i = 1; i <= 3; i++)
        {
            await database.RunAsync($"INSERT INTO a VALUES ({i})");
            await a.CatchUpAsync(source);
            Assert.Equal(i, a.Rows.Count);
            await database.Database.Server.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.Database.Name}' AND application_name LIKE 'cdcsync%'");
        }
    }

    [Fact]
    public async Task A_window_that_could_not_be_published_is_read_again()
    {
        await using var database = await TrackedDatabase.CreateAsync(Tables);
        var source = database.Open();
        var a = await database.LoadedAsync(source, "a");
        await database.RunAsync("INSERT INTO a VALUES (1)");
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await using var session = await source.OpenAsync([new ReadRequest(a.Dataset, a.Checkpoint)], Token);
            Assert.Equal(ReadingState.Changed, session.Readings[a.Dataset.Id].State);
        }
        await a.CatchUpAsync(source);
        Assert.Equal(["1"], a.Rows.Keys);
    }

    private static CommittedPosition At(Follower follower) => new(follower.Dataset.Id, follower.Checkpoint!.Stream);

    private static Lsn Place(Follower follower) => LogPosition.Parse(follower.Checkpoint!.Stream.Canonical)!.At;

    private static async Task<Lsn> ConfirmedAsync(TrackedDatabase database) =>
        Lsn.Parse((await database.Database.ScalarAsync<string>($"SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = '{database.Slot}'"))!);
}
