using System.Globalization;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>A folder with a small pipeline of one's own: a SQLite source with two tables, a contract, a SQLite warehouse unless told otherwise.</summary>
internal sealed class PipelineFolder : IDisposable
{
    private readonly TempFolder _folder = new();

    public PipelineFolder(string warehouse = "{ kind: sqlite, path: ./warehouse.db }", string more = "", string interval = "1s")
    {
        File.WriteAllText(_folder["cdcsync.yaml"], $$"""
            pipeline: shop
            sources:
              shop: { kind: sqlite, path: ./shop.db }
            warehouse: {{warehouse}}
            defaults: { interval: {{interval}} }
            datasets:
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders }
              returns: { source: shop, object: returns, contract: shop.odcs.yaml#returns, capture: full-refresh }
            {{more}}
            """);
        File.WriteAllText(_folder["shop.odcs.yaml"], """
            apiVersion: v3.1.0
            kind: DataContract
            id: shop
            version: 1.0.0
            status: active
            team: { name: shop, members: [{ username: owner@example.com, role: Owner }] }
            schema:
              - name: orders
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: note, logicalType: string, physicalType: text }
              - name: returns
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
            slaProperties:
              - { property: freshness, value: 15, unit: m, element: orders.id }
            """);
        Execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT); CREATE TABLE returns (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (1, 'a'), (2, 'b'); INSERT INTO returns VALUES (7);");
    }

    public string Root => _folder.Root;

    public TempFolder Folder => _folder;

    public string this[string name] => _folder[name];

    /// <summary>Switches change tracking on for orders.</summary>
    public async Task TrackAsync()
    {
        await using var source = new SqliteSource("shop", new SqliteSourceOptions { Path = _folder["shop.db"] });
        await source.EnableTrackingAsync(["orders"], TimeSpan.FromDays(1), CancellationToken.None);
    }

    public Task<ProcessResult> RunAsync(params string[] arguments) => CdcsyncProcess.RunAsync(Root, arguments);

    /// <summary>Runs SQL in the source.</summary>
    public void Execute(string sql) => Execute("shop.db", sql);

    /// <summary>Runs SQL in the warehouse, as somebody by hand.</summary>
    public void ExecuteInWarehouse(string sql) => Execute("warehouse.db", sql);

    /// <summary>Asks the warehouse one thing.</summary>
    public string? Warehouse(string sql)
    {
        using var connection = Open("warehouse.db");
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    public void Dispose() => _folder.Dispose();

    private void Execute(string file, string sql)
    {
        using var connection = Open(file);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection($"Data Source={_folder[file]};Pooling=False");
        connection.Open();
        return connection;
    }
}
