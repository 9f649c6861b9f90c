using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>Orders of customers whom the consent filter leaves out, by the real process: the source says which of them are orphans.</summary>
public sealed class WithheldParentTests
{
    private const string Shop = """
        CREATE TABLE customers (no bigint NOT NULL, region varchar(10) NOT NULL, consent boolean NOT NULL, PRIMARY KEY (region, no));
        CREATE TABLE orders (id bigint NOT NULL PRIMARY KEY, customer bigint, region varchar(10));
        INSERT INTO customers VALUES (1, 'cz', true), (2, 'cz', false), (1, 'šk', false);
        INSERT INTO orders VALUES (1, 1, 'cz'), (2, 2, 'cz'), (3, 1, 'šk'), (4, 1, 'šk'), (5, 1, NULL);
        """;

    [Theory]
    [InlineData(WarehouseKind.Sqlite, WarehouseKind.Postgres)]
    [InlineData(WarehouseKind.Postgres, WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres, WarehouseKind.Postgres)]
    public async Task Who_refers_to_a_customer_without_consent_is_told_and_is_no_orphan(WarehouseKind source, WarehouseKind target)
    {
        using var folder = new TempFolder();
        await using var warehouse = await WarehouseUnderTest.CreateAsync(target, folder);
        await using var shop = await SourceAsync(source, folder);
        await shop.ExecuteAsync(Shop);
        var environment = new Dictionary<string, string>(warehouse.Environment);
        if (shop.Server is { } server)
            environment["SHOP"] = server.ConnectionString;
        File.WriteAllText(folder["cdcsync.yaml"], $$"""
            pipeline: shop
            sources:
              shop: {{shop.Yaml}}
            warehouse: {{warehouse.Yaml}}
            datasets:
              customers: { source: shop, object: customers, contract: shop.odcs.yaml#customers, capture: full-refresh }
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders, capture: full-refresh }
            """);
        File.WriteAllText(folder["shop.odcs.yaml"], """
            apiVersion: v3.1.0
            kind: DataContract
            id: shop
            version: 1.0.0
            status: active
            team: [{ username: owner@example.com, role: Owner }]
            schema:
              - name: customers
                properties:
                  - { name: region, physicalType: varchar(10), primaryKey: true, primaryKeyPosition: 1 }
                  - { name: no, physicalType: bigint, primaryKey: true, primaryKeyPosition: 2 }
                customProperties:
                  - { property: consentFilter, value: { column: consent, readAs: boolean, values: [true] } }
              - name: orders
                properties:
                  - { name: id, physicalType: bigint, primaryKey: true }
                  - { name: customer, physicalType: bigint }
                  - { name: region, physicalType: varchar(10) }
                relationships:
                  - { from: [orders.customer, orders.region], to: [customers.no, customers.region] }
            """);
        await RunAsync("sync", "--migrate");
        Assert.Equal(1L, Convert.ToInt64(await warehouse.ScalarAsync($"SELECT count(*) FROM {warehouse.Table("customers")}"), System.Globalization.CultureInfo.InvariantCulture));

        Assert.Equal("customer_region.parent passed 0: 3 refer to rows that the filter of customers leaves out, and are no orphans", await CheckAsync());

        await shop.ExecuteAsync("INSERT INTO orders VALUES (6, 1, 'xx'), (7, 3, 'cz')");
        await RunAsync("sync", "orders");
        Assert.Equal("customer_region.parent waiting 2: rows whose row in customers may still be on its way; 3 refer to rows that the filter of customers leaves out", await CheckAsync());
        Assert.Contains("0 not executed", await RunAsync("contract", "lint", folder["shop.odcs.yaml"]), StringComparison.Ordinal);

        async Task<string> CheckAsync()
        {
            var check = JsonDocument.Parse(await RunAsync("contract", "test", "orders", "--json")).RootElement.GetProperty("datasets")[0].GetProperty("checks")[0];
            return $"{check.GetProperty("check")} {check.GetProperty("verdict")} {check.GetProperty("value")}: {check.GetProperty("detail")}";
        }

        async Task<string> RunAsync(params string[] arguments)
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, arguments, environment);
            Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result}");
            return result.Out;
        }
    }

    private static async Task<Source> SourceAsync(WarehouseKind kind, TempFolder folder)
    {
        if (kind == WarehouseKind.Sqlite) return new Source(null, folder["shop.db"]);
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        return new Source(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(), "");
    }

    /// <summary>A source of its own for one test.</summary>
    private sealed class Source(PostgresDatabase? server, string path) : IAsyncDisposable
    {
        public PostgresDatabase? Server => server;

        public string Yaml => server is null ? $"{{ kind: sqlite, path: {path} }}" : "{ kind: postgres, connection: \"${env:SHOP}\" }";

        public async Task ExecuteAsync(string sql)
        {
            if (server is not null)
            {
                await server.ExecuteAsync(sql);
                return;
            }

            await using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }

        public ValueTask DisposeAsync() => server?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
