using System.Diagnostics;
using CdcSync.Core.Errors;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>What people get wrong, through the real process: one clear line with a code, the right exit code, and nothing lost.</summary>
public sealed class BadInputTests
{
    [Fact]
    public async Task A_table_that_is_not_there()
    {
        using var folder = await SyncedAsync();
        folder.Execute("ALTER TABLE orders RENAME TO old_orders");
        await RefusedAsync(folder, ErrorCodes.SourceObjectMissing, ExitCode.Source);
    }

    [Fact]
    public async Task A_contract_that_disagrees_with_the_source()
    {
        using var folder = await SyncedAsync();
        folder.Execute("ALTER TABLE orders RENAME COLUMN note TO remark");
        await RefusedAsync(folder, ErrorCodes.SourceSchemaMismatch, ExitCode.Source);
    }

    [Fact]
    public async Task A_table_without_a_key_under_change_tracking()
    {
        using var folder = new PipelineFolder();
        folder.Execute("DROP TABLE orders; CREATE TABLE orders (id INTEGER, note TEXT)");
        var tracking = await folder.RunAsync("discover", "shop", "orders", "--enable-tracking", "--apply");
        Assert.Contains("orders has no key and can't be tracked: capture: full-refresh", tracking.Error, StringComparison.Ordinal);
        await folder.RunAsync("migrate");
        var result = await folder.RunAsync("sync", "--dataset", "orders");
        Assert.Contains(ErrorCodes.SourceKeyMissing.Id, result.Error, StringComparison.Ordinal);
        Assert.Equal((int)ExitCode.Source, result.ExitCode);
    }

    [Fact]
    public async Task Change_tracking_that_was_never_switched_on()
    {
        using var folder = new PipelineFolder();
        await folder.RunAsync("migrate");
        var result = await folder.RunAsync("sync", "--dataset", "orders");
        Assert.Contains(ErrorCodes.TrackingOff.Id, result.Error, StringComparison.Ordinal);
        Assert.Contains("cdcsync discover", result.Error, StringComparison.Ordinal);
        Assert.Equal((int)ExitCode.Source, result.ExitCode);
    }

    [Fact]
    public async Task A_checkpoint_of_another_kind_of_capture()
    {
        using var folder = await SyncedAsync();
        var config = File.ReadAllText(folder["cdcsync.yaml"]);
        File.WriteAllText(folder["cdcsync.yaml"], config.Replace("shop.odcs.yaml#orders }", "shop.odcs.yaml#orders, capture: full-refresh }", StringComparison.Ordinal));
        await RefusedAsync(folder, ErrorCodes.OtherPositionKind, ExitCode.StateConflict);
    }

