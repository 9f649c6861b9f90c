using CdcSync.Cli.Demo;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.EndToEnd.Tests.Harness;
using Dapper;

namespace CdcSync.EndToEnd.Tests.Crash;

/// <summary>A small shop that is written to all the while, a pipeline for it, and processes that sync it.</summary>
internal sealed class CrashPipeline : IAsyncDisposable
{
    /// <summary>The exit code of what SIGKILL ended.</summary>
    public const int Killed = 128 + (int)Signal.Kill;

    private const string MaskKey = "a mask key of the tests only";

    private readonly TempFolder _folder = new();

    private CrashPipeline()
    {
    }

    public WarehouseUnderTest Warehouse { get; private set; } = null!;

    public LiveWrites Writes { get; private set; } = null!;

    private string Shop => _folder["shop.db"];

    /// <summary>Makes all of it; the writes have begun.</summary>
    public static async Task<CrashPipeline> CreateAsync(WarehouseKind kind, int seed, string lease = "10s")
    {
        var pipeline = new CrashPipeline();
        pipeline.Warehouse = await WarehouseUnderTest.CreateAsync(kind, pipeline._folder);
        await ShopDatabase.CreateAsync(pipeline.Shop, new ShopSize(300, 600, 150), seed, TimeProvider.System.GetUtcNow(), CancellationToken.None);
        await using (var connection = await ShopDatabase.OpenAsync(pipeline.Shop, CancellationToken.None))
            await connection.ExecuteAsync(LiveWrites.Accounts);
        await using (var source = new SqliteSource("shop", new SqliteSourceOptions { Path = pipeline.Shop }))
            await source.EnableTrackingAsync(["customers", "orders", "order_lines", "accounts"], TimeSpan.FromDays(1), CancellationToken.None);
        File.WriteAllText(pipeline._folder["cdcsync.yaml"], Yaml(pipeline.Warehouse.Yaml, lease));
        File.WriteAllText(pipeline._folder["accounts.odcs.yaml"], AccountsContract);
        using (var contract = new StreamReader(typeof(DemoFolder).Assembly.GetManifestResourceStream("shop.odcs.yaml")!))
            File.WriteAllText(pipeline._folder["shop.odcs.yaml"], await contract.ReadToEndAsync());
        pipeline.Writes = await LiveWrites.StartAsync(pipeline.Shop, seed);
        return pipeline;
    }

    /// <summary>Runs a daemon until it kills itself.</summary>
    /// <param name="failpoint">Where, as <c>name:hit</c>.</param>
    public async Task RunUntilKilledAsync(string failpoint)
    {
        await using var daemon = StartDaemon(failpoint);
        var result = await daemon.WaitForExitAsync();
        Assert.True(result.ExitCode == Killed, $"{failpoint}: {result}");
        // What ends by itself ten seconds later need not be waited for sixty times; the tests of two daemons do wait.
        await Warehouse.ExecuteAsync($"UPDATE {Warehouse.Control("lease")} SET expires_at = '2000-01-01T00:00:00.000000Z'");
    }

    /// <summary>Starts a daemon.</summary>
    /// <param name="failpoint">Where it is to kill itself, as <c>name:hit</c>; null = nowhere.</param>
    public CdcsyncProcess StartDaemon(string? failpoint = null)
    {
        var environment = new Dictionary<string, string>(Warehouse.Environment) { ["MASK"] = MaskKey };
        if (failpoint is not null)
            environment["CDCSYNC_FAILPOINT"] = failpoint;
        return CdcsyncProcess.Start(_folder.Root, ["run", "--migrate", "--listen", "127.0.0.1:0"], environment);
    }

    /// <summary>Pauses the writes, syncs once, and compares every value of every row.</summary>
    public async Task AssertEqualAfterSyncAsync()
    {
        using var pause = await Writes.PauseAsync();
        var environment = new Dictionary<string, string>(Warehouse.Environment) { ["MASK"] = MaskKey };
        var result = await CdcsyncProcess.RunAsync(_folder.Root, ["sync"], environment);
        Assert.True(result.ExitCode == 0, result.ToString());
        await AssertEqualAsync();
    }

    /// <summary>Pauses the writes, and waits until a daemon has made the warehouse equal.</summary>
    public async Task AssertEqualSoonAsync(TimeSpan patience)
    {
        using var pause = await Writes.PauseAsync();
        var deadline = TimeProvider.System.GetUtcNow() + patience;
        while (true)
        {
            try
            {
                await AssertEqualAsync();
                return;
            }
            catch (Xunit.Sdk.XunitException) when (TimeProvider.System.GetUtcNow() < deadline)
            {
                await Task.Delay(200);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Writes is not null)
            await Writes.DisposeAsync();
        if (Warehouse is not null)
            await Warehouse.DisposeAsync();
        _folder.Dispose();
    }

    private async Task AssertEqualAsync()
    {
        await using var source = await ShopDatabase.OpenAsync(Shop, CancellationToken.None);
        await using var warehouse = await Warehouse.OpenAsync();
        foreach (var table in ShopComparison.Tables(Warehouse.Prefix).Append(new ComparedTable("accounts", "SELECT id, balance FROM accounts", $"SELECT id, balance FROM {Warehouse.Prefix}accounts", 1, [ColumnForm.Integer, ColumnForm.Integer])))
        {
            var result = await FullComparison.CompareAsync(table, source, warehouse, System.Text.Encoding.UTF8.GetBytes(MaskKey), CancellationToken.None);
            Assert.True(result.IsEqual && result.SourceRows > 0, result.ToString());
        }
    }

    private static string Yaml(string warehouse, string lease) => $$"""
        pipeline: shop
        sources: { shop: { kind: sqlite, path: ./shop.db } }
        warehouse: {{warehouse}}
        keys: { pii: "${env:MASK}" }
        engine: { lease: {{lease}}, rowsPerRange: 500 }
        defaults: { interval: 100ms }
        datasets:
          customers: { source: shop, object: customers, contract: shop.odcs.yaml#customers }
          orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders, group: sales }
          order_lines: { source: shop, object: order_lines, contract: shop.odcs.yaml#order_lines, group: sales }
          returns: { source: shop, object: returns, contract: shop.odcs.yaml#returns, capture: { highWaterMark: updated_at, kind: timestamp, overlap: 60s }, acceptMissedDeletes: true }
          accounts: { source: shop, object: accounts, contract: accounts.odcs.yaml }
        """;

    private const string AccountsContract = """
        apiVersion: v3.1.0
        kind: DataContract
        id: accounts
        version: 1.0.0
        status: active
        team: { members: [{ username: owner@example.com, role: Owner }] }
        schema:
          - name: accounts
            properties:
              - { name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1, required: true }
              - { name: balance, logicalType: integer, physicalType: bigint, required: true }
        """;
}
