using System.Diagnostics;
using System.Text;
using CdcSync.Benchmarks.Measuring;
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

namespace CdcSync.Benchmarks.Sync;

/// <summary>A warehouse that was edited by hand, PostgreSQL to PostgreSQL: all of a thousand random edits are found and mended, and of a hundred less than one row in a hundred travels.</summary>
internal static class RandomEdits
{
    private const int Rows = 1_000_000;

    // Those of the last minutes are in flight to a mark.
    private const int Untouched = 1_000;

    private static readonly Dataset Dataset = OrdersDatabase.Dataset("orders") with { Capture = new Capture.HighWaterMark("updated_at", MarkKind.Timestamp, TimeSpan.FromMinutes(1)), Interval = TimeSpan.FromSeconds(1) };

    public static async Task<IReadOnlyList<Verdict>> RunAsync()
    {
        await using var server = await PostgresServer.StartAsync(["max_wal_size=4GB", "checkpoint_timeout=1h"]);
        await using var shop = await server.CreateDatabaseAsync();
        await using var copy = await server.CreateDatabaseAsync();
        var landing = Directory.CreateTempSubdirectory("cdcsync-bench-");
        try
        {
            await using var source = new PostgresSource("bench", new PostgresSourceOptions { ConnectionString = () => shop.ConnectionString });
            await using var warehouse = new PostgresWarehouse(new PostgresWarehouseOptions { ConnectionString = copy.ConnectionString, Pipeline = "bench" }, TimeProvider.System);
            var engine = await DigestAgainstSum.LoadedAsync(Dataset, source, warehouse, shop, copy, landing.FullName, Rows);
            var verdicts = new List<Verdict>();
            foreach (var edits in new[] { 1_000, 100 })
            {
                var expected = await EditAsync(copy, edits, seed: edits);
                var began = Stopwatch.GetTimestamp();
                var report = await engine.ReconcileAsync(Dataset.Id, new ReconcileRequest(ReconcileMode.Digest, IsRepair: true), default);
                Console.WriteLine($"{edits:N0} edits of {Rows:N0} rows: found {report.Found}, mended {report.Repaired.Total:N0}, {report.RowsTravelled:N0} rows travelled, {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
                verdicts.Add(Verdict.AtLeast($"of {edits:N0} random edits of {Rows:N0} rows, the share that is found as what it is and mended", report.Found == expected ? (double)report.Repaired.Total / edits : 0, 1, ""));
                verdicts.Add(Verdict.AtMost("rows that travel for it", 100.0 * report.RowsTravelled / Rows, 1, "%"));
            }

            var left = await engine.ReconcileAsync(Dataset.Id, new ReconcileRequest(ReconcileMode.Digest, IsRepair: false), default);
            verdicts.Add(Verdict.AtMost("rows that differ afterwards", left.Found.Total, 0, ""));
            return verdicts;
        }
        finally
        {
            landing.Delete(recursive: true);
        }
    }

    /// <summary>A third each of the edits deletes a row, changes one, or makes one up.</summary>
    private static async Task<DriftCounts> EditAsync(PostgresDatabase copy, int edits, int seed)
    {
        var (random, sql, counts) = (new Random(seed), new StringBuilder(), default(DriftCounts));
        var keys = new HashSet<int>();
        while (keys.Count < edits)
            keys.Add(random.Next(1, Rows - Untouched));
        foreach (var (i, key) in keys.Index())
        {
            var kind = (Difference)(i % 3);
            counts = counts.With(kind);
            sql.AppendLine(kind switch
            {
                Difference.Missing => $"DELETE FROM orders WHERE id = {key};",
                Difference.Different => $"UPDATE orders SET {random.Next(3) switch { 0 => "amount = amount + 0.01", 1 => "note = coalesce(note, '') || ' '", _ => "is_gift = NOT is_gift" }} WHERE id = {key};",
                _ => $"INSERT INTO orders SELECT {-key}, customer_id, status, amount, currency, created_at, updated_at, note, is_gift, external_id FROM orders WHERE id = {Rows};",
            });
        }

        await copy.ExecuteAsync(sql.ToString());
        return counts;
    }
}
