using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CdcSync.Benchmarks.Measuring;
using CdcSync.Core.Reconciliation;
using CdcSync.TestServers;

namespace CdcSync.Benchmarks.Reconcile;

/// <summary>
/// A warehouse of a million rows that was edited by hand, on every pair of engines that runs here: all of a thousand random edits are found as what they are and mended, also while
/// the source is written to, and of a hundred less than one row in a hundred travels.
/// </summary>
internal static class RandomEdits
{
    private const int Rows = 1_000_000;

    public static async Task<IReadOnlyList<Verdict>> RunAsync(Options options)
    {
        await using var server = await PostgresServer.StartAsync(["wal_level=logical", "max_wal_size=4GB", "checkpoint_timeout=1h"]);
        var verdicts = new List<Verdict>();
        foreach (var engines in OrdersPair.All)
        {
            await using var pair = await OrdersPair.CreateAsync(options.Cdcsync, server, engines, Rows);
            foreach (var edits in new[] { 1_000, 100 })
            {
                var expected = await EditAsync(pair, edits, Rows);
                var (what, report) = ($"{pair.Name}, of {edits:N0} random edits of {Rows:N0} rows", await MendAsync(pair));
                verdicts.Add(Judge(what, edits, expected, report));
                verdicts.Add(Verdict.AtMost($"{what}, rows that travel", 100.0 * report.GetProperty("rowsTravelled").GetInt64() / Rows, 1, "%"));
            }

            verdicts.AddRange(await WhileWrittenAsync(pair));
            await pair.RunAsync(0, "sync");
            await pair.ReconcileAsync(0, "--mode", "full");
        }
        return verdicts;
    }

    /// <summary>The lower half of the keys is edited by hand while the upper half is written to and synced.</summary>
    private static async Task<IEnumerable<Verdict>> WhileWrittenAsync(OrdersPair pair)
    {
        const int Edits = 1_000;
        await using var writer = new OrdersWriter(pair);
        var (expected, found) = (default(DriftCounts), default(JsonElement));
        await pair.WithDaemonAsync(async () =>
        {
            expected = await EditAsync(pair, Edits, Rows / 2);
            found = await pair.ReconcileAsync(3);
        });
        Console.WriteLine($"{pair.Name}, while {writer.Rate:N0} changes a second are made: found {Found(found)}");
        return
        [
            Verdict.AtMost($"{pair.Name}, what a comparison says beside daemon and writer, off by", Found(found) == expected ? 0 : 1, 0, ""),
            Judge($"{pair.Name}, while the source is written to, of {Edits:N0} random edits", Edits, expected, await MendAsync(pair)),
        ];
    }

    private static Verdict Judge(string what, int edits, DriftCounts expected, JsonElement report) =>
        Verdict.AtLeast($"{what}, the share that is found as what it is and mended", Found(report) == expected ? (double)report.GetProperty("repaired").GetInt32() / edits : 0, 1, "");

    private static async Task<JsonElement> MendAsync(OrdersPair pair)
    {
        var began = Stopwatch.GetTimestamp();
        var report = await pair.ReconcileAsync(0, "--repair");
        Console.WriteLine($"{pair.Name}: found {Found(report)}, mended {report.GetProperty("repaired").GetInt32():N0}, {report.GetProperty("rowsTravelled").GetInt64():N0} rows travelled, {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        return report;
    }

    private static DriftCounts Found(JsonElement report) => new(report.GetProperty("missing").GetInt64(), report.GetProperty("different").GetInt64(), report.GetProperty("extra").GetInt64());

    /// <summary>A third each of the edits deletes a row, changes one, or makes one up.</summary>
    /// <param name="pair">The engines.</param>
    /// <param name="edits">How many rows are edited.</param>
    /// <param name="upTo">The last key that may be.</param>
    private static async Task<DriftCounts> EditAsync(OrdersPair pair, int edits, int upTo)
    {
        var (random, sql, counts) = (new Random(edits), new StringBuilder("BEGIN;"), default(DriftCounts));
        var keys = new HashSet<int>();
        while (keys.Count < edits)
            keys.Add(random.Next(2, upTo));
        foreach (var (i, key) in keys.Index())
        {
            var kind = (Difference)(i % 3);
            counts = counts.With(kind);
            sql.AppendLine(kind switch
            {
                Difference.Missing => $"DELETE FROM orders WHERE id = {key};",
                Difference.Different => $"UPDATE orders SET {random.Next(3) switch { 0 => "amount = amount + 0.01", 1 => "note = coalesce(note, '') || ' '", _ => "is_gift = NOT is_gift" }} WHERE id = {key};",
                _ => OrdersPair.Insert(-key, like: 1),
            });
        }

        await using var connection = await pair.Target();
        await using var command = connection.CreateCommand();
        command.CommandText = sql.Append("COMMIT;").ToString();
        await command.ExecuteNonQueryAsync();
        return counts;
    }
}
