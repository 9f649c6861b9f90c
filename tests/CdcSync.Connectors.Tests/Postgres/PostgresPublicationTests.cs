using CdcSync.Arrow;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.Postgres;

public sealed class PostgresPublicationTests
{
    [Theory]
    [InlineData(2_000)]
    [InlineData(0)]
    public async Task A_thousand_and_twenty_four_columns_merge(int arrayRows)
    {
        await using var world = await World.StartAsync(arrayRows);
        var dataset = TestDatasets.Of("wide", 1, [.. Enumerable.Range(0, 1_024).Select(i => ($"c{i}", (ArrowType)Int32Type.Default))]);
        await world.Warehouse.EnsureTargetAsync(dataset, default);
        object?[] Row(int id, int last) => [id, .. Enumerable.Range(1, 1_022).Select(i => (object?)i), last];

        Assert.Equal(new MergeStats(2, 0, 0, 0), await world.PublishAsync(dataset, Change.Upsert(Row(1, 1)), Change.Upsert(Row(2, 1))));
        Assert.Equal(new MergeStats(0, 1, 0, 0), await world.PublishAsync(dataset, Change.Upsert(Row(1, 2)), Change.Upsert(Row(2, 1))));
        Assert.Equal(3L, await world.Fixture.ScalarAsync("SELECT sum(c1023) FROM wide"));
    }

    [Fact]
    public async Task Stages_of_one_publication_may_be_written_in_turns_small_and_large()
    {
        await using var world = await World.StartAsync(arrayRows: 10);
        var datasets = Enumerable.Range(0, 3).Select(i => TestDatasets.Accounts() with { Id = new DatasetId($"d{i}"), Target = new TargetTable(null, $"d{i}") }).ToArray();
        foreach (var dataset in datasets) await world.Warehouse.EnsureTargetAsync(dataset, default);
        var publication = await world.Warehouse.OpenPublicationAsync(world.Lease, default);
        await using (publication)
        {
            var stages = new List<IStage>();
            foreach (var dataset in datasets) stages.Add(await publication.OpenStageAsync(dataset, PublishMode.Merge, default));
            // The third stays small; the last round changes what the first has written, so that the order of a stage counts across its turns.
            for (var round = 0; round < 4; round++)
                for (var s = 0; s < (round == 0 ? 3 : 2); s++)
                    await stages[s].WriteAsync(Change.Chunk(datasets[s], [.. Enumerable.Range(0, 8).Select(i => Change.Upsert((long)(round % 3 * 8) + i, $"round {round}", 1L))]), default);
            var result = await publication.PublishAsync([.. stages.Select(stage => world.Part(stage))], default);
            Assert.Equal([new MergeStats(24, 0, 0, 0), new MergeStats(24, 0, 0, 0), new MergeStats(8, 0, 0, 0)], result.Stats);
        }
        Assert.Equal(8L, await world.Fixture.ScalarAsync("SELECT count(*) FROM d0 WHERE name = 'round 3' AND id < 8"));
        Assert.Equal(0L, await world.Fixture.ScalarAsync("SELECT count(*) FROM d1 WHERE name = 'round 0'"));
    }

    [Fact]
    public async Task A_stage_of_few_rows_and_many_bytes_goes_by_copy_and_arrives_whole()
    {
        await using var world = await World.StartAsync(2_000);
        var dataset = TestDatasets.Accounts();
        await world.Warehouse.EnsureTargetAsync(dataset, default);
        Assert.Equal(new MergeStats(2, 0, 0, 0), await world.PublishAsync(dataset, Change.Upsert(1L, new string('x', 20_000_000), 1L), Change.Upsert(2L, "y", 1L)));
        Assert.Equal("20000000,1", await world.Fixture.ScalarAsync("SELECT string_agg(length(name)::text, ',' ORDER BY id) FROM accounts"));
    }

    /// <summary>A migrated warehouse and a lease.</summary>
    private sealed class World(PostgresFixture fixture, IWarehouse warehouse, Lease lease) : IAsyncDisposable
    {
        private long _generation;

        public PostgresFixture Fixture => fixture;

        public IWarehouse Warehouse => warehouse;

        public Lease Lease => lease;

        public static async Task<World> StartAsync(int arrayRows)
        {
            var fixture = await PostgresFixture.CreateAsync(arrayRows);
            var warehouse = fixture.Open("pipe");
            await warehouse.Control.MigrateAsync(default);
            return new World(fixture, warehouse, (await warehouse.Control.TryAcquireLeaseAsync("pipe", "h", TimeSpan.FromMinutes(5), default))!);
        }

        public async Task<MergeStats> PublishAsync(Dataset dataset, params IReadOnlyList<Change> changes)
        {
            var publication = await warehouse.OpenPublicationAsync(lease, default);
            await using (publication)
            {
                var stage = await publication.OpenStageAsync(dataset, PublishMode.Merge, default);
                await stage.WriteAsync(Change.Chunk(dataset, changes), default);
                var result = await publication.PublishAsync([Part(stage)], default);
                Assert.Equal(PublicationOutcome.Committed, result.Outcome);
                _generation++;
                return result.Stats[0];
            }
        }

        public DatasetPublication Part(IStage stage)
        {
            var upTo = new Position("test", $"{_generation + 1}");
            return new DatasetPublication(stage, new CheckpointMove(_generation, new Checkpoint(_generation + 1, new SourceIdentity("test", "s"), upTo, null, null)), [],
                new LedgerDraft(BatchKind.Window, null, upTo, 1, 0, null, DateTimeOffset.UnixEpoch, null), []);
        }

        public async ValueTask DisposeAsync()
        {
            await warehouse.DisposeAsync();
            await fixture.DisposeAsync();
        }
    }
}
