using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>The real process: from a database, or from nothing, to a pipeline that syncs.</summary>
public sealed class CliDiscoverTests
{
    [Fact]
    public async Task Init_writes_a_pipeline_that_runs_at_once()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, (await CdcsyncProcess.RunAsync(folder.Root, ["init"])).ExitCode);
        foreach (var verb in new[] { "validate", "migrate", "sync" })
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, [verb]);
            Assert.True(result.ExitCode == 0, $"{verb}: {result}");
        }

        Assert.Equal("3", Ask(folder["warehouse.db"], "SELECT count(*) FROM notes"));
    }

    [Fact]
    public async Task Init_writes_nothing_over()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder["mine/contracts"]);
        File.WriteAllText(folder["mine/contracts/notes.odcs.yaml"], "mine");
        var result = await CdcsyncProcess.RunAsync(folder.Root, ["init", "mine"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.StartsWith("CDC1101 mine/contracts/notes.odcs.yaml is there already", result.Error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(folder["mine/contracts/notes.odcs.yaml"]));
        Assert.False(File.Exists(folder["mine/cdcsync.yaml"]));
    }

    [Fact]
    public async Task From_a_database_to_a_synced_warehouse_it_is_three_commands()
    {
        using var folder = new TempFolder();
        Ask(folder["My Shop.db"], "CREATE TABLE \"Order Lines\" (\"Order Id\" INTEGER, line INTEGER, \"what's in \"\"it\"\"\" TEXT, PRIMARY KEY (\"Order Id\", line)); CREATE TABLE log (text TEXT); CREATE VIEW v AS SELECT 1 AS one;"
            + "INSERT INTO \"Order Lines\" VALUES (1, 1, 'é'), (1, 2, NULL); INSERT INTO log VALUES ('a'), ('a')");
        foreach (var command in new[] { "discover|My Shop.db|--contract|--enable-tracking|--apply", "migrate", "sync" })
        {
            var result = await CdcsyncProcess.RunAsync(folder.Root, command.Split('|'));
            Assert.True(result.ExitCode == 0, $"{command}: {result}");
        }

        Assert.Equal("é", Ask(folder["warehouse.db"], "SELECT \"what's in \"\"it\"\"\" FROM \"Order Lines\" WHERE line = 1"));
        Assert.Equal("2", Ask(folder["warehouse.db"], "SELECT count(*) FROM log"));
        Ask(folder["My Shop.db"], "DELETE FROM \"Order Lines\" WHERE line = 1");
        await CdcsyncProcess.RunAsync(folder.Root, ["sync"]);
        Assert.Equal("1", Ask(folder["warehouse.db"], "SELECT count(*) FROM \"Order Lines\""));
    }

    [Fact]
    public async Task What_is_named_as_next_leads_to_a_synced_warehouse()
    {
        using var pipeline = new PipelineFolder();
        File.Delete(pipeline["cdcsync.yaml"]);
        var result = await pipeline.RunAsync("discover", "./shop.db", "--contract");
        var next = result.Error.Split('\n').Last();
        Assert.Equal("Next: cdcsync discover shop --enable-tracking --apply && cdcsync migrate && cdcsync sync", next);
        foreach (var command in next["Next: ".Length..].Split(" && "))
        {
            var step = await pipeline.RunAsync(command.Split(' ')[1..]);
            Assert.True(step.ExitCode == 0, $"{command}: {step}");
        }

        Assert.Equal("2", pipeline.Warehouse("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task A_sources_tables_are_shown_by_pattern()
    {
        using var pipeline = new PipelineFolder();
        var text = await pipeline.RunAsync("discover", "shop", "ord*");
        Assert.Equal((0, ""), (text.ExitCode, text.Error));
        Assert.Matches(@"(?m)^orders +table +id +no +2 +2$", text.Out);
        Assert.DoesNotContain("returns", text.Out, StringComparison.Ordinal);
        var json = JsonDocument.Parse((await pipeline.RunAsync("discover", "shop", "--json")).Out).RootElement;
        Assert.Equal(1, json.GetProperty("schemaVersion").GetInt32());
        Assert.Equal(["orders", "returns"], json.GetProperty("objects").EnumerateArray().Select(o => o.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Tracking_is_printed_first_and_switched_on_only_when_told()
    {
        using var pipeline = new PipelineFolder();
        var before = await File.ReadAllBytesAsync(pipeline["shop.db"]);
        var printed = await pipeline.RunAsync("discover", "shop", "orders", "--enable-tracking", "--retention", "12h");
        Assert.Equal(0, printed.ExitCode);
        Assert.Contains("CREATE TRIGGER", printed.Out, StringComparison.Ordinal);
        Assert.Contains("43200000", printed.Out, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(pipeline["shop.db"]));

        pipeline.Execute(printed.Out);                                   // what is printed is what would be run
        var applied = await pipeline.RunAsync("discover", "shop", "orders", "--enable-tracking", "--apply");
        Assert.Equal((0, "Change tracking is on for all 1 tables that can have it."), (applied.ExitCode, applied.Error));
        Assert.Matches(@"(?m)^orders +table +id +yes", (await pipeline.RunAsync("discover", "shop")).Out);
    }

    [Fact]
    public async Task A_contract_for_a_source_of_the_pipeline_goes_into_a_file_and_its_datasets_to_stdout()
    {
        using var pipeline = new PipelineFolder();
        pipeline.Execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)");
        var result = await pipeline.RunAsync("discover", "shop", "customers", "--contract", "found");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.True(File.Exists(pipeline["found/shop.odcs.yaml"]));
        File.AppendAllText(pipeline["cdcsync.yaml"], "\n" + result.Out + "\n");
        var validated = await pipeline.RunAsync("validate");
        Assert.True(validated.ExitCode == 0 && validated.Error.Contains("3 datasets", StringComparison.Ordinal), validated.ToString());

        var again = await pipeline.RunAsync("discover", "shop", "customers", "--contract", "found");
        Assert.Equal((2, ""), (again.ExitCode, again.Out));
        Assert.Contains("is there already", again.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("discover shpo", 2, "CDC1101 'shpo' is neither a source of cdcsync.yaml nor a file. Did you mean 'shop'? Run: cdcsync discover --help")]
    [InlineData("discover shop nothing*", 4, "CDC2007 source 'shop' has no table or view like nothing*. Run: cdcsync discover shop")]
    [InlineData("discover shop --apply", 2, "CDC1101 --apply needs --enable-tracking. Run: cdcsync discover --help")]
    [InlineData("discover shop --contract --enable-tracking", 2, "CDC1101 --contract and --enable-tracking both write to stdout: give --apply too, or one after the other. Run: cdcsync discover --help")]
    [InlineData("discover shop --enable-tracking --retention ever", 2, "CDC1101 --retention: expected a duration such as 12h or 7d. Run: cdcsync discover --help")]
    public async Task What_can_not_be_discovered_is_said(string command, int exit, string expected)
    {
        using var pipeline = new PipelineFolder();
        var result = await pipeline.RunAsync(command.Split(' '));
        Assert.Equal((exit, "", expected), (result.ExitCode, result.Out, result.Error));
    }

    private static string? Ask(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
