using CdcSync.Benchmarks.Measuring;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Benchmarks.Sync;

/// <summary>
/// A first load from SQLite into PostgreSQL, process start to process end, beside pgloader: same file, same server with its default settings, in turn.
/// Ours lands each batch as a file, hashes it, and commits it with its checkpoint; pgloader only copies.
/// </summary>
internal static class FirstLoadAgainstPgloader
{
    // What both tables must say; amounts of SQLite are real numbers, so that both have rounded them to the type's two digits.
    private const string Summary = """
        SELECT count(*), sum(id), sum(customer_id), sum(amount), count(note), sum(length(note)), count(*) FILTER (WHERE is_gift), min(created_at), max(updated_at), count(DISTINCT external_id) FROM orders
        """;

    public static async Task<IReadOnlyList<Verdict>> RunAsync(Options options)
    {
        var folder = Directory.CreateTempSubdirectory("cdcsync-bench-").FullName;
        try
        {
            await using var server = await PostgresServer.StartAsync([]);
            OrdersDatabase.Create(Path.Combine(folder, "orders.db"), options.Rows);
            await SetUpAsync(options, folder);
            var (ours, theirs) = (new List<MeasuredProcess>(), new List<MeasuredProcess>());
            for (var run = 0; run <= options.Runs; run++)
            {
                var (our, their) = (await OursAsync(options, server, folder), await PgloaderAsync(server, folder));
                if (our.Summary != their.Summary)
                    throw new InvalidOperationException($"the two targets differ:\n{our.Summary}\n{their.Summary}");
                if (run == 0) continue;                                  // the first warms the file's pages
                ours.Add(our.Measured);
                theirs.Add(their.Measured);
            }
            return Report(options, ours, theirs);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IReadOnlyList<Verdict> Report(Options options, List<MeasuredProcess> ours, List<MeasuredProcess> theirs)
    {
        var ratio = Samples.Ratios(ours.Select(m => m.Wall), theirs.Select(m => m.Wall));
        var peak = new Samples(ours.Select(m => m.PeakMiB));
        Console.WriteLine($"{options.Rows:#,0} rows, SQLite to PostgreSQL");
        Console.WriteLine($"cdcsync   {new Samples(ours.Select(m => m.Wall)).ToString("s")}, peak {peak.ToString("MiB")}");
        Console.WriteLine($"pgloader  {new Samples(theirs.Select(m => m.Wall)).ToString("s")}, peak {new Samples(theirs.Select(m => m.PeakMiB)).ToString("MiB")}");
        Console.WriteLine($"ratio     {ratio.ToString("x")}");
        return [Verdict.AtMost("first load against pgloader", ratio.Median, 0.2), Verdict.AtMost("first load, resident memory", peak.Median, 150, "MiB")];
    }

    private static async Task SetUpAsync(Options options, string folder)
    {
        await MeasuredProcess.RunAsync(folder, new Dictionary<string, string>(), options.Cdcsync, "discover", "./orders.db", "orders", "--contract");
        await MeasuredProcess.RunAsync(folder, new Dictionary<string, string>(), options.Cdcsync, "discover", "orders", "--enable-tracking", "--apply");
        var file = Path.Combine(folder, "cdcsync.yaml");
        var lines = (await File.ReadAllLinesAsync(file)).Select(l => l.StartsWith("warehouse:", StringComparison.Ordinal) ? "warehouse: { kind: postgres, connection: \"${env:WAREHOUSE}\" }" : l);
        await File.WriteAllLinesAsync(file, lines);
    }

    private static async Task<(MeasuredProcess Measured, string Summary)> OursAsync(Options options, PostgresServer server, string folder)
    {
        await using var database = await server.CreateDatabaseAsync();
        var environment = new Dictionary<string, string> { ["WAREHOUSE"] = database.ConnectionString };
        await MeasuredProcess.RunAsync(folder, environment, options.Cdcsync, "migrate");
        var measured = await MeasuredProcess.RunAsync(folder, environment, options.Cdcsync, "sync");
        Directory.Delete(Path.Combine(folder, "landing"), recursive: true);
        return (measured, await SummaryAsync(database));
    }

    private static async Task<(MeasuredProcess Measured, string Summary)> PgloaderAsync(PostgresServer server, string folder)
    {
        await using var database = await server.CreateDatabaseAsync();
        var target = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var script = Path.Combine(folder, "orders.load");
        await File.WriteAllTextAsync(script, $"""
            LOAD DATABASE FROM sqlite://{folder}/orders.db
                 INTO pgsql://{target.Username}:{target.Password}@127.0.0.1:{server.Port}/{database.Name}
            WITH include drop, create tables, create indexes, reset sequences
            CAST type uuid to text, type timestamp to timestamp using sqlite-timestamp-to-timestamp
            INCLUDING ONLY TABLE NAMES LIKE 'orders';
            """);
        var measured = await MeasuredProcess.RunAsync(folder, new Dictionary<string, string>(), "pgloader", script);
        return (measured, await SummaryAsync(database));
    }

    private static async Task<string> SummaryAsync(PostgresDatabase database) => string.Join(' ', (await database.QueryAsync(Summary))[0]);
}
