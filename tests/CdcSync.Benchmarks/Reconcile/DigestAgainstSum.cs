using System.Diagnostics;
using CdcSync.Benchmarks.Measuring;
using CdcSync.Benchmarks.Sync;
using CdcSync.Connectors.Postgres.Source;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Datasets;
using CdcSync.Core.Landing;
using CdcSync.Core.Metrics;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sources;
using CdcSync.Core.Sync;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Benchmarks.Reconcile;

/// <summary>
/// A whole comparison of equal tables, PostgreSQL to PostgreSQL, against what a person would type into psql on the slower side: <c>count(*)</c> and the sum of an MD5 over the same
/// columns. Each side is a server on a processor of its own, as two machines would be.
/// </summary>
internal static class DigestAgainstSum
{
    private static readonly Dataset Dataset = OrdersDatabase.Dataset("orders") with { Capture = new Capture.FullRefresh() };

    public static async Task<IReadOnlyList<Verdict>> RunAsync(Options options)
    {
        await using var sources = await StartedOnAsync(0);
        await using var warehouses = await StartedOnAsync(1);
        await using var shop = await sources.CreateDatabaseAsync();
        await using var copy = await warehouses.CreateDatabaseAsync();
        var landing = Directory.CreateTempSubdirectory("cdcsync-bench-");
        try
        {
            await using var source = new PostgresSource("bench", new PostgresSourceOptions { ConnectionString = () => shop.ConnectionString });
            await using var warehouse = new PostgresWarehouse(new PostgresWarehouseOptions { ConnectionString = copy.ConnectionString, Pipeline = "bench" }, TimeProvider.System);
            var engine = await LoadedAsync(Dataset, source, warehouse, shop, copy, landing.FullName, options.Rows);
            var (ours, sums) = (new List<double>(), new List<double>());
            for (var run = -1; run < options.Runs; run++)
            {
                var (comparison, sum) = (await CompareAsync(engine, options.Rows), Math.Max(await SumAsync(shop), await SumAsync(copy)));
                if (run < 0) continue;                                   // the first one warms pages and plans
                ours.Add(comparison);
                sums.Add(sum);
            }

            Console.WriteLine($"{options.Rows:N0} equal rows: comparison {new Samples(ours).ToString("s")}, the slower side's sum {new Samples(sums).ToString("s")}");
            return [Verdict.AtMost($"comparison of {options.Rows:N0} equal rows, PostgreSQL to PostgreSQL, against the slower side's own count(*), sum(hash)", Samples.Ratios(ours, sums).Median, 1.4)];
        }
        finally
        {
            landing.Delete(recursive: true);
        }
    }

    /// <summary>A server whose processes all run on one processor.</summary>
    private static async Task<PostgresServer> StartedOnAsync(int processor)
    {
        var server = await PostgresServer.StartAsync(["max_wal_size=4GB", "checkpoint_timeout=1h"]);
        await using var database = await server.CreateDatabaseAsync();
        var pid = await database.ScalarAsync<string>("SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)");
        await MeasuredProcess.RunAsync("/", new Dictionary<string, string>(), "taskset", "--pid", "--cpu-list", $"{processor}", pid!);
        return server;
    }

    /// <summary>An engine whose dataset, a table of orders, is made and loaded.</summary>
    private static async Task<SyncEngine> LoadedAsync(Dataset dataset, PostgresSource source, PostgresWarehouse warehouse, PostgresDatabase shop, PostgresDatabase copy, string landing, int rows)
    {
        await shop.ExecuteAsync(OrdersDatabase.OnPostgres(rows));
        await warehouse.Control.MigrateAsync(default);
        var pipeline = new Pipeline("bench", [dataset]);
        var engine = new SyncEngine(pipeline, new Dictionary<string, IChangeSource> { ["bench"] = source }, warehouse, new LandingZone(new LandingOptions(landing, TimeSpan.FromHours(1), 8L << 30), "bench", TimeProvider.System),
            new Keyring(new Dictionary<string, byte[]>()), new MetricsObserver(new SyncMetrics(pipeline, "bench", TimeProvider.System), pipeline), TimeProvider.System, new EngineOptions());
        var report = await engine.SyncOnceAsync(null, default);
        if (report.Outcomes is not [{ Fault: null }])
            throw new InvalidOperationException($"{report.Outcomes[0].Fault}");
        await shop.ExecuteAsync("VACUUM ANALYZE orders");
        await copy.ExecuteAsync("VACUUM ANALYZE orders");
        return engine;
    }

    private static async Task<double> CompareAsync(SyncEngine engine, int rows)
    {
        var began = Stopwatch.GetTimestamp();
        var report = await engine.ReconcileAsync(Dataset.Id, new ReconcileRequest(ReconcileMode.Digest, IsRepair: false), default);
        if (report is not { Found.Total: 0, RowsTravelled: 0 } || report.SourceRows != rows)
            throw new InvalidOperationException($"{report}");
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<double> SumAsync(PostgresDatabase database)
    {
        var columns = string.Join(", ", Dataset.TargetSchema.Fields.Select(f => f.Name));
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"SELECT count(*), sum(('x' || left(md5(concat_ws('|', {columns})), 16))::bit(64)::bigint)::text FROM orders", connection) { CommandTimeout = 0 };
        var began = Stopwatch.GetTimestamp();
        await command.ExecuteScalarAsync();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
