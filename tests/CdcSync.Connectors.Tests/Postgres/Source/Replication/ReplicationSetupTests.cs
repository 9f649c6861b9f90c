using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>What <c>discover --enable-tracking</c> prints and runs, and what removes it.</summary>
public sealed class ReplicationSetupTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_missing_is_printed_then_made_then_there()
    {
        await using var database = await TrackedDatabase.CreateAsync("CREATE TABLE a (id bigint PRIMARY KEY); CREATE TABLE \"odd \"\"name\" (id bigint PRIMARY KEY) PARTITION BY RANGE (id)");
        await database.DropSlotAsync();
        await database.RunAsync("DROP PUBLICATION cdcsync");
        var source = database.Open();
        SourceObject.Table[] tables = [new(null, "a"), new("public", "odd \"name")];
        Assert.All(await source.DiscoverAsync([], Token), t => Assert.False(t.IsTracked));
        var script = await source.TrackingScriptAsync(tables, TimeSpan.FromDays(7), Token);
        Assert.Equal($"""
            CREATE PUBLICATION "cdcsync" FOR TABLE "public"."a", "public"."odd ""name"
                WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true);
            SELECT pg_catalog.pg_create_logical_replication_slot('{database.Slot}', 'pgoutput');
            """, script);
        await source.EnableTrackingAsync(tables, TimeSpan.FromDays(7), Token);
        Assert.Equal("", await source.TrackingScriptAsync(tables, TimeSpan.FromDays(7), Token));
        Assert.All(await source.DiscoverAsync([], Token), t => Assert.True(t.IsTracked));
        Assert.Empty(await source.CheckAsync(await database.DatasetAsync("a"), Token));
    }

    [Fact]
    public async Task A_table_that_comes_later_is_added_and_the_others_go_on()
    {
        await using var database = await TrackedDatabase.CreateAsync("CREATE TABLE a (id bigint PRIMARY KEY)");
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "a");
        await database.RunAsync("CREATE TABLE b (id bigint PRIMARY KEY)");
        Assert.Equal("ALTER PUBLICATION \"cdcsync\" ADD TABLE \"public\".\"b\";", await source.TrackingScriptAsync([new(null, "a"), new(null, "b")], TimeSpan.FromDays(7), Token));
        await source.EnableTrackingAsync([new(null, "a"), new(null, "b")], TimeSpan.FromDays(7), Token);
        await database.RunAsync("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)");
        await follower.CatchUpAsync(source);
        Assert.Equal(["1"], follower.Rows.Keys);
    }

    [Theory]
    [InlineData("CREATE TABLE t (id bigint)", "CDC2009")]
    [InlineData("CREATE TABLE t (id bigint PRIMARY KEY); ALTER TABLE t REPLICA IDENTITY NOTHING", "CDC2009")]
    [InlineData("CREATE VIEW t AS SELECT 1 AS id", "CDC2008")]
    [InlineData("SELECT 1", "CDC2007")]
    public async Task A_table_whose_updates_would_fail_is_never_added(string create, string code)
    {
        await using var database = await TrackedDatabase.CreateAsync("CREATE TABLE a (id bigint PRIMARY KEY)");
        await database.RunAsync(create);
        var source = database.Open();
        Assert.Equal(code, (await Assert.ThrowsAsync<CdcSyncException>(async () => await source.EnableTrackingAsync([new(null, "a"), new(null, "t")], TimeSpan.FromDays(7), Token))).Code.Id);
        if (create.Contains("TABLE t", StringComparison.Ordinal)) await database.RunAsync("INSERT INTO t VALUES (1); UPDATE t SET id = 2; DELETE FROM t");
    }

    [Fact]
    public async Task A_publication_that_leaves_something_out_is_made_whole_and_one_for_all_tables_is_refused()
    {
        await using var database = await TrackedDatabase.CreateAsync("CREATE TABLE a (id bigint PRIMARY KEY)");
        var source = database.Open();
        await database.RunAsync("ALTER PUBLICATION cdcsync SET (publish = 'insert')");
        Assert.Equal("ALTER PUBLICATION \"cdcsync\" SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = true);", await source.TrackingScriptAsync([new(null, "a")], TimeSpan.FromDays(7), Token));
        await database.RunAsync("DROP PUBLICATION cdcsync; CREATE PUBLICATION cdcsync FOR ALL TABLES");
        Assert.Equal(ErrorCodes.TrackingOff, (await Assert.ThrowsAsync<CdcSyncException>(async () => await source.TrackingScriptAsync([new(null, "a")], TimeSpan.FromDays(7), Token))).Code);
    }

    [Fact]
    public async Task Slot_and_publication_are_removed_and_nothing_of_them_is_left()
    {
        await using var database = await TrackedDatabase.CreateAsync("CREATE TABLE a (id bigint PRIMARY KEY)");
        var source = database.Open();
        var follower = await database.LoadedAsync(source, "a");
        await database.RunAsync("INSERT INTO a VALUES (1)");
        await follower.CatchUpAsync(source);
        Assert.Equal($"""
            SELECT pg_catalog.pg_drop_replication_slot('{database.Slot}');
            DROP PUBLICATION "cdcsync";
            """, await source.RemovalScriptAsync(Token));
        await source.RemoveTrackingAsync(Token);
        Assert.Equal("", await source.RemovalScriptAsync(Token));
        await TrackedDatabase.FaultAsync(source, follower, ReadingState.Expired, ErrorCodes.ChangesExpired);
        await source.DisposeAsync();
        await Eventually.HoldsAsync(async () => await database.Database.ScalarAsync<long>($"SELECT count(*) FROM pg_replication_slots WHERE database = '{database.Database.Name}'") == 0);
    }
}
