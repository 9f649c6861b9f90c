using System.Diagnostics;
using CdcSync.Arrow;
using CdcSync.Benchmarks.Measuring;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Landing;
using CdcSync.Core.Shaping;
using CdcSync.Core.Warehouses;
using CdcSync.TestServers;

namespace CdcSync.Benchmarks.Sync;

/// <summary>
/// Where the time and the memory of a first load go: the same rows through one stage more each time, on one thread, in one process that has warmed up. What a stage
/// costs is the difference to the line before.
/// </summary>
internal static class FirstLoadStages
{
    private const int Rows = 500_000;

    public static async Task<IReadOnlyList<Verdict>> RunAsync(Options options)
    {
        var folder = Directory.CreateTempSubdirectory("cdcsync-bench-").FullName;
        try
        {
            await using var server = await PostgresServer.StartAsync([]);
            await using var database = await server.CreateDatabaseAsync();
            await using var warehouse = new PostgresWarehouse(new PostgresWarehouseOptions { ConnectionString = database.ConnectionString, Pipeline = "bench" }, TimeProvider.System);
            await warehouse.Control.MigrateAsync(default);
            var lease = (await warehouse.Control.TryAcquireLeaseAsync("bench", "bench", TimeSpan.FromHours(2), default))!;
            var path = Path.Combine(folder, "orders.db");
            OrdersDatabase.Create(path, Rows);
            await using var source = new SqliteSource("bench", new SqliteSourceOptions { Path = path });
            var dataset = OrdersDatabase.Dataset("orders");
            var shaper = new Shaper(dataset, new Keyring(new Dictionary<string, byte[]>()));
            var zone = new LandingZone(new LandingOptions(Path.Combine(folder, "landing"), TimeSpan.FromDays(1), 1L << 34), "bench", TimeProvider.System);
            (string Name, Func<Task> Work)[] stages =
            [
                ("read", async () => await EachAsync(_ => default)),
                ("read, shape", async () => await EachAsync(chunk => Done(shaper.Apply(chunk)))),
                ("read, shape, land", async () =>
                {
                    await using var file = zone.Create(dataset);
                    await EachAsync(chunk => file.AppendAsync(shaper.Apply(chunk), default));
                    await file.CompleteAsync(default);
                }),
                ("read, shape, stage and publish", async () =>
                {
                    await using var publication = await warehouse.OpenPublicationAsync(lease, default);
                    await database.ExecuteAsync("DROP TABLE IF EXISTS orders; DELETE FROM cdcsync.checkpoint; DELETE FROM cdcsync.ledger");
                    await warehouse.EnsureTargetForAppendAsync(dataset, default);
                    var stage = await publication.OpenStageAsync(dataset, PublishMode.Append, default);
                    await EachAsync(chunk => stage.WriteAsync(shaper.Apply(chunk), default));
                    var upTo = new Position("bench", "1");
                    var move = new CheckpointMove(0, new Checkpoint(1, new SourceIdentity("bench", "bench"), upTo, null, null));
                    await publication.PublishAsync([new DatasetPublication(stage, move, [], new LedgerDraft(BatchKind.Range, null, upTo, Rows, 0, null, DateTimeOffset.UnixEpoch, null), [])], default);
                }),
            ];
            foreach (var (_, work) in stages)
                await work();
            foreach (var (name, work) in stages)
                await ReportAsync(name, work, options.Runs);
            return [];

            async Task EachAsync(Func<ChangeChunk, ValueTask> take)
            {
                await foreach (var chunk in source.Ranges.ReadAsync(dataset, new KeyRange(0, null, null), default))
                    await take(chunk);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ValueTask Done(ChangeChunk chunk)
    {
        GC.KeepAlive(chunk);
        return default;
    }

    private static async Task ReportAsync(string name, Func<Task> work, int runs)
    {
        var (nanoseconds, bytes) = (new List<double>(), new List<double>());
        for (var run = 0; run < runs; run++)
        {
            var (allocated, began) = (GC.GetTotalAllocatedBytes(precise: true), Stopwatch.GetTimestamp());
            await work();
            nanoseconds.Add(Stopwatch.GetElapsedTime(began).TotalNanoseconds / Rows);
            bytes.Add((GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)Rows);
        }
        Console.WriteLine(FormattableString.Invariant($"{name,-32} {new Samples(nanoseconds).Median,7:0} ns a row, {new Samples(bytes).Median,6:0} bytes allocated a row"));
    }
}
