using System.Diagnostics;
using CdcSync.Benchmarks.Measuring;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.Benchmarks.Sync;

/// <summary>
/// 500 transactions of 1,000 updates each, from PostgreSQL to PostgreSQL: <c>cdcsync sync</c>, process start to process end, beside the built-in subscription with
/// <c>binary = true</c>, from when it is enabled until the last transaction is there. Same source, servers with their default settings, in turn; both begin with the whole backlog.
/// </summary>
internal static class ReplicationAgainstSubscription
{
    private const int Transactions = 500;
    private const int UpdatesEach = 1_000;

    private const string Table = """
        CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL, amount numeric(12,2) NOT NULL, currency text NOT NULL,
            created_at timestamp NOT NULL, updated_at timestamp NOT NULL, note text, is_gift boolean NOT NULL, round bigint NOT NULL)
        """;

    private const string Summary = "SELECT count(*), sum(id), sum(customer_id), sum(amount), sum(round), count(note), max(updated_at), count(*) FILTER (WHERE is_gift) FROM orders";

    public static async Task<IReadOnlyList<Verdict>> RunAsync(Options options)
    {
        var folder = Directory.CreateTempSubdirectory("cdcsync-bench-").FullName;
        try
        {
            await using var source = await PostgresServer.StartAsync(["wal_level=logical"]);
            await using var target = await PostgresServer.StartAsync([]);
            await using var shop = await source.CreateDatabaseAsync();
            await using var ours = await target.CreateDatabaseAsync();
            await using var theirs = await target.CreateDatabaseAsync();
            var rows = Math.Max(options.Rows, UpdatesEach);
            await shop.ExecuteAsync($"""
                {Table};
                INSERT INTO orders SELECT i, i % 250000, 'open', i % 100000, 'EUR', timestamp '2026-01-01' + i * interval '1 s', timestamp '2026-01-01' + i * interval '1 s',
                    CASE WHEN i % 3 > 0 THEN 'note on order ' || i END, i % 11 = 0, 0 FROM generate_series(1, {rows}) AS i
                """);
            var environment = new Dictionary<string, string> { ["SHOP"] = shop.ConnectionString, ["WAREHOUSE"] = ours.ConnectionString };
            await SetUpAsync(options, folder, environment);
            await SubscribeAsync(shop, theirs);
            var (our, their) = (new List<MeasuredProcess>(), new List<double>());
            for (var run = 0; run <= options.Runs; run++)
            {
                await UpdateAsync(shop, rows, run + 1);
                var measured = await MeasuredProcess.RunAsync(folder, environment, options.Cdcsync, "sync");
                var applied = await ApplyAsync(theirs, rows, run + 1);
                await EnsureSameAsync(shop, ours, theirs);
                if (run == 0) continue;                                  // the first warms both
                our.Add(measured);
                their.Add(applied);
            }
            await theirs.ExecuteAsync("DROP SUBSCRIPTION bench");
            await shop.ExecuteAsync("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active");
            var ratio = Samples.Ratios(our.Select(m => m.Wall), their);
            Console.WriteLine($"{Transactions * UpdatesEach:#,0} updates in {Transactions} transactions on {rows:#,0} rows");
            Console.WriteLine($"cdcsync       {new Samples(our.Select(m => m.Wall)).ToString("s")}, peak {new Samples(our.Select(m => m.PeakMiB)).ToString("MiB")}");
            Console.WriteLine($"subscription  {new Samples(their).ToString("s")}");
            Console.WriteLine($"ratio         {ratio.ToString("x")}");
            return [Verdict.AtMost("logical replication against a subscription", ratio.Median, 0.75)];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task SetUpAsync(Options options, string folder, Dictionary<string, string> environment)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "cdcsync.yaml"), """
            pipeline: bench
            sources:
              shop: { kind: postgres, connection: "${env:SHOP}" }
            warehouse: { kind: postgres, connection: "${env:WAREHOUSE}" }
            """);
        await MeasuredProcess.RunAsync(folder, environment, options.Cdcsync, "discover", "shop", "orders", "--contract");
        await File.AppendAllTextAsync(Path.Combine(folder, "cdcsync.yaml"), "\ndatasets:\n  orders: { source: shop, object: orders, contract: contracts/shop.odcs.yaml#orders }\n");
        await MeasuredProcess.RunAsync(folder, environment, options.Cdcsync, "discover", "shop", "orders", "--enable-tracking", "--apply");
        await MeasuredProcess.RunAsync(folder, environment, options.Cdcsync, "migrate");
        await MeasuredProcess.RunAsync(folder, environment, options.Cdcsync, "sync");
    }

    private static async Task SubscribeAsync(PostgresDatabase shop, PostgresDatabase theirs)
    {
        await theirs.ExecuteAsync(Table);
        await shop.ExecuteAsync("CREATE PUBLICATION bench FOR TABLE orders");
        var from = new NpgsqlConnectionStringBuilder(shop.ConnectionString);
        await theirs.ExecuteAsync($"CREATE SUBSCRIPTION bench CONNECTION 'host=127.0.0.1 port={shop.Server.Port} dbname={shop.Name} user={from.Username} password={from.Password}' PUBLICATION bench WITH (binary = true)");
        while (await theirs.ScalarAsync<long>("SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'") > 0) await Task.Delay(50);
        await theirs.ExecuteAsync("ALTER SUBSCRIPTION bench DISABLE");
    }

    /// <summary>Updates rows spread over the table; the last transaction ends with the last row.</summary>
    private static async Task UpdateAsync(PostgresDatabase shop, int rows, int round)
    {
        await using var connection = await shop.OpenAsync();
        for (var i = 0; i < Transactions; i++)
        {
            await using var command = new NpgsqlCommand($"""
                UPDATE orders SET status = 'shipped', amount = amount + 1, updated_at = updated_at + interval '1 h', round = {round}
                 WHERE id = ANY (ARRAY(SELECT ({i} * {UpdatesEach}::bigint + k) * 7919 % {rows - 1} + 1 FROM generate_series(0, {UpdatesEach - 2}) AS k) || {rows}::bigint)
                """, connection);
            await command.ExecuteNonQueryAsync();
        }
        await using var last = new NpgsqlCommand($"UPDATE orders SET note = 'round {round}' WHERE id = {rows}", connection);
        await last.ExecuteNonQueryAsync();
    }

    private static async Task<double> ApplyAsync(PostgresDatabase theirs, int rows, int round)
    {
        var began = Stopwatch.GetTimestamp();
        await theirs.ExecuteAsync("ALTER SUBSCRIPTION bench ENABLE");
        while (await theirs.ScalarAsync<string>($"SELECT note FROM orders WHERE id = {rows}") != $"round {round}") await Task.Delay(10);
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await theirs.ExecuteAsync("ALTER SUBSCRIPTION bench DISABLE");
        return took;
    }

    private static async Task EnsureSameAsync(params PostgresDatabase[] databases)
    {
        var summaries = new List<string>();
        foreach (var database in databases) summaries.Add(string.Join(' ', (await database.QueryAsync(Summary))[0]));
        if (summaries.Distinct().Count() > 1) throw new InvalidOperationException($"the tables differ:\n{string.Join('\n', summaries)}");
    }
}
