using System.Data.Common;
using System.Globalization;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Crash;

/// <summary>
/// A bank whose money only moves: accounts, and the transfers between them, written while a pipeline syncs both as one group. Every state it ever had
/// has the same sum, so a reader of the warehouse can tell half a batch from a whole one.
/// </summary>
internal sealed class Bank : IAsyncDisposable
{
    public const long Money = Accounts * 1_000L;
    private const int Accounts = 300;

    private readonly TempFolder _folder = new();
    private readonly WarehouseUnderTest _warehouse;

    private Bank(WarehouseKind kind, Func<TempFolder, Task<WarehouseUnderTest>> warehouse) => (_warehouse, Kind) = (warehouse(_folder).GetAwaiter().GetResult(), kind);

    public WarehouseKind Kind { get; }

    public static async Task<Bank> OpenAsync(WarehouseKind kind)
    {
        var bank = new Bank(kind, folder => WarehouseUnderTest.CreateAsync(kind, folder));
        File.WriteAllText(bank._folder["cdcsync.yaml"], $$"""
            pipeline: bank
            sources:
              bank: { kind: sqlite, path: ./bank.db, firstLoad: { parallel: {{(kind == WarehouseKind.Sqlite ? 1 : 3)}} } }
            warehouse: {{bank._warehouse.Yaml}}
            engine: { lease: 2s, rowsPerRange: 100 }
            defaults: { interval: 50ms }
            datasets:
              accounts: { source: bank, object: accounts, contract: bank.odcs.yaml#accounts, group: money }
              transfers: { source: bank, object: transfers, contract: bank.odcs.yaml#transfers, group: money }
            """);
        File.WriteAllText(bank._folder["bank.odcs.yaml"], """
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
                  - { name: balance, logicalType: integer, physicalType: bigint, required: true }
                  - { name: note, logicalType: string, physicalType: text }
              - name: transfers
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: amount, logicalType: integer, physicalType: bigint, required: true }
            """);
        bank.Execute($"""
            PRAGMA journal_mode = WAL;
            CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, note TEXT);
            CREATE TABLE transfers (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL);
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Accounts})
              INSERT INTO accounts SELECT i, 1000, 'account ' || i FROM n;
            """);
        await using (var source = new SqliteSource("bank", new SqliteSourceOptions { Path = bank._folder["bank.db"] }))
            await source.EnableTrackingAsync(["accounts", "transfers"], TimeSpan.FromDays(1), CancellationToken.None);
        Assert.Equal(0, (await bank.RunAsync("migrate")).ExitCode);
        return bank;
    }

    /// <summary>Moves money until stopped, in small transactions: updates, inserts, deletes, a delete and its re-insert, a changed key.</summary>
    public async Task WriteAsync(int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        using var connection = Source();
        while (!stop.IsCancellationRequested)
        {
            await using (var transaction = connection.BeginTransaction())
            {
                var (from, to, amount) = (random.Next(1, Accounts + 1), random.Next(1, Accounts + 1), random.Next(1, 50));
                Run(connection, $"""
                    UPDATE accounts SET balance = balance - {amount}, note = 'paid {amount}' WHERE id = {from};
                    UPDATE accounts SET balance = balance + {amount} WHERE id = {to};
                    INSERT INTO transfers (amount) VALUES ({amount});
                    {Extra(random)}
                    """);
                await transaction.CommitAsync(CancellationToken.None);
            }

            await Task.Delay(5, CancellationToken.None);
        }
    }

    /// <summary>Reads the warehouse until stopped: once the first loads are complete, every state must hold all the money.</summary>
    /// <returns>How many states were seen whole.</returns>
    public async Task<int> WatchAsync(CancellationToken stop)
    {
        var seen = 0;
        while (!stop.IsCancellationRequested)
        {
            if (await TotalAsync() is { } total)
            {
                Assert.Equal(Money, total);
                seen++;
            }

            await Task.Delay(20, CancellationToken.None);
        }

        return seen;
    }

