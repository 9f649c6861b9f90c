using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>The real process: validate, migrate and the commands that look at state.</summary>
public sealed class CliStateTests
{
    [Fact]
    public async Task A_valid_pipeline_is_valid()
    {
        using var pipeline = new PipelineFolder();
        var result = await pipeline.RunAsync("validate");
        Assert.Equal((0, ""), (result.ExitCode, result.Out));
        Assert.Equal("cdcsync.yaml: pipeline 'shop', 2 datasets from 1 sources: valid.", result.Error);
        var json = Json(await pipeline.RunAsync("validate", "--json"));
        Assert.True(json.GetProperty("isValid").GetBoolean());
    }

    [Fact]
    public async Task Everything_wrong_in_a_pipeline_file_is_told_at_its_place()
    {
        using var pipeline = new PipelineFolder(more: "extra: 1\n");
        File.WriteAllText(pipeline["cdcsync.yaml"], File.ReadAllText(pipeline["cdcsync.yaml"]).Replace("object: returns", "objet: returns", StringComparison.Ordinal));
        var result = await pipeline.RunAsync("validate");
        Assert.Equal(2, result.ExitCode);
        Assert.Matches(@"(?m)^cdcsync\.yaml:8:\d+: CDC1002 .*unknown key 'objet'\. Did you mean 'object'\?", result.Out);
        Assert.Matches(@"(?m)^cdcsync\.yaml:9:\d+: CDC1002 .*unknown key 'extra'", result.Out);

        var json = await pipeline.RunAsync("validate", "--json");
        Assert.Equal(2, json.ExitCode);
        var findings = JsonDocument.Parse(json.Out).RootElement.GetProperty("findings").EnumerateArray().ToArray();
        Assert.Contains(findings, f => f.GetProperty("line").GetInt32() == 8 && f.GetProperty("severity").GetString() == "error" && f.GetProperty("code").GetString() == "CDC1002");

        var status = await pipeline.RunAsync("status");                  // any other command says the same, on stderr
        Assert.Equal((2, ""), (status.ExitCode, status.Out));
        Assert.Contains("cdcsync.yaml:8:", status.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_none_is_found_offline()
    {
        using var pipeline = new PipelineFolder(more: "http: { listen: nowhere }\n");
        var result = await pipeline.RunAsync("validate");
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("CDC1101 'nowhere' is no address to listen on", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broken_YAML_is_told_with_its_place()
    {
        using var pipeline = new PipelineFolder();
        File.WriteAllText(pipeline["cdcsync.yaml"], "pipeline: [shop\nsources: {");
        var result = await pipeline.RunAsync("status");
        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.Matches(@"^CDC1002 cdcsync\.yaml:\d+:\d+: ", result.Error);
    }

    [Fact]
    public async Task Without_the_control_schema_the_command_that_makes_it_is_named()
    {
        using var pipeline = new PipelineFolder();
        foreach (var verb in new[] { "status", "history", "checkpoint show" })
        {
            var result = await pipeline.RunAsync(verb.Split(' '));
            Assert.Equal((6, ""), (result.ExitCode, result.Out));
            Assert.Matches("^CDC4001 .* [Rr]un: cdcsync migrate$", result.Error);
        }
    }

    [Fact]
    public async Task Migrate_makes_the_control_schema_once()
    {
        using var pipeline = new PipelineFolder();
        var first = Json(await pipeline.RunAsync("migrate", "--json"));
        Assert.NotEmpty(first.GetProperty("ran").EnumerateArray());
        Assert.Equal("Nothing to do: the control schema is up to date.", (await pipeline.RunAsync("migrate")).Out);
    }

    [Fact]
    public async Task Watched_without_a_terminal_a_status_is_a_line_per_dataset_that_changed()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        await pipeline.RunAsync("migrate");
        await using var watch = CdcsyncProcess.Start(pipeline.Root, ["status", "--watch"]);
        await watch.WaitForLineAsync("orders: new, complete up to -, 0 in quarantine");
        await pipeline.RunAsync("sync");
        await watch.WaitForLineAsync(@"orders: streaming, complete up to \S+Z, 0 in quarantine");
        watch.Send(Signal.Interrupt);
        var result = await watch.WaitForExitAsync();
        Assert.Equal(130, result.ExitCode);
        // It was new for many a look, and is told so once; what comes between depends on how often it is looked at while the load goes on.
        foreach (var lines in result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[(l.IndexOf("Z ", StringComparison.Ordinal) + 2)..]).GroupBy(l => l.Split(':')[0]))
        {
            Assert.Contains(": new, complete up to -,", lines.First(), StringComparison.Ordinal);
            Assert.DoesNotContain(lines.First(), lines.Skip(1));
            Assert.Contains(": streaming,", lines.Last(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_pipeline_that_never_ran_has_a_status_and_says_what_is_next()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.RunAsync("migrate");
        var text = await pipeline.RunAsync("status");
        Assert.Equal(0, text.ExitCode);
        Assert.Matches(@"(?m)^orders +new +- +- +15m00s +- +\S+Z +0 +cdcsync sync$", text.Out);

        var json = Json(await pipeline.RunAsync("status", "--json"));
        Assert.Equal("shop", json.GetProperty("pipeline").GetString());
        var orders = json.GetProperty("datasets").EnumerateArray().First();
        Assert.Equal("orders", orders.GetProperty("dataset").GetString());
        Assert.Equal(900, orders.GetProperty("freshnessTargetSeconds").GetDouble());
        Assert.Equal(JsonValueKind.Null, orders.GetProperty("completeUpTo").ValueKind);
        Assert.Empty(Json(await pipeline.RunAsync("history", "--json")).GetProperty("entries").EnumerateArray());
        Assert.Empty(Json(await pipeline.RunAsync("checkpoint", "show", "--json")).GetProperty("checkpoints").EnumerateArray());
    }

    [Fact]
    public async Task A_warehouse_that_does_not_answer_is_exit_code_5_and_shows_no_password()
    {
        const string canary = "canary-hunter2";
        using var pipeline = new PipelineFolder("{ kind: postgres, connection: \"${env:WAREHOUSE}\" }");
        var environment = new Dictionary<string, string> { ["WAREHOUSE"] = $"Host=127.0.0.1;Port=1;Username=u;Password={canary};Database=d;Timeout=2", ["CDCSYNC_DEBUG"] = "1" };
        var result = await CdcsyncProcess.RunAsync(pipeline.Root, ["status"], environment);
        Assert.Equal((5, ""), (result.ExitCode, result.Out));
        Assert.StartsWith("CDC3001 ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(canary, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_string_that_can_not_be_read_is_not_repeated()
    {
        const string canary = "canary-hunter2";
        using var pipeline = new PipelineFolder("{ kind: postgres, connection: \"${env:WAREHOUSE}\" }");
        var result = await CdcsyncProcess.RunAsync(pipeline.Root, ["migrate"], new Dictionary<string, string> { ["WAREHOUSE"] = $"Host=127.0.0.1;Pasword={canary}", ["CDCSYNC_DEBUG"] = "1" });
        Assert.Equal((5, ""), (result.ExitCode, result.Out));
        Assert.DoesNotContain(canary, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_PostgreSQL_warehouse_with_a_schema_of_its_own_is_migrated_and_asked()
    {
        Assert.SkipWhen(PostgresServer.SkipReason is not null, PostgresServer.SkipReason ?? "");
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await database.ExecuteAsync("""CREATE SCHEMA "Sales mart" """);
        using var pipeline = new PipelineFolder("{ kind: postgres, connection: \"${env:WAREHOUSE}\", schema: \"Sales mart\" }");
        var right = new Dictionary<string, string> { ["WAREHOUSE"] = database.ConnectionString };
        var migrated = await CdcsyncProcess.RunAsync(pipeline.Root, ["migrate"], right);
        Assert.True(migrated.ExitCode == 0, migrated.ToString());
        var status = await CdcsyncProcess.RunAsync(pipeline.Root, ["status"], right);
        Assert.True(status.ExitCode == 0, status.ToString());
        Assert.Contains("cdcsync sync", status.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dataset_that_is_forgotten_begins_anew_and_one_that_is_no_longer_configured_leaves_the_status()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        Assert.Equal(0, (await pipeline.RunAsync("sync", "--migrate")).ExitCode);
        var unknown = await pipeline.RunAsync("forget", "ordres", "--yes");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("Did you mean 'orders'?", unknown.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await pipeline.RunAsync("forget", "orders")).ExitCode);

        Assert.Equal("orders", Json(await pipeline.RunAsync("forget", "orders", "--yes", "--json")).GetProperty("forgotten")[0].GetString());
        var refused = await pipeline.RunAsync("sync", "orders");
        Assert.Contains("CDC3005", refused.Error, StringComparison.Ordinal);                              // its rows are still there: nothing explains them
        pipeline.ExecuteInWarehouse("DELETE FROM orders");
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders")).ExitCode);
        Assert.Equal("2", pipeline.Warehouse("SELECT count(*) FROM orders"));

        var file = File.ReadAllLines(pipeline["cdcsync.yaml"]);
        File.WriteAllLines(pipeline["cdcsync.yaml"], file.Where(l => !l.Contains("returns:", StringComparison.Ordinal)));
        Assert.Contains("returns", (await pipeline.RunAsync("status")).Out, StringComparison.Ordinal);
        Assert.Equal("Forgotten: returns.", (await pipeline.RunAsync("forget", "returns", "--yes")).Out);
        Assert.DoesNotContain("returns", (await pipeline.RunAsync("status")).Out, StringComparison.Ordinal);
    }

    private static JsonElement Json(ProcessResult result)
    {
        Assert.True(result.ExitCode == 0, result.ToString());
        var root = JsonDocument.Parse(result.Out).RootElement;
        Assert.Equal(1, root.GetProperty("schemaVersion").GetInt32());
        Assert.Equal("schemaVersion", root.EnumerateObject().First().Name);
        return root;
    }
}
