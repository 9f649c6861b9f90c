using System.Text.Json;
using CdcSync.Core.Sync;
using CdcSync.EndToEnd.Tests.Cli;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>A column that comes into the contract later gets the values of rows that were there before, by itself.</summary>
public sealed class AddedColumnTests
{
    private const string Note = "      - { name: note, logicalType: string, physicalType: text }\n";
    private const string Price = "      - { name: price, logicalType: integer, physicalType: bigint }\n";

    [Fact]
    public async Task A_column_added_to_the_contract_is_filled_by_the_next_sync_once()
    {
        using var pipeline = await LoadedAsync();
        AddPrice(pipeline);
        var synced = await pipeline.RunAsync("sync", "orders", "--json");
        Assert.True(synced.ExitCode == 0, synced.ToString());
        Assert.Equal(2, JsonDocument.Parse(synced.Out).RootElement.GetProperty("datasets")[0].GetProperty("updated").GetInt32());
        Assert.Equal("7,7 1", Filled(pipeline));
        pipeline.Execute("INSERT INTO orders (id, note, price) VALUES (3, 'c', 8)");
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        Assert.Equal("7,7,8 1", Filled(pipeline));

        // What was out of the contract for a while has old values.
        var with = File.ReadAllText(pipeline["shop.odcs.yaml"]);
        File.WriteAllText(pipeline["shop.odcs.yaml"], with.Replace(Price, "", StringComparison.Ordinal));
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        pipeline.Execute("UPDATE orders SET price = 9 WHERE id = 1");
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        File.WriteAllText(pipeline["shop.odcs.yaml"], with);
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        Assert.Equal("9,7,8 2", Filled(pipeline));
    }

    [Fact]
    public async Task A_worker_that_died_while_it_filled_a_column_is_made_up_for()
    {
        using var pipeline = await LoadedAsync();
        AddPrice(pipeline);
        Assert.Equal(137, (await CdcsyncProcess.RunAsync(pipeline.Root, ["sync", "orders"], new Dictionary<string, string> { ["CDCSYNC_FAILPOINT"] = $"{Failpoints.BeforePublish}:1" })).ExitCode);
        Assert.Equal("0 1", pipeline.Warehouse("SELECT count(price) || ' ' || (SELECT count(*) FROM pragma_table_info('orders') WHERE name = 'price') FROM orders"));
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        Assert.Equal("7,7 1", Filled(pipeline));
    }

    [Fact]
    public async Task The_daemon_fills_it_beside_its_polls()
    {
        using var pipeline = await LoadedAsync();
        AddPrice(pipeline);
        pipeline.Execute("INSERT INTO orders (id, note, price) VALUES (3, 'c', 8)");
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--listen", "127.0.0.1:0"]);
        await CliDaemonTests.UntilAsync(() => Task.FromResult(pipeline.Warehouse("SELECT count(*) FROM pragma_table_info('orders') WHERE name = 'price'") == "1" && Filled(pipeline) == "7,7,8 1"), daemon);
    }

    [Theory]
    [InlineData("change-tracking")]
    [InlineData("{ highWaterMark: id, kind: sequence }, acceptMissedDeletes: true")]
    [InlineData("full-refresh")]
    public async Task A_source_in_PostgreSQL_fills_it_too_however_it_is_captured(string capture)
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var server = await PostgresServer.StartAsync(["wal_level=logical", "fsync=off", "full_page_writes=off", "max_connections=50", "max_replication_slots=20"]);
        await using var shop = await server.CreateDatabaseAsync();
        await shop.ExecuteAsync("CREATE TABLE orders (id bigint PRIMARY KEY, note text); INSERT INTO orders VALUES (1, 'a'), (2, 'b')");
        using var folder = new TempFolder();
        await using var warehouse = await WarehouseUnderTest.CreateAsync(WarehouseKind.Postgres, folder);
        var environment = new Dictionary<string, string>(warehouse.Environment) { ["SHOP"] = shop.ConnectionString };
        File.WriteAllText(folder["cdcsync.yaml"], $$"""
            pipeline: shop
            sources:
              shop: { kind: postgres, connection: "${env:SHOP}" }
            warehouse: {{warehouse.Yaml}}
            datasets:
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders, capture: {{capture}} }
            """);
        const string Contract = $"""
            apiVersion: v3.1.0
            kind: DataContract
            id: shop
            version: 1.0.0
            status: active
            team: [{"{"} username: owner@example.com, role: Owner {"}"}]
            schema:
              - name: orders
                properties:
                  - {"{"} name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true {"}"}

            """;
        File.WriteAllText(folder["shop.odcs.yaml"], Contract + Note);
        if (capture == "change-tracking") await RunAsync("discover", "shop", "--enable-tracking", "--apply");
        await RunAsync("sync", "--migrate");
        await shop.ExecuteAsync("ALTER TABLE orders ADD COLUMN price bigint DEFAULT 7");
        File.WriteAllText(folder["shop.odcs.yaml"], Contract + Note + Price);
        await RunAsync("sync");
        var columns = $"SELECT string_agg(id || ' ' || price, ',' ORDER BY id) FROM {warehouse.Table("orders")}";
        Assert.Equal("1 7,2 7", await warehouse.ScalarAsync(columns));
        var publications = await warehouse.ScalarAsync($"SELECT count(*) FROM {warehouse.Control("ledger")} WHERE updated > 0");
        await shop.ExecuteAsync("INSERT INTO orders VALUES (3, 'c', 8)");
        await RunAsync("sync");
        Assert.Equal("1 7,2 7,3 8", await warehouse.ScalarAsync(columns));
        Assert.Equal(publications, await warehouse.ScalarAsync($"SELECT count(*) FROM {warehouse.Control("ledger")} WHERE updated > 0"));

        async Task RunAsync(params string[] arguments)
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, arguments, environment);
            Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result}");
        }
    }

    /// <summary>The column's values, and how often rows were read again for them.</summary>
    private static string? Filled(PipelineFolder pipeline) => pipeline.Warehouse("SELECT (SELECT group_concat(price) FROM (SELECT price FROM orders ORDER BY id)) || ' ' || (SELECT count(*) FROM cdcsync_ledger WHERE kind = 'backfill')");

    private static async Task<PipelineFolder> LoadedAsync()
    {
        var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders", "--migrate")).ExitCode);
        return pipeline;
    }

    private static void AddPrice(PipelineFolder pipeline)
    {
        pipeline.Execute("ALTER TABLE orders ADD COLUMN price INTEGER DEFAULT 7");
        var contract = File.ReadAllText(pipeline["shop.odcs.yaml"]);
        Assert.Contains(Note, contract, StringComparison.Ordinal);
        File.WriteAllText(pipeline["shop.odcs.yaml"], contract.Replace(Note, Note + Price, StringComparison.Ordinal));
    }
}
