using CdcSync.Cli.Demo;
using Spectre.Console;

namespace CdcSync.EndToEnd.Tests.Demo;

public sealed class ComparisonViewTests
{
    [Fact]
    public void The_comparison_says_equal_only_where_nothing_differs()
    {
        Assert.Contains("equal: every value of every row.", Shown(new ComparisonResult("orders", 10, 10, 0, 0, 0)));
        Assert.Contains("3 differences.", Shown(new ComparisonResult("orders", 10, 10, 1, 1, 1)));
    }

    private static string Shown(ComparisonResult result)
    {
        var text = new StringWriter();
        ComparisonView.Write(AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) }), [result]);
        return text.ToString();
    }
}
