using System.Diagnostics;
using CdcSync.Benchmarks.Measuring;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Benchmarks.Sync;

/// <summary>
/// A first load from PostgreSQL into PostgreSQL, process start to process end, beside <c>psql COPY | psql COPY</c> into a table with its key, and beside the first copy of a
/// built-in subscription: two servers with their default settings, each side in turn.
/// </summary>
internal static class SnapshotAgainstCopy
{
    private const string Table = """
        CREATE TABLE orders (
            id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL, amount numeric(12,2) NOT NULL, currency char(3) NOT NULL,
            created_at timestamp NOT NULL, updated_at timestamp NOT NULL, note text, is_gift boolean NOT NULL, external_id uuid NOT NULL)
        """;

    private const string Summary = """
        SELECT count(*), sum(id), sum(customer_id), sum(amount), count(note), sum(length(note)), count(*) FILTER (WHERE is_gift), min(created_at), max(updated_at),
               count(DISTINCT external_id), bit_xor(hashtextextended(external_id::text || currency || status, id)) FROM orders
        """;

    public static async Task<IReadOnlyList<Verdict>> RunAsync(Options options)
    {
        var folder = Directory.CreateTempSubdirectory("cdcsync-bench-").FullName;
        try
        {
            await using var from = await PostgresServer.StartAsync(["wal_level=logical"]);
            await using var to = await PostgresServer.StartAsync([]);
            await using var source = await from.CreateDatabaseAsync();
            await FillAsync(source, options.Rows);
            await SetUpAsync(options, source, folder);
            var expected = await SummaryAsync(source);
            var (ours, copies, subscriptions) = (new List<MeasuredProcess>(), new List<double>(), new List<double>());
            for (var run = 0; run <= options.Runs; run++)
            {
                var our = await OursAsync(options, source.ConnectionString, to, folder, expected);
                var copy = await CopyAsync(source, to, folder, expected);
                var subscription = await SubscriptionAsync(source, to, expected);
                if (run == 0) continue;                                  // the first warms the table's pages
                ours.Add(our);
                copies.Add(copy);
                subscriptions.Add(subscription);
            }
            return Report(options, ours, copies, subscriptions);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IReadOnlyList<Verdict> Report(Options options, List<MeasuredProcess> ours, List<double> copies, List<double> subscriptions)
    {
        var (againstCopy, againstSubscription) = (Samples.Ratios(ours.Select(m => m.Wall), copies), Samples.Ratios(ours.Select(m => m.Wall), subscriptions));
        Console.WriteLine($"{options.Rows:#,0} rows, PostgreSQL to PostgreSQL");
        Console.WriteLine($"cdcsync                 {new Samples(ours.Select(m => m.Wall)).ToString("s")}, peak {new Samples(ours.Select(m => m.PeakMiB)).ToString("MiB")}");
        Console.WriteLine($"psql COPY | psql COPY   {new Samples(copies).ToString("s")}, ratio {againstCopy.ToString("x")}");
        Console.WriteLine($"subscription            {new Samples(subscriptions).ToString("s")}, ratio {againstSubscription.ToString("x")}");
        return [Verdict.AtMost("first load against psql COPY | psql COPY, keyed", againstCopy.Median, 0.8), Verdict.AtMost("first load against a subscription's first copy", againstSubscription.Median, 0.5)];
    }

    public static async Task FillAsync(PostgresDatabase source, int rows)
    {
        await source.ExecuteAsync(Table);
        await source.ExecuteAsync($"""
            INSERT INTO orders
            SELECT i, (i * 7919) % 250000 + 1, (ARRAY['returned', 'open', 'paid', 'shipped', 'shipped', 'shipped', 'shipped'])[i % 7 + 1], ((i * 104729) % 100000000) / 100.0,
                   (ARRAY['USD', 'GBP', 'EUR', 'EUR', 'EUR'])[i % 5 + 1], 'epoch'::timestamp + (1600000000 + i * 37) * interval '1 second',
                   'epoch'::timestamp + (1600000000 + i * 37 + i % 86400) * interval '1 second' + (i % 1000) * interval '1 millisecond',
                   CASE WHEN i % 3 <> 0 THEN 'note on order ' || i || ': please deliver to the neighbour' END, i % 11 = 0, md5(i::text)::uuid
            FROM generate_series(1, {rows}::bigint) AS i
            """);
        await source.ExecuteAsync("VACUUM (ANALYZE, FREEZE) orders");
        await source.ExecuteAsync("CREATE PUBLICATION bench FOR TABLE orders");
    }

    /// <param name="options">What was asked for.</param>
    /// <param name="source">The source.</param>
    /// <param name="folder">Where the pipeline file is written.</param>
    /// <param name="more">More of the source in that file.</param>
    public static async Task SetUpAsync(Options options, PostgresDatabase source, string folder, string more = "")
    {
        var systems = $"pipeline: bench\nsources: {{ bench: {{ kind: postgres, connection: \"${{env:SOURCE}}\"{more} }} }}\nwarehouse: {{ kind: postgres, connection: \"${{env:WAREHOUSE}}\" }}\n";
        var file = Path.Combine(folder, "cdcsync.yaml");
        await File.WriteAllTextAsync(file, systems);
        await MeasuredProcess.RunAsync(folder, Environment(source.ConnectionString, source), options.Cdcsync, "discover", "bench", "orders", "--contract");
        await File.WriteAllTextAsync(file, systems + "datasets:\n  orders: { source: bench, object: orders, contract: contracts/bench.odcs.yaml#orders, capture: { highWaterMark: id, kind: sequence }, acceptMissedDeletes: true }\n");
    }

    /// <param name="options">What was asked for.</param>
    /// <param name="source">The source's connection string.</param>
    /// <param name="to">The server that gets a database for it.</param>
    /// <param name="folder">Where the pipeline file is.</param>
    /// <param name="expected">What the source holds.</param>
    public static async Task<MeasuredProcess> OursAsync(Options options, string source, PostgresServer to, string folder, string expected)
    {
        await using var target = await to.CreateDatabaseAsync();
        await MeasuredProcess.RunAsync(folder, Environment(source, target), options.Cdcsync, "migrate");
        var measured = await MeasuredProcess.RunAsync(folder, Environment(source, target), options.Cdcsync, "sync");
        Directory.Delete(Path.Combine(folder, "landing"), recursive: true);
        await CheckAsync(target, expected);
        return measured;
    }

    private static async Task<double> CopyAsync(PostgresDatabase source, PostgresServer to, string folder, string expected)
    {
        await using var target = await to.CreateDatabaseAsync();
        await target.ExecuteAsync(Table);
        var psql = PostgresServer.Tool("psql");
        var measured = await MeasuredProcess.RunAsync(folder, new Dictionary<string, string>(), "bash", "-c",
            $"set -o pipefail; '{psql}' -qX '{Uri(source)}' -c 'COPY orders TO STDOUT' | '{psql}' -qX '{Uri(target)}' -c 'COPY orders FROM STDIN'");
        await CheckAsync(target, expected);
        return measured.Wall;
    }

    private static async Task<double> SubscriptionAsync(PostgresDatabase source, PostgresServer to, string expected)
    {
        await using var target = await to.CreateDatabaseAsync();
        await target.ExecuteAsync(Table);
        var clock = Stopwatch.StartNew();
        await target.ExecuteAsync($"CREATE SUBSCRIPTION bench CONNECTION '{Uri(source)}' PUBLICATION bench");
        // s = its first copy is done, r = it streams.
        while (await target.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_subscription_rel WHERE srsubstate NOT IN ('s', 'r'))")) await Task.Delay(10);
        var seconds = clock.Elapsed.TotalSeconds;
        await CheckAsync(target, expected);
        await target.ExecuteAsync("DROP SUBSCRIPTION bench");
        return seconds;
    }

    private static Dictionary<string, string> Environment(string source, PostgresDatabase target) => new() { ["SOURCE"] = source, ["WAREHOUSE"] = target.ConnectionString };

    private static string Uri(PostgresDatabase database)
    {
        var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        return $"host=127.0.0.1 port={connection.Port} user={connection.Username} password={connection.Password} dbname={connection.Database}";
    }

    private static async Task CheckAsync(PostgresDatabase target, string expected)
    {
        var found = await SummaryAsync(target);
        if (found != expected) throw new InvalidOperationException($"the target differs from the source:\n{expected}\n{found}");
    }

    public static async Task<string> SummaryAsync(PostgresDatabase database) => string.Join(' ', (await database.QueryAsync(Summary))[0]);
}
