using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.TestServers;
using Npgsql;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>The real process: <c>doctor</c> says before a sync what a sync would meet, and <c>grants</c> what its login needs.</summary>
public sealed class CliDoctorTests
{
    [Fact]
    public async Task Before_the_first_sync_it_names_each_thing_to_do_and_leaves_nothing_behind()
    {
        using var pipeline = new PipelineFolder();
        var before = Directory.GetFileSystemEntries(pipeline.Root).Order();
        var result = await pipeline.RunAsync("doctor");
        Assert.Equal(6, result.ExitCode);
        Assert.Equal(before, Directory.GetFileSystemEntries(pipeline.Root).Order());
        Assert.Matches(@"(?m)^  fail  control schema  CDC4001 .*\n.*Run: cdcsync migrate$", result.Out);
        Assert.Matches(@"(?m)^  fail  orders: capture   CDC2008 .*\n.*--enable-tracking --apply", result.Out);
        Assert.Matches(@"(?m)^  pass  returns: capture  ready for its first load$", result.Out);
        Assert.EndsWith("2 failed.", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_sync_all_passes_and_nothing_fails()
    {
        using var pipeline = await SyncedAsync();
        pipeline.Execute("PRAGMA journal_mode = WAL");
        var document = Json(await pipeline.RunAsync("doctor", "--json"), 0);
        Assert.Equal(0, document.GetProperty("failed").GetInt32());
        var findings = Findings(document);
        Assert.All(findings, f => Assert.True(f.Level == "pass" || f.Check == "retention", f.ToString()));
        Assert.Contains(findings, f => f is { Check: "retention", Level: "warn", Dataset: "orders" });      // the folder keeps changes for a day
        Assert.Contains(findings, f => f is { Check: "capture", Dataset: "orders" } && f.What.StartsWith("goes on from its checkpoint", StringComparison.Ordinal));
        Assert.Contains(findings, f => f is { Check: "target", Dataset: "returns" } && f.What.EndsWith("is as it should be", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_checkpoint_that_the_source_can_t_go_on_from_is_found_before_a_sync_stops_on_it()
    {
        using var pipeline = await SyncedAsync();
        pipeline.Execute($"UPDATE \"{MetaTable(pipeline)}\" SET min_valid_version = 1000000");
        var document = Json(await pipeline.RunAsync("doctor", "orders", "--json"), 7);
        Assert.Contains(Findings(document), f => f is { Level: "fail", Code: "CDC2003", Dataset: "orders" });
        Assert.DoesNotContain(Findings(document), f => f.Dataset == "returns");
    }

    [Fact]
    public async Task A_source_that_is_not_there_is_one_finding_and_the_rest_is_examined()
    {
        using var pipeline = await SyncedAsync();
        File.Delete(pipeline["shop.db"]);
        var findings = Findings(Json(await pipeline.RunAsync("doctor", "--json"), 4));
        Assert.Single(findings, f => f.Level == "fail");
        Assert.Contains(findings, f => f is { Level: "fail", Check: "connection" });
        Assert.Contains(findings, f => f is { Level: "pass", Check: "control schema" });
    }

    [Fact]
    public async Task A_target_that_can_t_take_its_dataset_is_named()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.RunAsync("migrate");
        pipeline.ExecuteInWarehouse("CREATE TABLE returns (id TEXT PRIMARY KEY)");
        var document = Json(await pipeline.RunAsync("doctor", "returns", "--json"), 5);
        Assert.Contains(Findings(document), f => f is { Level: "fail", Check: "target", Code: "CDC3004", Dataset: "returns" });
    }

    [Fact]
    public async Task A_landing_folder_that_others_can_read_is_warned_of()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "folders have no modes there");
        using var pipeline = await SyncedAsync();
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(pipeline["landing"], (UnixFileMode)0b111_101_101);
        var finding = Assert.Single(Findings(Json(await pipeline.RunAsync("doctor", "--json"), 0)), f => f.Check == "folder");
        Assert.Equal(("warn", $"Run: chmod 700 {pipeline["landing"]}"), (finding.Level, finding.Fix));
    }

    [Fact]
    public async Task A_warehouse_that_does_not_answer_is_one_finding()
    {
        using var pipeline = new PipelineFolder("{ kind: postgres, connection: \"Host=127.0.0.1;Port=1;Username=u;Database=d;Timeout=2\" }");
        await pipeline.TrackAsync();
        var findings = Findings(Json(await pipeline.RunAsync("doctor", "--json"), 5));
        Assert.Equal("CDC3001", Assert.Single(findings, f => f.Level == "fail").Code);
        Assert.Contains(findings, f => f is { Level: "pass", Check: "capture", Dataset: "orders", What: "ready for its first load" });
    }

    [Fact]
    public async Task A_login_with_the_grants_that_are_printed_may_sync_and_doctor_finds_what_is_taken_from_it()
    {
        Assert.SkipWhen(PostgresServer.SkipReason is not null, PostgresServer.SkipReason ?? "");
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        using var pipeline = new PipelineFolder("{ kind: postgres, connection: \"${env:WAREHOUSE}\", schema: landed }");
        await pipeline.TrackAsync();
        var role = $"doctor \"{database.Name}";
        var quoted = $"\"{role.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        var admin = new Dictionary<string, string> { ["WAREHOUSE"] = database.ConnectionString };
        var worker = new Dictionary<string, string> { ["WAREHOUSE"] = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = "p" }.ConnectionString };
        await database.ExecuteAsync($"REVOKE ALL ON DATABASE {database.Name} FROM PUBLIC; CREATE SCHEMA landed; CREATE ROLE {quoted} LOGIN PASSWORD 'p'");
        try
        {
            Json(await CdcsyncProcess.RunAsync(pipeline.Root, ["migrate", "--json"], admin), 0);
            var grants = Json(await CdcsyncProcess.RunAsync(pipeline.Root, ["grants", "--login", role, "--json"], worker), 0);
            var warehouse = grants.GetProperty("systems").EnumerateArray().First();
            Assert.Equal("warehouse", warehouse.GetProperty("system").GetString());
            await database.ExecuteAsync(warehouse.GetProperty("minimal").GetString()!);
            var doctor = Json(await CdcsyncProcess.RunAsync(pipeline.Root, ["doctor", "--json"], worker), 0);
            Assert.Contains(Findings(doctor), f => f is { Check: "target", Dataset: "orders" } && f.What.Contains("created table landed.orders", StringComparison.Ordinal));
            await database.ExecuteAsync($"REVOKE CREATE ON SCHEMA landed FROM {quoted}");
            var refused = Findings(Json(await CdcsyncProcess.RunAsync(pipeline.Root, ["doctor", "--json"], worker), 5));
            Assert.Equal(["orders", "returns"], refused.Where(f => f is { Level: "fail", Check: "target", Code: "CDC3002" }).Select(f => f.Dataset));
            await database.ExecuteAsync($"GRANT CREATE ON SCHEMA landed TO {quoted}");
            Json(await CdcsyncProcess.RunAsync(pipeline.Root, ["sync", "--json"], worker), 0);
            Json(await CdcsyncProcess.RunAsync(pipeline.Root, ["reconcile", "--repair", "--json"], worker), 0);
            Assert.Equal(2L, await database.ScalarAsync<long>("SELECT count(*) FROM landed.orders"));
        }
        finally
        {
            await database.ExecuteAsync($"DROP OWNED BY {quoted} CASCADE; DROP ROLE {quoted}");
        }
    }

    [Fact]
    public async Task A_file_has_no_logins_and_grants_says_so()
    {
        using var pipeline = new PipelineFolder();
        Assert.Equal("-- warehouse (sqlite): has no logins. Its file and folder must be this user's to read and write.\n\n-- source shop (sqlite): has no logins. Its file and folder must be this user's to read.",
            (await pipeline.RunAsync("grants")).Out);
    }

    private static async Task<PipelineFolder> SyncedAsync()
    {
        var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        var synced = await pipeline.RunAsync("sync", "--migrate");
        Assert.True(synced.ExitCode == 0, synced.ToString());
        return pipeline;
    }

    private static string MetaTable(PipelineFolder pipeline)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={pipeline["shop.db"]};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%min_valid_version%'";
        return (string)command.ExecuteScalar()!;
    }

    private static JsonElement Json(ProcessResult result, int exit)
    {
        Assert.True(result.ExitCode == exit, result.ToString());
        var root = JsonDocument.Parse(result.Out).RootElement;
        Assert.Equal(exit, root.GetProperty("exitCode").GetInt32());
        return root;
    }

    private static IReadOnlyList<Found> Findings(JsonElement document) => [.. document.GetProperty("examinations").EnumerateArray().SelectMany(e => e.GetProperty("findings").EnumerateArray())
        .Select(f => new Found(f.GetProperty("level").GetString()!, f.GetProperty("check").GetString()!, f.GetProperty("dataset").GetString(), f.GetProperty("what").GetString()!, f.GetProperty("fix").GetString(), f.GetProperty("code").GetString()))];

    private sealed record Found(string Level, string Check, string? Dataset, string What, string? Fix, string? Code);
}
