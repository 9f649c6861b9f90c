using System.Text.RegularExpressions;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.EndToEnd.Tests.RealData;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.BadInput;

/// <summary>
/// A pipeline that works and has synced once, until something is broken; while it is, the source goes on changing. Once mended, the next sync must
/// make the warehouse equal: nothing was lost.
/// </summary>
internal sealed class MendablePipeline : IAsyncDisposable
{
    private static readonly string[] Tables = ["orders", "customers"];

    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, string> _environment = [];

    private MendablePipeline()
    {
    }

    public WarehouseUnderTest Warehouse { get; private set; } = null!;

    /// <summary>The variables of the processes.</summary>
    public IDictionary<string, string> Environment => _environment;

    public string this[string name] => _folder[name];

    public string Config
    {
        get => File.ReadAllText(_folder["cdcsync.yaml"]);
        set => File.WriteAllText(_folder["cdcsync.yaml"], value);
    }

    public string Contract
    {
        get => File.ReadAllText(_folder["shop.odcs.yaml"]);
        set => File.WriteAllText(_folder["shop.odcs.yaml"], value);
    }

    public static async Task<MendablePipeline> CreateAsync(WarehouseKind kind)
    {
        var pipeline = new MendablePipeline();
        pipeline.Warehouse = await WarehouseUnderTest.CreateAsync(kind, pipeline._folder);
        foreach (var (name, value) in pipeline.Warehouse.Environment)
            pipeline._environment[name] = value;
        pipeline.Execute("""
            CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT, amount DECIMAL(10,2));
            CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE no_key (id INTEGER, note TEXT, amount DECIMAL(10,2));
            INSERT INTO orders VALUES (1, 'a', 1.5), (2, 'b', NULL), (3, NULL, 0);
            INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace');
            """);
        await pipeline.TrackAsync();
        pipeline.Config = $$"""
            pipeline: shop
            sources: { shop: { kind: sqlite, path: ./shop.db } }
            warehouse: {{pipeline.Warehouse.Yaml}}
            engine: { lease: 2s }
            datasets:
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders }
              customers: { source: shop, object: customers, contract: shop.odcs.yaml#customers }

            """;
        pipeline.Contract = """
            apiVersion: v3.1.0
            kind: DataContract
            id: shop
            version: 1.0.0
            status: active
            team: { members: [{ username: owner@example.com, role: Owner }] }
            schema:
              - name: orders
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: note, logicalType: string, physicalType: text }
                  - { name: amount, logicalType: number, physicalType: "numeric(10,2)" }
              - name: customers
                properties:
                  - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
                  - { name: name, logicalType: string, physicalType: text, required: true }

            """;
        var result = await pipeline.SyncAsync("--migrate");
        Assert.True(result.ExitCode == 0, result.ToString());
        return pipeline;
    }

    /// <summary>Syncs while something is broken: one clear line with the code, the exit code, no stack trace. The source has changed before.</summary>
    /// <returns>The line.</returns>
    public async Task<string> AssertRefusedAsync(string code, int exitCode, params string[] arguments)
    {
        Execute("UPDATE orders SET note = 'changed while it was broken' WHERE id = 1; DELETE FROM orders WHERE id = 2; INSERT INTO orders VALUES (NULL, 'new', 2.25)");
        var result = await SyncAsync(arguments);
        Assert.True(result.ExitCode == exitCode, result.ToString());
        var lines = Regex.Matches(result.Error, $"(?m)^{code} .*$").Select(m => m.Value).Distinct().ToList();
        Assert.True(lines.Count == 1, $"expected one line with {code}: {result}");
        Assert.Contains("cdcsync ", lines[0], StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(?m)^\s+at |Exception:", result.Error);
        return lines[0];
    }

    /// <summary>Syncs after it was mended, and compares every value of every row.</summary>
    public async Task AssertEqualOnceMendedAsync(params string[] arguments)
    {
        var result = await SyncAsync(arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        await AssertEqualAsync();
    }

    /// <summary>Compares every value of every row.</summary>
    public async Task AssertEqualAsync()
    {
        await using var source = OpenSource();
        await using var warehouse = await Warehouse.OpenAsync();
        foreach (var table in SourceTable.ReadAll(source).Where(t => Tables.Contains(t.Name)))
        {
            var expected = await RowSet.ReadAsync(source, $"SELECT * FROM {table.Name}", table);
            var found = await RowSet.ReadAsync(warehouse, $"SELECT {string.Join(", ", table.Columns.Select(c => c.Name))} FROM {Warehouse.Table(table.Name)}", table);
            Assert.Equal("", found.DifferencesFrom(expected));
        }
    }

    public Task<ProcessResult> SyncAsync(params string[] arguments) => RunAsync(["sync", .. arguments]);

    public Task<ProcessResult> RunAsync(params string[] arguments) => CdcsyncProcess.RunAsync(_folder.Root, arguments, _environment);

    /// <summary>Runs SQL in the source.</summary>
    public void Execute(string sql)
    {
        using var connection = OpenSource();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public async Task TrackAsync()
    {
        await using var source = new SqliteSource("shop", new SqliteSourceOptions { Path = _folder["shop.db"] });
        await source.EnableTrackingAsync(Tables, TimeSpan.FromDays(1), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (Warehouse is not null)
            await Warehouse.DisposeAsync();
        _folder.Dispose();
    }

    private SqliteConnection OpenSource()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _folder["shop.db"], Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
