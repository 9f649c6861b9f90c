using System.Diagnostics;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Replication;

/// <summary>A source's table that is altered after a window was read and before it was merged: the window is what was read, and what the source can't give any more is told.</summary>
public sealed class AlteredSourceTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_window_that_was_read_is_published_and_the_next_one_says_what_is_wrong(bool isPostgres)
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync(["wal_level=logical", "fsync=off", "full_page_writes=off", "max_connections=50", "max_replication_slots=20"]);
        await using var shop = await server.CreateDatabaseAsync();
        using var folder = new TempFolder();
        await using var warehouse = await WarehouseUnderTest.CreateAsync(WarehouseKind.Postgres, folder);
        await WriteAsync("CREATE TABLE orders (id bigint PRIMARY KEY, note text)");
        await WriteAsync("INSERT INTO orders VALUES (1, 'a')");
        var environment = new Dictionary<string, string>(warehouse.Environment) { ["SHOP"] = shop.ConnectionString };
        File.WriteAllText(folder["cdcsync.yaml"], $$"""
            pipeline: shop
            sources:
              shop: { kind: {{(isPostgres ? "postgres, connection: \"${env:SHOP}\"" : "sqlite, path: ./shop.db")}} }
            warehouse: {{warehouse.Yaml}}
            datasets:
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders }
            """);
        File.WriteAllText(folder["shop.odcs.yaml"], """
            apiVersion: v3.1.0
            kind: DataContract
            id: shop
            version: 1.0.0
            status: active
            team: [{ username: owner@example.com, role: Owner }]
            schema:
              - name: orders
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true }
                  - { name: note, logicalType: string, physicalType: text }
            """);
        if (isPostgres)
        {
            await RunAsync(0, "discover", "shop", "--enable-tracking", "--apply");
        }
        else
        {
            await using var source = new SqliteSource("shop", new SqliteSourceOptions { Path = folder["shop.db"] });
            await source.EnableTrackingAsync(["orders"], TimeSpan.FromDays(1), CancellationToken.None);
        }

        await RunAsync(0, "sync", "--migrate");

        // A column that nobody asked for changes nothing.
        await BetweenAsync(0, "INSERT INTO orders VALUES (2, 'b')", "ALTER TABLE orders ADD COLUMN extra text");
        Assert.Equal("1 a,2 b", await RowsAsync());

        // One that the contract names, and that is gone, stops the dataset with its checkpoint; what was read before is there.
        await BetweenAsync(0, "INSERT INTO orders (id, note) VALUES (3, 'c')", "ALTER TABLE orders RENAME COLUMN note TO remark");
        Assert.Equal("1 a,2 b,3 c", await RowsAsync());
        await WriteAsync("INSERT INTO orders (id, remark) VALUES (4, 'd')");
        var checkpoint = await warehouse.ScalarAsync($"SELECT position FROM {warehouse.Control("checkpoint")}");
        var stopped = await RunAsync(4, "sync");
        Assert.Contains("CDC2010", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("note", stopped.Error, StringComparison.Ordinal);
        Assert.Equal("failing CDC2010", await warehouse.ScalarAsync($"SELECT phase || ' ' || error_code FROM {warehouse.Control("dataset_status")}"));
        Assert.Equal(checkpoint, await warehouse.ScalarAsync($"SELECT position FROM {warehouse.Control("checkpoint")}"));
        Assert.Equal("1 a,2 b,3 c", await RowsAsync());

        // Taken back, nothing is lost. The log has rows of a column of another name: there the dataset is loaded anew.
        await WriteAsync("ALTER TABLE orders RENAME COLUMN remark TO note");
        if (isPostgres)
        {
            Assert.Contains("CDC2014", (await RunAsync(7, "sync")).Error, StringComparison.Ordinal);
            await RunAsync(0, "resync", "orders", "--yes");
        }
        await RunAsync(0, "sync");
        Assert.Equal("1 a,2 b,3 c,4 d", await RowsAsync());

        async Task<ProcessResult> RunAsync(int expected, params string[] arguments)
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, arguments, environment);
            Assert.True(result.ExitCode == expected, $"{string.Join(' ', arguments)}: {result}");
            return result;
        }

        async Task<object?> RowsAsync() => await warehouse.ScalarAsync($"SELECT string_agg(id || ' ' || note, ',' ORDER BY id) FROM {warehouse.Table("orders")}");

        async Task WriteAsync(string sql)
        {
            if (isPostgres)
            {
                await shop.ExecuteAsync(sql);
                return;
            }
            await using var connection = new SqliteConnection($"Data Source={folder["shop.db"]};Pooling=False");
            await connection.OpenAsync();
            await using var command = new SqliteCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }

        // The merge waits for a lock on its target; by then its window has been read.
        async Task BetweenAsync(int expected, string change, string ddl)
        {
            await WriteAsync(change);
            await using var holder = await warehouse.OpenAsync();
            await using var transaction = await holder.BeginTransactionAsync();
            await using (var hold = holder.CreateCommand())
            {
                hold.Transaction = transaction;
                hold.CommandText = $"LOCK TABLE {warehouse.Table("orders")} IN SHARE MODE";
                await hold.ExecuteNonQueryAsync();
            }
            var syncing = CdcsyncProcess.RunAsync(folder.Root, ["sync"], environment);
            var began = Stopwatch.GetTimestamp();
            while (await warehouse.ScalarAsync($"SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{warehouse.Table("orders")}'::regclass") is 0L)
            {
                Assert.False(syncing.IsCompleted, "it did not wait for the lock");
                Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60), "no merge waits for the lock");
                await Task.Delay(20);
            }
            await WriteAsync(ddl);
            await transaction.CommitAsync();
            var result = await syncing;
            Assert.True(result.ExitCode == expected, $"{ddl}: {result}");
        }
    }
}
