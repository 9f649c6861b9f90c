using System.Text.Json;
using CdcSync.Cli.Commands;
using CdcSync.Cli.Output;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>Whoever asks for JSON gets it, however the command ends. (How it looks when all goes well is held by the examples of docs/cli.md.)</summary>
public sealed class CliJsonTests
{
    [Theory]
    [InlineData("init .", "CDC1101")]
    [InlineData("validate --config nowhere.yaml", "CDC1002")]
    [InlineData("discover nothing", "CDC1101")]
    [InlineData("discover shop nothing", "CDC2007")]
    [InlineData("discover shop --contract", "CDC1101")]
    [InlineData("migrate --config nowhere.yaml", "CDC1002")]
    [InlineData("sync", "CDC4001")]
    [InlineData("sync ordres", "CDC4009")]
    [InlineData("sync --dry-run", "CDC4001")]
    [InlineData("status", "CDC4001")]
    [InlineData("checkpoint show", "CDC4001")]
    [InlineData("checkpoint", "CDC1101")]
    [InlineData("history", "CDC4001")]
    [InlineData("history --limit 0", "CDC1101")]
    [InlineData("resync orders", "CDC1101")]
    [InlineData("resync orders --yes", "CDC4001")]
    [InlineData("stauts", "CDC1101")]
    [InlineData("", "CDC1101")]
    [InlineData("--json status", "CDC1101")]
    [InlineData("status --help --bogus", "CDC1101")]
    public async Task An_error_is_one_document_too(string arguments, string code)
    {
        using var pipeline = new PipelineFolder();
        var result = await pipeline.RunAsync([.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--json"]);
        var document = JsonDocument.Parse(result.Out).RootElement;
        Assert.Equal(["schemaVersion", "exitCode", "error"], document.EnumerateObject().Select(p => p.Name));
        AssertError(result, document, code);
    }

    [Theory]
    [InlineData("run", "CDC4001")]
    [InlineData("run --config nowhere.yaml", "CDC1002")]
    [InlineData("run --listne x", "CDC1101")]
    [InlineData("demo --folder .", "CDC1101")]
    [InlineData("demo --seconds 0", "CDC1101")]
    [InlineData("demo --warehouse Host=127.0.0.1;Port=1;Username=u;Database=d", "CDC3001")]
    public async Task Of_lines_the_last_one_has_the_error(string arguments, string code)
    {
        using var pipeline = new PipelineFolder(more: "http: { listen: \"127.0.0.1:0\" }\n");
        var result = await pipeline.RunAsync([.. arguments.Split(' '), "--json"]);
        var lines = result.Out.Split('\n').Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.All(lines, l => Assert.Equal(["schemaVersion", "event", "at"], l.EnumerateObject().Take(3).Select(p => p.Name)));
        Assert.Equal("end", lines[^1].GetProperty("event").GetString());
        AssertError(result, lines[^1], code);
    }

    /// <summary>One document for help of whatever command, also of those that tell lines; and the same words as people see.</summary>
    [Theory]
    [InlineData("--help")]
    [InlineData("sync --help")]
    [InlineData("run -h")]
    public async Task Help_is_one_document_too(string arguments)
    {
        using var folder = new TempFolder();
        var (people, script) = (await CdcsyncProcess.RunAsync(folder.Root, arguments.Split(' ')), await CdcsyncProcess.RunAsync(folder.Root, [.. arguments.Split(' '), "--json"]));
        var document = JsonDocument.Parse(script.Out).RootElement;
        Assert.Equal((0, 0, ""), (script.ExitCode, document.GetProperty("exitCode").GetInt32(), script.Error));
        Assert.Equal(people.Out.Trim(), document.GetProperty("help").GetString()!.Trim());
    }

    [Theory]
    [InlineData("--version --json")]
    [InlineData("--json -V")]
    public async Task The_version_is_one_document_too(string arguments)
    {
        using var folder = new TempFolder();
        var result = await CdcsyncProcess.RunAsync(folder.Root, arguments.Split(' '));
        var document = JsonDocument.Parse(result.Out).RootElement;
        Assert.Equal(["schemaVersion", "exitCode", "error", "version", "runtime"], document.EnumerateObject().Select(p => p.Name));
        Assert.Equal($"cdcsync {document.GetProperty("version").GetString()}", (await CdcsyncProcess.RunAsync(folder.Root, ["--version"])).Out);
    }

    [Fact]
    public void Every_command_answers_as_json()
    {
        var root = CommandTree.Create(new Terminal(TextWriter.Null, TextWriter.Null, new TerminalAbilities(false, false)));
        var verbs = root.Subcommands.Concat(root.Subcommands.SelectMany(c => c.Subcommands)).Where(c => c.Subcommands.Count == 0).ToArray();
        Assert.True(verbs.Length > 20, $"{verbs.Length} commands");
        Assert.DoesNotContain(verbs, verb => verb.Options.All(o => o.Name != "--json"));
    }

    [Fact]
    public async Task A_bug_is_a_document_after_which_a_script_knows_it()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        var result = await CdcsyncProcess.RunAsync(pipeline.Root, ["sync", "--migrate", "--json"], new Dictionary<string, string> { ["CDCSYNC_FAILPOINT"] = "landed:1:bug" });
        AssertError(result, JsonDocument.Parse(result.Out).RootElement, "CDC9001");
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public async Task A_command_that_was_interrupted_says_so()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        pipeline.Execute("WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) INSERT INTO orders SELECT i, 'note ' || i FROM n");
        await using var process = CdcsyncProcess.Start(pipeline.Root, ["sync", "--migrate", "--json"]);
        await process.WaitForLineAsync("orders: range .* committed");
        process.Send(Signal.Interrupt);
        var document = JsonDocument.Parse((await process.WaitForExitAsync()).Out).RootElement;
        Assert.Equal((130, JsonValueKind.Null), (document.GetProperty("exitCode").GetInt32(), document.GetProperty("error").ValueKind));
    }

    [Fact]
    public async Task What_validate_finds_is_its_answer()
    {
        using var pipeline = new PipelineFolder();
        File.WriteAllText(pipeline["cdcsync.yaml"], File.ReadAllText(pipeline["cdcsync.yaml"]).Replace("interval: 1s", "intervall: 1s", StringComparison.Ordinal));
        var result = await pipeline.RunAsync("validate", "--json");
        var document = JsonDocument.Parse(result.Out).RootElement;
        Assert.Equal((2, 2, false), (result.ExitCode, document.GetProperty("exitCode").GetInt32(), document.GetProperty("isValid").GetBoolean()));
        var finding = document.GetProperty("findings").EnumerateArray().First();
        Assert.Equal(("cdcsync.yaml", 5, "error", "CDC1002"),
            (finding.GetProperty("file").GetString(), finding.GetProperty("line").GetInt32(), finding.GetProperty("severity").GetString(), finding.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task An_address_that_is_none_is_found_before_validate_answers()
    {
        using var pipeline = new PipelineFolder(more: "http: { listen: nowhere }\n");
        var result = await pipeline.RunAsync("validate", "--json");
        AssertError(result, JsonDocument.Parse(result.Out).RootElement, "CDC1101");
    }

    private static void AssertError(ProcessResult result, JsonElement document, string code)
    {
        Assert.Equal(1, document.GetProperty("schemaVersion").GetInt32());
        Assert.Equal(result.ExitCode, document.GetProperty("exitCode").GetInt32());
        Assert.NotEqual(0, result.ExitCode);
        var error = document.GetProperty("error");
        Assert.Equal(["code", "message", "remedy", "isTransient"], error.EnumerateObject().Select(p => p.Name));
        Assert.True(error.GetProperty("code").GetString() == code, result.ToString());
        Assert.Contains(code, result.Error, StringComparison.Ordinal);
    }
}
