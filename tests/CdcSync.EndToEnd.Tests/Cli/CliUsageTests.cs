using CdcSync.Cli.Commands;
using CdcSync.Cli.Output;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>The real process: what it says and how it ends when it is used wrongly.</summary>
public sealed class CliUsageTests
{
    [Fact]
    public async Task The_version_is_told_on_stdout()
    {
        using var folder = new TempFolder();
        var result = await CdcsyncProcess.RunAsync(folder.Root, ["--version"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Matches(@"^cdcsync \d+\.\d+\.\d+", result.Out);
    }

    [Fact]
    public async Task Help_names_every_verb_and_goes_to_stdout()
    {
        using var folder = new TempFolder();
        var result = await CdcsyncProcess.RunAsync(folder.Root, ["--help"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        foreach (var verb in new[] { "init", "validate", "doctor", "discover", "grants", "migrate", "sync", "run", "status", "checkpoint", "history", "reconcile", "quarantine", "resync", "forget", "demo" })
            Assert.Contains($"  {verb} ", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_command_has_examples_and_each_can_be_used()
    {
        var root = CommandTree.Create(new Terminal(TextWriter.Null, TextWriter.Null, new TerminalAbilities(false, false)));
        var names = root.Subcommands.Concat(root.Subcommands.SelectMany(c => c.Subcommands)).Select(HelpExamples.WordsOf).Append("");
        Assert.Equal(names.Order(), HelpExamples.All.Keys.Order());
        foreach (var example in HelpExamples.All.Values.SelectMany(e => e))
        {
            var words = System.Text.RegularExpressions.Regex.Matches(example, """(['"])(.*?)\1|\S+""").Select(m => m.Value.Trim('\'', '"')).ToArray();
            Assert.Equal("cdcsync", words[0]);
            Assert.Null(UsageErrors.Of(root.Parse(words[1..]))?.Message);
        }
    }

    [Theory]
    [InlineData("--help", "cdcsync demo")]
    [InlineData("sync --help", "cdcsync sync orders order_lines")]
    [InlineData("checkpoint show -h", "cdcsync checkpoint show orders --json")]
    public async Task Help_ends_with_examples(string arguments, string example)
    {
        using var folder = new TempFolder();
        var result = await CdcsyncProcess.RunAsync(folder.Root, arguments.Split(' '));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains($"  {example}", result.Out[result.Out.IndexOf("Examples:", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stauts", "CDC1101 unknown command 'stauts'. Did you mean 'status'? Run: cdcsync --help")]
    [InlineData("checkpoint shwo", "CDC1101 unknown command 'shwo'. Did you mean 'show'? Run: cdcsync checkpoint --help")]
    [InlineData("checkpoint", "CDC1101 a command is missing. Known: export, set, show. Run: cdcsync checkpoint --help")]
    [InlineData("status --jsn", "CDC1101 unknown option '--jsn'. Did you mean '--json'? Run: cdcsync status --help")]
    [InlineData("status --conifg x", "CDC1101 unknown option '--conifg'. Did you mean '--config'? Run: cdcsync status --help")]
    [InlineData("sync --datset orders", "CDC1101 unknown option '--datset'. Did you mean '--dataset'? Run: cdcsync sync --help")]
    [InlineData("sync --datset=orders", "CDC1101 unknown option '--datset'. Did you mean '--dataset'? Run: cdcsync sync --help")]
    [InlineData("init --jsn", "CDC1101 unknown option '--jsn'. Did you mean '--json'? Run: cdcsync init --help")]
    [InlineData("resync --accept-delets", "CDC1101 unknown option '--accept-delets'. Did you mean '--accept-deletes'? Run: cdcsync resync --help")]
    [InlineData("resync", "CDC1101 DATASET is missing. Run: cdcsync resync --help")]
    [InlineData("init a b", "CDC1101 'b': cdcsync init takes no more words. Run: cdcsync init --help")]
    [InlineData("history --limit", "CDC1101 --limit needs a value. Run: cdcsync history --help")]
    [InlineData("history --limit none", "CDC1101 --limit: expected a whole number from 1 to 10000, found 'none'. Run: cdcsync history --help")]
    [InlineData("history --limit 0", "CDC1101 --limit: expected a whole number from 1 to 10000, found '0'. Run: cdcsync history --help")]
    [InlineData("demo --seconds soon", "CDC1101 --seconds: expected a whole number from 1 to 3600, found 'soon'. Run: cdcsync demo --help")]
    [InlineData("demo --warehouse sqlte", "CDC1101 --warehouse: expected sqlite or a PostgreSQL connection string, found 'sqlte'. Did you mean 'sqlite'? Run: cdcsync demo --help")]
    [InlineData("status", "CDC1002 there is no pipeline file 'cdcsync.yaml'. Name one with --config, or write a first one. Run: cdcsync init")]
    [InlineData("validate -c other.yaml", "CDC1002 there is no pipeline file 'other.yaml'. Name one with --config, or write a first one. Run: cdcsync init")]
    public async Task Wrong_usage_is_a_line_on_stderr_and_exit_code_2(string arguments, string expected)
    {
        using var folder = new TempFolder();
        var result = await CdcsyncProcess.RunAsync(folder.Root, arguments.Split(' '));
        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.Equal(expected, result.Error.Split('\n')[0]);
    }

    [Fact]
    public async Task No_words_at_all_show_the_help_and_are_wrong_usage()
    {
        using var folder = new TempFolder();
        var result = await CdcsyncProcess.RunAsync(folder.Root, []);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("Usage:", result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sync ordres")]
    [InlineData("sync --dataset ordres")]
    [InlineData("status ordres")]
    [InlineData("history ordres")]
    [InlineData("checkpoint show ordres")]
    [InlineData("resync ordres --yes")]
    public async Task A_dataset_that_is_not_there_is_named_with_the_one_that_was_meant(string arguments)
    {
        using var pipeline = new PipelineFolder();
        var result = await pipeline.RunAsync(arguments.Split(' '));
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("CDC4009 pipeline 'shop' has no dataset 'ordres'. Did you mean 'orders'? Run: cdcsync status", result.Error);
    }
}
