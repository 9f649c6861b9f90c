using System.Diagnostics;
using CdcSync.Arrow;
using CdcSync.Benchmarks.Measuring;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;
using CdcSync.TestServers;

namespace CdcSync.Benchmarks.Sync;

/// <summary>
/// A batch of 100 changes, from opening the publication to the answer to its commit, on a target of 10,000,000 rows beside one of 100,000, in turn: what a batch
/// costs must not grow with the table. The server has its default settings; both targets are visited once before, so that pages are in memory as they would be.
/// </summary>
internal static class SmallBatchOnLargeTable
{
    private const int Changes = 100;
    private const int Batches = 400;
    private const int Warm = 100;
    private static readonly DateTimeOffset SourceTime = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static async Task<IReadOnlyList<Verdict>> RunAsync()
    {
        // Default settings but for the log: a checkpoint in the middle would be measured instead of the batches.
        await using var server = await PostgresServer.StartAsync(["max_wal_size=4GB", "checkpoint_timeout=1h"]);
        await using var database = await server.CreateDatabaseAsync();
        await using var warehouse = new PostgresWarehouse(new PostgresWarehouseOptions { ConnectionString = database.ConnectionString, Pipeline = "bench" }, TimeProvider.System);
        await warehouse.Control.MigrateAsync(default);
        var lease = (await warehouse.Control.TryAcquireLeaseAsync("bench", "bench", TimeSpan.FromHours(2), default))!;
        var large = await Target.CreateAsync(warehouse, database, lease, "large", 10_000_000);
        var small = await Target.CreateAsync(warehouse, database, lease, "small", 100_000);
        var verdicts = new List<Verdict>();
        foreach (var (name, keys, aim) in new[] { ("neighbouring keys", KeyChoice.Neighbours, 1.2), ("random keys", KeyChoice.Random, 1.5) })
        {
            var (onLarge, onSmall) = (new List<double>(), new List<double>());
            for (var batch = 0; batch < Warm + Batches; batch++)
            {
                var (a, b) = (await large.PublishAsync(keys), await small.PublishAsync(keys));
                if (batch < Warm) continue;
                onLarge.Add(a);
                onSmall.Add(b);
            }
            var (p50, p50Small) = (new Samples(onLarge), new Samples(onSmall));
            Console.WriteLine(FormattableString.Invariant($"{name}: 10,000,000 rows p50 {p50.Median:0.00} ms, p95 {p50.At(0.95):0.00} ms; 100,000 rows p50 {p50Small.Median:0.00} ms, p95 {p50Small.At(0.95):0.00} ms"));
            verdicts.Add(Verdict.AtMost($"100 changes, {name}, 10,000,000 rows against 100,000", p50.Median / p50Small.Median, aim));
            verdicts.Add(Verdict.AtMost($"100 changes, {name}, p50 on 10,000,000 rows", p50.Median, 3, "ms"));
        }
        return verdicts;
    }

    private enum KeyChoice
    {
        Neighbours,
        Random,
    }

    private sealed class Target(PostgresWarehouse warehouse, Lease lease, Dataset dataset, int rows)
    {
        private readonly Random _random = new(1);
        private long _generation;
        private int _round;

        public static async Task<Target> CreateAsync(PostgresWarehouse warehouse, PostgresDatabase database, Lease lease, string name, int rows)
        {
            var dataset = OrdersDatabase.Dataset(name);
            await warehouse.EnsureTargetForAppendAsync(dataset, default);
            await database.ExecuteAsync($"""
                SET statement_timeout = 0;
                INSERT INTO {name}
                SELECT i, i % 250000, 'shipped', i % 100000, 'EUR', timestamp '2026-01-01' + i * interval '1 s', timestamp '2026-01-01' + i * interval '1 s', 'note on order ' || i, i % 11 = 0, gen_random_uuid()::text
                  FROM generate_series(1, {rows}) AS i
                """);
            await warehouse.EnsureTargetAsync(dataset, default);
            await database.ExecuteAsync($"VACUUM ANALYZE {name}");
            return new Target(warehouse, lease, dataset, rows);
        }

        /// <summary>Publishes a batch.</summary>
        /// <returns>Milliseconds.</returns>
        public async Task<double> PublishAsync(KeyChoice choice)
        {
            var chunk = Chunk(choice);
            var upTo = new Position("bench", $"{_generation + 1}");
            var move = new CheckpointMove(_generation, new Checkpoint(_generation + 1, new SourceIdentity("bench", "bench"), upTo, null, SourceTime));
            var began = Stopwatch.GetTimestamp();
            await using (var publication = await warehouse.OpenPublicationAsync(lease, default))
            {
                var stage = await publication.OpenStageAsync(dataset, PublishMode.Merge, default);
                await stage.WriteAsync(chunk, default);
                var result = await publication.PublishAsync([new DatasetPublication(stage, move, [], new LedgerDraft(BatchKind.Window, null, upTo, Changes, 0, null, SourceTime, null), [])], default);
                if (result.Outcome != PublicationOutcome.Committed || result.Stats[0].Updated + result.Stats[0].Inserted != Changes)
                    throw new InvalidOperationException($"{dataset.Id}: {result.Outcome}, {result.Stats}");
            }
            _generation++;
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        private ChangeChunk Chunk(KeyChoice choice)
        {
            _round++;
            var first = _random.Next(1, rows - Changes);
            long[] keys = choice == KeyChoice.Neighbours
                ? [.. Enumerable.Range(first, Changes).Select(k => (long)k)]
                : [.. Enumerable.Range(0, int.MaxValue).Select(_ => (long)_random.Next(1, rows)).Distinct().Take(Changes)];
            var builder = new RecordBatchBuilder(dataset.TargetSchema);
            foreach (var key in keys)
            {
                ((FixedWidthBuilder<long>)builder[0]).Append(key);
                ((FixedWidthBuilder<long>)builder[1]).Append(key % 1_000);
                ((VarLengthBuilder)builder[2]).Append("returned");
                ((FixedWidthBuilder<Int128>)builder[3]).Append(_round);
                ((VarLengthBuilder)builder[4]).Append("EUR");
                ((FixedWidthBuilder<long>)builder[5]).Append(1_767_225_600_000_000 + key);
                ((FixedWidthBuilder<long>)builder[6]).Append(1_767_225_600_000_000 + _round);
                ((VarLengthBuilder)builder[7]).Append("a note that was changed");
                ((BoolBuilder)builder[8]).Append(true);
                ((VarLengthBuilder)builder[9]).Append("00000000-0000-4000-a000-000000000000");
            }
            return ChangeChunk.Upserts(builder.Build());
        }
    }
}