    public Task<ProcessResult> RunAsync(params string[] arguments) => CdcsyncProcess.RunAsync(_folder.Root, arguments, _warehouse.Environment);

    /// <summary>Starts the daemon.</summary>
    public CdcsyncProcess Daemon(string? failpoint = null) => CdcsyncProcess.Start(_folder.Root, ["run", "--listen", "127.0.0.1:0"],
        failpoint is null ? _warehouse.Environment : new Dictionary<string, string>(_warehouse.Environment) { ["CDCSYNC_FAILPOINT"] = failpoint });

    /// <summary>Freezes a daemon between two transactions: one frozen inside a transaction on a SQLite file keeps its lock, and nobody can write until it wakes.</summary>
    public async Task FreezeAsync(CdcsyncProcess daemon)
    {
        for (var attempt = 0; attempt < 50; attempt++)
        {
            daemon.Send(Signal.Stop);
            if (!await _warehouse.IsLockedAsync())
                return;
            daemon.Send(Signal.Continue);
            await Task.Delay(20 + attempt);
        }

        Assert.Fail("each attempt to freeze it met it inside a transaction");
    }

    /// <summary>Asserts that both tables are equal on both sides, and that each dataset's ledger is one unbroken line of generations.</summary>
    public async Task AssertEqualAsync()
    {
        foreach (var (table, columns) in new[] { ("accounts", "id, balance, note"), ("transfers", "id, amount") })
        {
            using var source = Source();
            await using var warehouse = await _warehouse.OpenAsync();
            var expected = await RowsAsync(source, $"SELECT {columns} FROM {table} ORDER BY id");
            Assert.NotEmpty(expected);
            Assert.Equal(expected, await RowsAsync(warehouse, $"SELECT {columns} FROM {_warehouse.Table(table)} ORDER BY id"));
            var ledger = await RowsAsync(warehouse, $"SELECT count(*), count(DISTINCT generation), count(DISTINCT up_to_position) FROM {_warehouse.Control("ledger")} WHERE dataset = '{table}'");
            var counts = ledger[0].Split('|');
            Assert.Equal(counts[0], counts[1]);
        }
    }

    /// <summary>The generation a dataset has come to.</summary>
    public async Task<long> GenerationAsync() =>
        Convert.ToInt64(await _warehouse.ScalarAsync($"SELECT coalesce(max(generation), 0) FROM {_warehouse.Control("checkpoint")}"), CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>All the money in the warehouse; null while a first load runs.</summary>
    private async Task<long?> TotalAsync()
    {
        try
        {
            var sql = $"""
                SELECT CASE WHEN (SELECT complete_up_to FROM {_warehouse.Control("checkpoint")} WHERE dataset = 'accounts') IS NOT NULL
                       THEN (SELECT sum(balance) FROM {_warehouse.Table("accounts")}) END
                """;
            return await _warehouse.ScalarAsync(sql) is { } total and not DBNull ? Convert.ToInt64(total, CultureInfo.InvariantCulture) : null;
        }
        catch (DbException)
        {
            return null;                                                 // the target is not there yet, or the file is busy
        }
    }

    private static string Extra(Random random) => random.Next(8) switch
    {
        0 => $"DELETE FROM transfers WHERE id = (SELECT id FROM transfers ORDER BY random() LIMIT 1);",
        1 => "UPDATE transfers SET id = (SELECT max(id) + 1 FROM transfers) WHERE id = (SELECT min(id) FROM transfers);",
        2 => $"INSERT OR REPLACE INTO accounts SELECT id, balance, 'replaced' FROM accounts WHERE id = {random.Next(1, Accounts + 1)};",
        _ => "",
    };

    private SqliteConnection Source()
    {
        var connection = new SqliteConnection($"Data Source={_folder["bank.db"]};Pooling=False");
        connection.Open();
        return connection;
    }

    private void Execute(string sql)
    {
        using var connection = Source();
        Run(connection, sql);
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static async Task<List<string>> RowsAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        return rows;
    }
}
