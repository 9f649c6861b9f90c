using CdcSync.Connectors.Tests.SourceConformance;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>What the process holds is measured here: no other test runs beside it.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class AloneCollection;

[Collection<AloneCollection>]
public sealed class ReplicationMemoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transaction_of_300000_rows_is_handed_over_in_bounded_memory()
    {
        await using var database = await TrackedDatabase.CreateAsync("CREATE TABLE notes (id bigint PRIMARY KEY, n bigint, body text)");
        var source = database.Open(o => o with { LogBuffer = 4 << 20 });
        var dataset = await database.DatasetAsync("notes");
        var start = new Follower(dataset);
        await start.LoadAsync(source);
        await database.RunAsync("INSERT INTO notes SELECT i, i, repeat('x', 100) FROM generate_series(1, 300000) AS i");
        var (rows, chunks, most, before) = (0, 0, 0L, GC.GetTotalMemory(forceFullCollection: true));
        await using (var session = await source.OpenAsync([new ReadRequest(dataset, start.Checkpoint)], Token))
        {
            await foreach (var found in session.ReadAsync([dataset.Id], Token))
            {
                if (found is not ChunkRead read) continue;
                rows += read.Chunk.Length;
                chunks++;
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }
        Assert.Equal(300_000, rows);
        Assert.InRange(chunks, 10, 300_000);
        // 300,000 rows of 140 bytes are 42 MB.
        Assert.InRange(most, 0, 24 << 20);
    }
}