    [Fact]
    public async Task A_checkpoint_of_another_source()
    {
        using var folder = await SyncedAsync();
        folder.Execute("UPDATE orders SET note = 'of the old source'");
        foreach (var file in Directory.GetFiles(folder.Root, "shop.db*"))
            File.Delete(file);
        folder.Execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT); CREATE TABLE returns (id INTEGER PRIMARY KEY); INSERT INTO orders VALUES (9, 'other')");
        await folder.TrackAsync();
        await RefusedAsync(folder, ErrorCodes.OtherSource, ExitCode.StateConflict);
    }

    [Fact]
    public async Task Two_pipelines_into_one_table()
    {
        using var folder = await SyncedAsync();
        var config = File.ReadAllText(folder["cdcsync.yaml"]);
        File.WriteAllText(folder["second.yaml"], config.Replace("pipeline: shop", "pipeline: second", StringComparison.Ordinal));
        var result = await folder.RunAsync("sync", "--config", "second.yaml", "--dataset", "orders");
        Assert.Contains(ErrorCodes.TargetTaken.Id, result.Error, StringComparison.Ordinal);
        Assert.Equal((int)ExitCode.StateConflict, result.ExitCode);
    }

    [Fact]
    public async Task A_target_that_holds_rows_nobody_can_explain()
    {
        using var folder = new PipelineFolder();
        await folder.TrackAsync();
        await folder.RunAsync("migrate");
        folder.ExecuteInWarehouse("CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, note TEXT); INSERT INTO orders VALUES (99, 'whose?')");
        var result = await folder.RunAsync("sync", "--dataset", "orders");
        Assert.Contains(ErrorCodes.TargetNotEmpty.Id, result.Error, StringComparison.Ordinal);
        Assert.Equal((int)ExitCode.Warehouse, result.ExitCode);
        Assert.Equal("whose?", folder.Warehouse("SELECT note FROM orders"));
    }

    [Fact]
    public async Task A_disk_that_is_full_while_landing_and_goes_on_when_there_is_room()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            Assert.Skip("mounting a small file system needs root on Linux");
        using var folder = await SyncedAsync();
        var landing = Directory.CreateDirectory(folder["landing"]).FullName;
        await ShellAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", landing);
        try
        {
            folder.Execute("WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO orders SELECT i, hex(randomblob(50)) FROM n");
            await RefusedAsync(folder, ErrorCodes.LandingFailed, ExitCode.Warehouse);
            await ShellAsync("mount", "-o", "remount,size=64m", landing);
            Assert.Equal(0, (await folder.RunAsync("sync")).ExitCode);
            Assert.Equal("3903", folder.Warehouse("SELECT count(*) FROM orders"));
        }
        finally
        {
            await ShellAsync("umount", "-l", landing);
        }
    }

    [Fact]
    public async Task A_wrong_password()
    {
        await using var database = await DatabaseAsync();
        var wrong = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Password = "not-the-password" };
        using var folder = new PipelineFolder(Postgres);
        var result = await CdcsyncProcess.RunAsync(folder.Root, ["migrate"], new Dictionary<string, string> { ["WAREHOUSE"] = wrong.ConnectionString });
        Assert.Contains(ErrorCodes.WarehouseDenied.Id, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-password", result.ToString(), StringComparison.Ordinal);
        Assert.Equal((int)ExitCode.Warehouse, result.ExitCode);
    }

    [Fact]
    public async Task A_warehouse_that_is_read_only()
    {
        await using var database = await DatabaseAsync();
        using var folder = new PipelineFolder(Postgres);
        await folder.TrackAsync();
        var environment = new Dictionary<string, string> { ["WAREHOUSE"] = database.ConnectionString };
        await CdcsyncProcess.RunAsync(folder.Root, ["migrate"], environment);
        Assert.Equal(0, (await CdcsyncProcess.RunAsync(folder.Root, ["sync"], environment)).ExitCode);

        folder.Execute("UPDATE orders SET note = 'changed'");
        await database.ExecuteAsync($"ALTER DATABASE \"{database.Name}\" SET default_transaction_read_only = on");
        var result = await CdcsyncProcess.RunAsync(folder.Root, ["sync"], environment);
        Assert.Contains(ErrorCodes.WarehouseDenied.Id, result.Error, StringComparison.Ordinal);
        Assert.Equal((int)ExitCode.Warehouse, result.ExitCode);
    }

    private const string Postgres = "{ kind: postgres, connection: \"${env:WAREHOUSE}\" }";

    /// <summary>A pipeline that has synced once: two orders are in the warehouse.</summary>
    private static async Task<PipelineFolder> SyncedAsync()
    {
        var folder = new PipelineFolder();
        await folder.TrackAsync();
        await folder.RunAsync("migrate");
        var first = await folder.RunAsync("sync");
        Assert.True(first.ExitCode == 0, first.ToString());
        return folder;
    }

    /// <summary>The next sync of orders names the code once in a line and leaves the target as it was.</summary>
    private static async Task RefusedAsync(PipelineFolder folder, ErrorCode code, ExitCode exit)
    {
        var result = await folder.RunAsync("sync", "--dataset", "orders");
        Assert.Contains(result.Error.Split('\n'), line => line.StartsWith(code.Id, StringComparison.Ordinal) && line.Contains(" Run: ", StringComparison.Ordinal));
        Assert.Equal((int)exit, result.ExitCode);
        Assert.Equal("1 a,2 b", folder.Warehouse("SELECT group_concat(id || ' ' || note) FROM (SELECT * FROM orders ORDER BY id)"));
    }

    private static async Task<PostgresDatabase> DatabaseAsync()
    {
        if (PostgresServer.SkipReason is { } reason)
            Assert.Skip(reason);
        return await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
    }

    private static async Task ShellAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
