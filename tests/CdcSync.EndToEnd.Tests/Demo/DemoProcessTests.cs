using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;

namespace CdcSync.EndToEnd.Tests.Demo;

/// <summary>The demo as a person runs it.</summary>
public sealed class DemoProcessTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_demo_ends_with_equal_tables_and_leaves_nothing_behind()
    {
        var result = await RunAsync("demo", "--seconds", "3", "--seed", "7");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("equal: every value of every row.", result.Out);
        Assert.Matches(@"order_lines +│ +1[12]\d,\d\d\d", result.Out);
        Assert.Matches("the writer has stopped: [1-9]", result.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    [Fact]
    public async Task On_postgres_the_demo_keeps_to_a_schema_of_its_own_and_removes_it()
    {
        if (PostgresServer.SkipReason is { } reason)
            Assert.Skip(reason);
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE orders (mine int); INSERT INTO orders VALUES (1)");

        var result = await RunAsync("demo", "--seconds", "3", "--warehouse", database.ConnectionString);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("equal: every value of every row.", result.Out);
        Assert.DoesNotContain(new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString).Password!, result.ToString());
        Assert.Equal(1, await database.ScalarAsync<int>("SELECT mine FROM orders"));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'demo%'"));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT (SELECT count(*) FROM cdcsync.checkpoint) + (SELECT count(*) FROM cdcsync.ledger) + (SELECT count(*) FROM cdcsync.dataset_state)"));
    }

    [Fact]
    public async Task What_a_killed_demo_left_is_removed_by_the_next_one_and_nothing_else_is()
    {
        var mine = Directory.CreateDirectory(_folder["cdcsync-demo-notes"]).FullName;
        File.WriteAllText(Path.Combine(mine, "mine.txt"), "no demo's");
        await using (var killed = CdcsyncProcess.Start(_folder.Root, ["demo", "--seconds", "60", "--json"], Temporary))
        {
            await killed.WaitForLineAsync("\"event\":\"batch\"");
            killed.Send(Signal.Kill);
            await killed.WaitForExitAsync();
        }

        await using var living = CdcsyncProcess.Start(_folder.Root, ["demo", "--seconds", "60", "--json"], Temporary);
        await living.WaitForLineAsync("^Removed what a demo that was killed had left: ");
        await living.WaitForLineAsync("\"event\":\"batch\"");
        Assert.Equal(2, Directory.GetDirectories(_folder.Root).Length);

        var result = await RunAsync("demo", "--seconds", "1");           // beside one that lives
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain("Removed", result.Error, StringComparison.Ordinal);
        living.Send(Signal.Interrupt);
        Assert.Equal(130, (await living.WaitForExitAsync()).ExitCode);
        Assert.Equal([mine], Directory.GetDirectories(_folder.Root));
    }

    [Fact]
    public async Task A_killed_demos_schema_is_removed_with_its_folder()
    {
        if (PostgresServer.SkipReason is { } reason)
            Assert.Skip(reason);
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using (var killed = CdcsyncProcess.Start(_folder.Root, ["demo", "--seconds", "60", "--json", "--warehouse", database.ConnectionString], Temporary))
        {
            await killed.WaitForLineAsync("\"event\":\"batch\"");
            killed.Send(Signal.Kill);
            await killed.WaitForExitAsync();
        }

        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'demo%'"));
        var result = await RunAsync("demo", "--seconds", "1");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'demo%'"));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM cdcsync.ledger"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    [Fact]
    public async Task Kept_it_goes_on_with_its_endpoint_and_other_commands_work_on_its_folder()
    {
        await using var demo = CdcsyncProcess.Start(_folder.Root, ["demo", "--seconds", "1", "--keep", "--folder", _folder["kept"]], Temporary);
        var line = await demo.WaitForLineAsync("metrics at http");
        using var http = new HttpClient();

        var metrics = await http.GetStringAsync(line.Split(" at ")[1].Split(". ")[0]);
        var status = await CdcsyncProcess.RunAsync(_folder["kept"], ["status"]);
        demo.Send(Signal.Interrupt);
        var ended = await demo.WaitForExitAsync();

        Assert.Contains("cdcsync_watermark_timestamp_seconds{pipeline=\"demo\",dataset=\"orders\"}", metrics);
        Assert.True(status.ExitCode == 0, status.ToString());
        Assert.Contains("order_lines", status.Out);
        Assert.Equal(130, ended.ExitCode);
        Assert.True(File.Exists(_folder["kept/warehouse.db"]));
    }

    [Fact]
    public async Task A_warehouse_that_does_not_answer_is_one_clear_line_and_leaves_nothing_behind()
    {
        var result = await RunAsync("demo", "--warehouse", "Host=127.0.0.1;Port=1;Username=u;Password=canary-81;Database=d");

        Assert.Equal(5, result.ExitCode);
        Assert.Matches("^CDC3001 [^\n]*$", result.Error);
        Assert.DoesNotContain("canary-81", result.ToString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    /// <summary>Temporary folders go where the test sees them.</summary>
    private Dictionary<string, string> Temporary => new() { ["TMPDIR"] = _folder.Root, ["DOTNET_EnableDiagnostics"] = "0" };

    private Task<ProcessResult> RunAsync(params string[] arguments) => CdcsyncProcess.RunAsync(_folder.Root, arguments, Temporary);
}
