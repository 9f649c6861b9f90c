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
        foreach (var verb in new[] { "init", "validate", "discover", "migrate", "sync", "run", "status", "checkpoint", "history", "resync", "demo" })
            Assert.Contains($"  {verb} ", result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stauts", "CDC1101 Unrecognized command or argument 'stauts'. Did you mean 'status'? Run: cdcsync --help")]
    [InlineData("status --jsn", "CDC1101 Unrecognized command or argument '--jsn'. Did you mean '--json'? Run: cdcsync status --help")]
    [InlineData("status --conifg x", "CDC1101 Unrecognized command or argument '--conifg'. Did you mean '--config'? Run: cdcsync status --help")]
    [InlineData("history --limit none", "CDC1101 Cannot parse argument 'none' for option '--limit' as expected type 'System.Int32'. Run: cdcsync history --help")]
    [InlineData("history --limit 0", "CDC1101 --limit: expected 1 to 10000. Run: cdcsync history --help")]
    [InlineData("demo --seconds soon", "CDC1101 Cannot parse argument 'soon' for option '--seconds' as expected type 'System.Int32'. Run: cdcsync demo --help")]
    [InlineData("demo --seconds 0", "CDC1101 --seconds: expected 1 to 3600. Run: cdcsync demo --help")]
    [InlineData("checkpoint", "CDC1101 Required command was not provided. Run: cdcsync checkpoint --help")]
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

    [Fact]
    public async Task A_dataset_that_is_not_there_is_named_with_the_one_that_was_meant()
    {
        using var pipeline = new PipelineFolder();
        var result = await pipeline.RunAsync("checkpoint", "show", "--dataset", "ordres");
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("CDC4009 pipeline 'shop' has no dataset 'ordres'. Did you mean 'orders'? Run: cdcsync status", result.Error);
    }
}
