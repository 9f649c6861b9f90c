using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary><c>validate</c> finds what <c>run</c> would not start with.</summary>
public sealed class CliValidateTests
{
    private static readonly Dictionary<string, string> Tokens = new() { ["ORDERS"] = "0123456789-orders", ["SCRAPE"] = "0123456789-scrape" };

    [Theory]
    [InlineData("{ listen: \"0.0.0.0:9464\" }", "no token is asked for")]
    [InlineData("{ listen: \"0.0.0.0:9464\", token: \"${env:ORDERS}\" }", "no token is asked for on /metrics")]
    [InlineData("{ listen: \"[::]:9464\", token: \"${env:ORDERS}\", metricsToken: \"${env:SCRAPE}\" }", "tokens would travel unencrypted")]
    [InlineData("{ token: \"${env:ORDERS}\", metricsToken: \"${env:ORDERS}\" }", "are the same")]
    public async Task An_endpoint_that_run_would_not_open_is_found_at_its_place_and_in_the_same_words(string http, string what)
    {
        using var pipeline = new PipelineFolder(more: $"http: {http}");
        var found = await RunAsync(pipeline, "validate");
        Assert.Equal(2, found.ExitCode);
        Assert.Contains("CDC1102", found.Out, StringComparison.Ordinal);
        Assert.Contains(what, found.Out, StringComparison.Ordinal);
        Assert.Contains("cdcsync.yaml:9:", found.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("valid.", found.Error, StringComparison.Ordinal);
        var json = JsonDocument.Parse((await RunAsync(pipeline, "validate", "--json")).Out).RootElement;
        Assert.Equal((false, "CDC1102", "error"), (json.GetProperty("isValid").GetBoolean(), json.GetProperty("findings")[0].GetProperty("code").GetString(), json.GetProperty("findings")[0].GetProperty("severity").GetString()));
        var started = await RunAsync(pipeline, "run", "--migrate");
        Assert.Equal(2, started.ExitCode);
        Assert.Contains(what, started.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ listen: \"0.0.0.0:9464\" }", "--listen", "127.0.0.1:0")]
    [InlineData("{ listen: \"0.0.0.0:9464\", token: \"${env:ORDERS}\", metricsToken: \"${env:SCRAPE}\" }", "--behind-proxy")]
    [InlineData("{ listen: \"0.0.0.0:9464\", token: \"${env:ORDERS}\", metricsToken: \"${env:SCRAPE}\", behindProxy: true }")]
    [InlineData("{ token: \"${env:ORDERS}\" }")]
    public async Task What_run_would_open_as_it_is_told_to_is_valid(string http, params string[] arguments)
    {
        using var pipeline = new PipelineFolder(more: $"http: {http}");
        var found = await RunAsync(pipeline, ["validate", .. arguments]);
        Assert.True(found.ExitCode == 0, found.ToString());
    }

    private static Task<ProcessResult> RunAsync(PipelineFolder pipeline, params string[] arguments) => CdcsyncProcess.RunAsync(pipeline.Root, arguments, Tokens);
}
