using System.Diagnostics;
using CdcSync.Benchmarks.Measuring;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Landing;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sources;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using CdcSync.TestServers;
using Microsoft.Data.Sqlite;

namespace CdcSync.Benchmarks.Sync;

/// <summary>
/// What gates cost a small batch on a large table: the same 100 changes (80 updates, 10 inserts, 10 deletes) of a SQLite table, synced by a working daemon's engine into a target with twenty rules about values,
/// the volume gate and the delete breaker over 24 hours, and into one without, in turn. What counts is the batch's time from its landing file to the answer to its commit.
/// </summary>
internal static class GatesCost
{
    private const int Most = 1_000_000, Batches = 200, Warm = 40;

    public static async Task<IReadOnlyList<Verdict>> RunAsync(Options options)
    {
        var rows = Math.Min(options.Rows, Most);
        var folder = Directory.CreateTempSubdirectory("cdcsync-bench-").FullName;
        try
        {
            // A checkpoint of the server in the middle would be measured instead of the batches.
            await using var server = await PostgresServer.StartAsync(["max_wal_size=4GB", "checkpoint_timeout=1h"]);
            await using var database = await server.CreateDatabaseAsync();
            var file = Path.Combine(folder, "orders.db");
            OrdersDatabase.Create(file, rows);
            await using var source = new SqliteSource("bench", new SqliteSourceOptions { Path = file });
            await source.EnableTrackingAsync(["orders"], TimeSpan.FromDays(1), CancellationToken.None);
            var table = ContractReader.Read(RowRulesCost.ContractWithRules, "bench.odcs.yaml").OrThrow().Objects[0];
            var plain = OrdersDatabase.Dataset("orders") with { Columns = table.Columns() };
            var free = plain with { Target = new TargetTable(null, "free"), Breaker = DeleteBreaker.Default with { IsPerBatchOnly = true } };
            var gated = plain with { Target = new TargetTable(null, "gated"), Rules = RowRules.Of(table).Executed, Volume = new VolumeLimit(VolumeAction.Warn, 6, 20) };
            await using var with = new Side("with", gated, source, database.ConnectionString, folder);
            await using var without = new Side("without", free, source, database.ConnectionString, folder);
            var changes = new Edits(file, rows);
            await with.StartAsync();
            await without.StartAsync();
            await database.ExecuteAsync("VACUUM ANALYZE gated");
            await database.ExecuteAsync("VACUUM ANALYZE free");
            var (a, b) = (new List<double>(), new List<double>());
            for (var batch = 0; batch < Warm + Batches * options.Runs; batch++)
            {
                with.Expect();
                without.Expect();
                changes.Make();
                // Each goes first every other time.
                var first = batch % 2 == 0 ? await with.SyncAsync() : await without.SyncAsync();
                var second = batch % 2 == 0 ? await without.SyncAsync() : await with.SyncAsync();
                if (batch < Warm) continue;
                a.Add(batch % 2 == 0 ? first : second);
                b.Add(batch % 2 == 0 ? second : first);
            }

            var (p50, p50Free) = (new Samples(a), new Samples(b));
            Console.WriteLine(FormattableString.Invariant($"{Edits.Changes} changes on {rows:#,0} rows, {gated.Rules.Count} rules, volume gate, breaker over a day: p50 {p50.Median:0.00} ms, p95 {p50.At(0.95):0.00} ms; without p50 {p50Free.Median:0.00} ms, p95 {p50Free.At(0.95):0.00} ms"));
            return [Verdict.AtMost("100 changes through gates, against none", p50.Median / p50Free.Median, 1.2)];
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>One pipeline into a target of its own, in an engine that works until disposed and polls when it is asked to.</summary>
    private sealed class Side(string name, Dataset dataset, IChangeSource source, string connection, string folder) : IAsyncDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
        private readonly BatchClock _clock = new();
        private readonly PostgresWarehouse _warehouse = new(new PostgresWarehouseOptions { ConnectionString = connection, Pipeline = name }, TimeProvider.System);
        private readonly CancellationTokenSource _stop = new();
        private SyncEngine? _engine;
        private Task<TimeSpan> _expected = Task.FromResult(TimeSpan.Zero);
        private Task _working = Task.CompletedTask;

        /// <summary>Loads the table and begins to work.</summary>
        public async Task StartAsync()
        {
            await _warehouse.Control.MigrateAsync(default);
            _engine = new SyncEngine(new Pipeline(name, [dataset with { Interval = TimeSpan.FromDays(300) }]), new Dictionary<string, IChangeSource> { ["bench"] = source }, _warehouse,
                new LandingZone(new LandingOptions(Path.Combine(folder, name), TimeSpan.FromDays(1), 1L << 34), name, TimeProvider.System), new Keyring(new Dictionary<string, byte[]>()), _clock, TimeProvider.System, new EngineOptions());
            var report = await _engine.SyncOnceAsync(null, default);
            if (report.Outcomes is not [{ Fault: null, Quarantined: 0, Kind: OutcomeKind.Synced }])
                throw new InvalidOperationException($"{name}: {report.Outcomes[0]}");
            _working = Task.Run(() => _engine.RunAsync(_stop.Token));
            for (var began = Stopwatch.GetTimestamp(); _engine.Lanes().Count == 0; await Task.Delay(20))
                if (Stopwatch.GetElapsedTime(began) > Patience) throw new TimeoutException($"{name}: the engine does not work");
        }

        /// <summary>Changes are going to be made: the next batch is theirs, whoever asks for it.</summary>
        public void Expect() => _expected = _clock.Next;

        /// <summary>Syncs what changed.</summary>
        /// <returns>Milliseconds that the batch took from its landing file on.</returns>
        public async Task<double> SyncAsync()
        {
            _engine!.Take(new Order.Sync(), null);
            return (await _expected.WaitAsync(Patience)).TotalMilliseconds;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _working;
            _stop.Dispose();
            await _warehouse.DisposeAsync();
        }
    }

    /// <summary>Changes of the source's table, each batch of the same kind.</summary>
    private sealed class Edits(string file, int rows)
    {
        public const int Changes = 100;
        private readonly Random _random = new(1);
        private long _next = rows + 1L;

        public void Make()
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
            connection.Open();
            using var transaction = connection.BeginTransaction();
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            var first = _random.Next(1, rows - Changes);
            command.CommandText = FormattableString.Invariant($"""
                UPDATE orders SET customer_id = customer_id % 250000 + 1 WHERE id IN (SELECT id FROM orders WHERE id >= {first} ORDER BY id LIMIT 80);
                INSERT INTO orders SELECT {_next} + row_number() OVER (), customer_id, status, amount, currency, created_at, updated_at, note, is_gift, external_id FROM orders WHERE id >= {first} ORDER BY id LIMIT 10;
                DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE id > {first} + 90 ORDER BY id LIMIT 10);
                """);
            command.ExecuteNonQuery();
            transaction.Commit();
            _next += 10;
        }
    }

    /// <summary>How long each batch was staged, gated and published.</summary>
    private sealed class BatchClock : ISyncObserver
    {
        private TaskCompletionSource<TimeSpan> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The next batch's time.</summary>
        public Task<TimeSpan> Next => Volatile.Read(ref _next).Task;

        public void BatchCommitted(Dataset dataset, BatchReport report) =>
            Interlocked.Exchange(ref _next, new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult(report.Stages["stage"] + report.Stages["publish"]);
    }
}
