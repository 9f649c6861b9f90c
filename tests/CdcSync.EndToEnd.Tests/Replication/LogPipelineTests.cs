using System.Globalization;
using CdcSync.Core.Sync;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CdcSync.EndToEnd.Tests.Replication;

/// <summary>A PostgreSQL source by its log, through the real process: prepared from the command line, killed while it is written, equal in the end.</summary>
public sealed class LogPipelineTests(ITestOutputHelper output)
{
    private const int Killed = 137;
    private const int Accounts = 200;

    [Fact]
    public async Task Killed_while_the_source_is_written_it_ends_equal()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync(["wal_level=logical", "fsync=off", "full_page_writes=off", "max_connections=50", "max_replication_slots=20", "autovacuum=off"]);
        await using var shop = await server.CreateDatabaseAsync();
        await shop.ExecuteAsync($"""
            CREATE TABLE accounts (id bigint PRIMARY KEY, owner text NOT NULL, balance numeric(12,2) NOT NULL, terms text);
            ALTER TABLE accounts ALTER terms SET STORAGE EXTERNAL;
            CREATE TABLE entries (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account bigint NOT NULL, amount numeric(12,2) NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
            INSERT INTO accounts SELECT i, 'owner ' || i, 100, repeat(i::text, 1000) FROM generate_series(1, {Accounts}) AS i;
            """);
        using var folder = new TempFolder();
        File.WriteAllText(folder["cdcsync.yaml"], """
            pipeline: bank
            sources:
              bank: { kind: postgres, connection: "${env:BANK}", firstLoad: { parallel: 4 } }
            warehouse: { kind: sqlite, path: ./warehouse.db }
            http: { listen: "127.0.0.1:0" }
            engine: { lease: 3s, rowsPerRange: 10 }
            defaults: { interval: 100ms }
            datasets:
              accounts: { source: bank, object: accounts, contract: bank.odcs.yaml#accounts, group: book }
              entries: { source: bank, object: entries, contract: bank.odcs.yaml#entries, group: book }
            """);
        File.WriteAllText(folder["bank.odcs.yaml"], """
            apiVersion: v3.1.0
            kind: DataContract
            id: bank
            version: 1.0.0
            status: active
            team: { name: bank, members: [{ username: owner@example.com, role: Owner }] }
            schema:
              - name: accounts
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: owner, logicalType: string, physicalType: text }
                  - { name: balance, logicalType: number, physicalType: "numeric(12,2)" }
                  - { name: terms, logicalType: string, physicalType: text }
              - name: entries
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: account, logicalType: integer, physicalType: bigint }
                  - { name: amount, logicalType: number, physicalType: "numeric(12,2)" }
                  - { name: at, logicalType: timestamp, physicalType: timestamptz }
            """);
        var environment = new Dictionary<string, string> { ["BANK"] = shop.ConnectionString };
        async Task<ProcessResult> RunAsync(int expected, params string[] arguments)
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, arguments, environment);
            Assert.True(result.ExitCode == expected, $"{string.Join(' ', arguments)}: {result}");
            return result;
        }

        await RunAsync(0, "migrate");
        var off = await RunAsync(4, "sync");
        Assert.Contains("CDC2008", off.ToString(), StringComparison.Ordinal);
        var script = await RunAsync(0, "discover", "bank", "--enable-tracking");
        Assert.Contains("CREATE PUBLICATION \"cdcsync_bank_bank\" FOR TABLE \"public\".\"accounts\", \"public\".\"entries\"", script.Out, StringComparison.Ordinal);
        Assert.Contains("until the pipeline has them", (await RunAsync(0, "discover", "bank", "--enable-tracking", "--apply")).Error, StringComparison.Ordinal);

        var seed = TestSeed.Next();
        output.WriteLine($"seed {seed}");
        using var stop = new CancellationTokenSource();
        var writing = Task.WhenAll(Task.Run(() => WriteAsync(shop, seed, stop.Token)), Task.Run(() => WriteAsync(shop, seed + 1, stop.Token)));
        try
        {
            foreach (var step in new[] { Failpoints.ChunkRead, Failpoints.Landed, Failpoints.Staged, Failpoints.BeforePublish, Failpoints.BeforeCommit, Failpoints.AfterCommit, Failpoints.Acknowledged })
            {
                // The first of them fall into the first load, of which ranges are read side by side, the others into the stream.
                await using var daemon = CdcsyncProcess.Start(folder.Root, ["run"], new Dictionary<string, string>(environment) { ["CDCSYNC_FAILPOINT"] = $"{step}:3" });
                var result = await daemon.WaitForExitAsync();
                Assert.True(result.ExitCode == Killed, $"{step} was not reached: {result}");
                AssertBalanced(folder["warehouse.db"]);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }

        await RunAsync(0, "sync");
        AssertBalanced(folder["warehouse.db"]);
        foreach (var (table, columns, number) in new[] { ("accounts", "id, owner, terms, ", "balance"), ("entries", "id, account, at, ", "amount") })
        {
            var expected = (await shop.QueryAsync($"SELECT {columns}{number} FROM {table} ORDER BY id")).Select(r => string.Join('|', r.Select(Text))).ToList();
            var actual = Query(folder["warehouse.db"], $"SELECT {columns}printf('%.2f', {number}) FROM {table} ORDER BY id");
            output.WriteLine($"{table}: {actual.Count} rows");
            Assert.Equal(expected, actual);
        }

        // All is acknowledged: the slot stands where the log was read to, and only its copies are gone.
        Assert.Equal(1, await shop.ScalarAsync<long>("SELECT count(*) FROM pg_replication_slots"));
        Assert.True(await shop.ScalarAsync<bool>("SELECT confirmed_flush_lsn > pg_current_wal_flush_lsn() - 100000 FROM pg_replication_slots"));

        // The slot goes with the last dataset that needs it, and not before.
        await RunAsync(0, "forget", "accounts", "--yes");
        Assert.Equal(1, await shop.ScalarAsync<long>("SELECT count(*) FROM pg_replication_slots"));
        Assert.Contains("DROP PUBLICATION \"cdcsync_bank_bank\"", (await RunAsync(0, "forget", "entries", "--yes")).Out, StringComparison.Ordinal);
        Assert.Equal(0, await shop.ScalarAsync<long>("SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)"));
    }

    /// <summary>Moves money, with its entries, between accounts; now and then terms are extended. Each transaction sums up to nothing.</summary>
    private static async Task WriteAsync(PostgresDatabase shop, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        await using var connection = await shop.OpenAsync();
        while (!stop.IsCancellationRequested)
        {
            var (from, to, amount) = (random.Next(1, Accounts + 1), random.Next(1, Accounts + 1), random.Next(1, 100));
            if (from == to) continue;
            // In the order of their numbers, so that two writers never wait for each other.
            var sql = string.Create(CultureInfo.InvariantCulture, $"""
                BEGIN;
                UPDATE accounts SET balance = balance {(from < to ? '-' : '+')} {amount} WHERE id = {Math.Min(from, to)};
                UPDATE accounts SET balance = balance {(from < to ? '+' : '-')} {amount}{(random.Next(10) == 0 ? ", terms = terms || 'x'" : "")} WHERE id = {Math.Max(from, to)};
                INSERT INTO entries (account, amount) VALUES ({from}, -{amount}), ({to}, {amount});
                COMMIT
                """);
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
            await Task.Delay(5, CancellationToken.None);
        }
    }

    /// <summary>Whatever is published is a state the source had: no money is made or lost, and the entries say the same as the balances.</summary>
    private static void AssertBalanced(string warehouse)
    {
        if (Query(warehouse, "SELECT count(*) FROM sqlite_master WHERE name IN ('accounts', 'entries')")[0] != "2") return;
        if (Query(warehouse, "SELECT count(*) FROM cdcsync_checkpoint WHERE complete_up_to IS NOT NULL")[0] != "2") return;
        Assert.Equal($"{Accounts * 100}", Query(warehouse, "SELECT cast(round(sum(balance)) AS INTEGER) FROM accounts")[0]);
        Assert.Equal("0", Query(warehouse, "SELECT cast(round(coalesce(sum(amount), 0)) AS INTEGER) FROM entries")[0]);
        Assert.Empty(Query(warehouse, "SELECT a.id FROM accounts a LEFT JOIN (SELECT account, sum(amount) AS s FROM entries GROUP BY account) e ON e.account = a.id WHERE round(a.balance - 100 - coalesce(e.s, 0)) <> 0"));
        Assert.Equal("0", Query(warehouse, "SELECT count(*) FROM accounts WHERE terms IS NULL")[0]);
    }

    private static List<string> Query(string path, string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        using var command = new SqliteCommand(sql, connection);
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read()) rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Text(reader.IsDBNull(i) ? null : reader.GetValue(i)))));
        return rows;
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        decimal amount => amount.ToString("0.00", CultureInfo.InvariantCulture),
        DateTime t => t.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
