using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CdcSync.Core.Errors;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>The exit codes, through the real process: each situation of the table in docs/cli.md ends with the code that the table says.</summary>
public sealed partial class ExitCodeTests
{
    public static TheoryData<string> Names { get; } = [.. ExitSituations.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_situation_has_its_exit_code(string name)
    {
        var situation = ExitSituations.All.Single(s => s.Name == name);
        using var pipeline = new PipelineFolder(more: $"engine: {{ {ExitSituations.Lease} }}\n");
        var result = await situation.EndAsync(pipeline);
        Assert.True(result.ExitCode == (int)situation.Code, result.ToString());
        Assert.Equal(situation.Code == ExitCode.Bug, result.Error.Contains("CDC9001", StringComparison.Ordinal));
        if (result.Out.StartsWith('{'))
            Assert.Equal(result.ExitCode, JsonDocument.Parse(result.Out.StartsWith("{\"", StringComparison.Ordinal) ? result.Out.Split('\n')[^1] : result.Out).RootElement.GetProperty("exitCode").GetInt32());
    }

    [Fact]
    public void The_documented_table_is_this_one()
    {
        var documented = Rows().Matches(Documents.Read("docs/cli.md")).Select(m => (int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture), m.Groups[2].Value));
        Assert.Equal(ExitSituations.All.Select(s => ((int)s.Code, s.Name)), documented);
    }

    [Fact]
    public void Every_exit_code_has_a_situation()
    {
        Assert.Equal(Enum.GetValues<ExitCode>(), ExitSituations.All.Select(s => s.Code).Distinct().Order());
    }

    [GeneratedRegex(@"^\| (\d+) \| ([^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
