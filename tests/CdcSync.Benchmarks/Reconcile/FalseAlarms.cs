using System.Diagnostics;
using CdcSync.Benchmarks.Measuring;
using CdcSync.TestServers;

namespace CdcSync.Benchmarks.Reconcile;

/// <summary>One comparison after the other while 1,000 changes a second are made and synced: what is on its way is never called drift.</summary>
internal static class FalseAlarms
{
    private const int Rows = 200_000;

    /// <summary>Runs for <see cref="Options.Minutes"/> on each pair of engines.</summary>
    public static async Task<IReadOnlyList<Verdict>> RunAsync(Options options)
    {
        await using var server = await PostgresServer.StartAsync(["wal_level=logical"]);
        var verdicts = new List<Verdict>();
        foreach (var engines in OrdersPair.All)
        {
            await using var pair = await OrdersPair.CreateAsync(options.Cdcsync, server, engines, Rows);
            var (comparisons, met, alarms, left) = (0, 0L, 0L, 0L);
            var writer = new OrdersWriter(pair);
            await using (writer)
            {
                await pair.WithDaemonAsync(async () =>
                {
                    for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromMinutes(options.Minutes); comparisons++)
                    {
                        var report = await pair.ReconcileAsync(0);
                        alarms += report.GetProperty("missing").GetInt64() + report.GetProperty("different").GetInt64() + report.GetProperty("extra").GetInt64();
                        met += report.GetProperty("rowsTravelled").GetInt64();
                        left += report.GetProperty("inFlight").GetInt64();
                    }
                });
                Console.WriteLine($"{pair.Name}: {comparisons} comparisons in {options.Minutes} minutes, {writer.Changes:N0} changes ({writer.Rate:N0} a second), {met:N0} rows travelled, {left:N0} keys never came to rest");
                verdicts.Add(Verdict.AtLeast($"{pair.Name}, changes a second", writer.Rate, 0.99 * OrdersWriter.PerSecond, ""));
                verdicts.Add(Verdict.AtMost($"{pair.Name}, false alarms", alarms, 0, ""));
                verdicts.Add(Verdict.AtLeast($"{pair.Name}, rows on their way that were looked at", met, 1, ""));
            }

            await pair.RunAsync(0, "sync");
            await pair.ReconcileAsync(0, "--mode", "full");
        }
        return verdicts;
    }
}
