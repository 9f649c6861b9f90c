using CdcSync.Benchmarks.Measuring;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Benchmarks.Sync;

/// <summary>A first load from PostgreSQL into PostgreSQL whose ranges are read side by side, beside one that reads one after another: the source on this machine, and behind a link of 20 ms.</summary>
internal static class RangesSideBySide
{
    private const int Parallel = 4;
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(20);

    public static async Task<IReadOnlyList<Verdict>> RunAsync(Options options)
    {
        string[] folders = [.. Enumerable.Range(0, 2).Select(_ => Directory.CreateTempSubdirectory("cdcsync-bench-").FullName)];
        try
        {
            await using var from = await PostgresServer.StartAsync([]);
            await using var to = await PostgresServer.StartAsync([]);
            await using var source = await from.CreateDatabaseAsync();
            await SnapshotAgainstCopy.FillAsync(source, options.Rows);
            await SnapshotAgainstCopy.SetUpAsync(options, source, folders[0], $", firstLoad: {{ parallel: {Parallel} }}");
            await SnapshotAgainstCopy.SetUpAsync(options, source, folders[1], ", firstLoad: { parallel: 1 }");
            var expected = await SnapshotAgainstCopy.SummaryAsync(source);
            await using var link = new SlowLink(from.Port, RoundTrip);
            var far = new NpgsqlConnectionStringBuilder(source.ConnectionString) { Port = link.Port }.ConnectionString;
            return
            [
                Verdict.AtMost($"first load, {Parallel} ranges side by side against 1, on one machine", await RatioAsync("near", source.ConnectionString), 1.05),
                Verdict.AtMost($"the same behind a link of {RoundTrip.TotalMilliseconds:0} ms", await RatioAsync("far", far), 0.5),
            ];

            async Task<double> RatioAsync(string where, string connection)
            {
                var (several, one) = (new List<MeasuredProcess>(), new List<MeasuredProcess>());
                for (var run = 0; run < options.Runs; run++)
                {
                    several.Add(await SnapshotAgainstCopy.OursAsync(options, connection, to, folders[0], expected));
                    one.Add(await SnapshotAgainstCopy.OursAsync(options, connection, to, folders[1], expected));
                }

                var ratios = Samples.Ratios(several.Select(m => m.Wall), one.Select(m => m.Wall));
                Console.WriteLine($"{where}: {Parallel} side by side {Told(several)}; 1 {Told(one)}; ratio {ratios.ToString("x")}");
                return ratios.Median;
            }
        }
        finally
        {
            foreach (var folder in folders)
                Directory.Delete(folder, recursive: true);
        }
    }

    private static string Told(List<MeasuredProcess> runs) => $"{new Samples(runs.Select(m => m.Wall)).ToString("s")}, peak {new Samples(runs.Select(m => m.PeakMiB)).ToString("MiB")}";
}
