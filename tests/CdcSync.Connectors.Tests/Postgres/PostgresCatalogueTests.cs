using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;
using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.Postgres;

/// <summary>A batch a second on a hundred datasets must not fill the catalogue with dead tables.</summary>
public sealed class PostgresCatalogueTests
{
    // The server's statistics count what was ever written to the catalogue, vacuumed or not.
    private const string Written = """
        SELECT sum(n_tup_ins + n_tup_del + n_tup_upd)::bigint FROM pg_stat_sys_tables
         WHERE relname IN ('pg_class', 'pg_attribute', 'pg_depend', 'pg_type', 'pg_index')
        """;

    [Theory]
    [InlineData(2_000)]
    [InlineData(0)]
    public async Task Three_hundred_batches_write_no_more_to_the_catalogue_than_three(int arrayRows)
    {
        await using var fixture = await PostgresFixture.CreateAsync(arrayRows);
        await using (var warehouse = fixture.Open("pipe"))
        {
            await warehouse.Control.MigrateAsync(default);
            foreach (var dataset in Datasets) await warehouse.EnsureTargetAsync(dataset, default);
        }
        var start = await WrittenAsync(fixture);
        var three = await RunAsync(fixture, 0, 1);
        var threeHundred = await RunAsync(fixture, 1, 100);
        Assert.Equal(three - start, threeHundred - three);
        Assert.Equal(303L, await fixture.ScalarAsync("SELECT count(*) FROM cdcsync.ledger"));
    }

    private static Dataset[] Datasets { get; } =
        [.. Enumerable.Range(0, 3).Select(i => TestDatasets.Accounts() with { Id = new DatasetId($"d{i}"), Target = new TargetTable(null, $"d{i}") })];

    /// <summary>Publishes so many batches of each dataset on sessions of its own.</summary>
    private static async Task<long> RunAsync(PostgresFixture fixture, long from, long batches)
    {
        await using (var warehouse = fixture.Open("pipe"))
        {
            var lease = (await warehouse.Control.TryAcquireLeaseAsync("pipe", "h", TimeSpan.FromMinutes(5), default))!;
            for (var generation = from; generation < from + batches; generation++)
                foreach (var dataset in Datasets) await PublishAsync(warehouse, lease, dataset, generation);
            await warehouse.Control.ReleaseLeaseAsync(lease, default);
        }
        return await WrittenAsync(fixture);
    }

    /// <summary>A session tells its counts when it ends.</summary>
    private static async Task<long> WrittenAsync(PostgresFixture fixture)
    {
        await Eventually.HoldsAsync(async () => await fixture.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cdcsync/pipe' AND datname = current_database()") is 0L);
        return (long)(await fixture.ScalarAsync(Written))!;
    }

    private static async Task PublishAsync(IWarehouse warehouse, Lease lease, Dataset dataset, long from)
    {
        var publication = await warehouse.OpenPublicationAsync(lease, default);
        await using (publication)
        {
            var stage = await publication.OpenStageAsync(dataset, PublishMode.Merge, default);
            await stage.WriteAsync(Change.Chunk(dataset, [Change.Upsert(from % 7, $"generation {from}", from), Change.Delete(from % 11)]), default);
            var position = new Position("test", $"{from + 1}");
            var move = new CheckpointMove(from, new Checkpoint(from + 1, new SourceIdentity("test", "s"), position, null, null));
            var result = await publication.PublishAsync([new DatasetPublication(stage, move, [], new LedgerDraft(BatchKind.Window, null, position, 2, 0, null, DateTimeOffset.UnixEpoch, null), [])], default);
            Assert.Equal(PublicationOutcome.Committed, result.Outcome);
        }
    }
}
