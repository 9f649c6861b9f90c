using Spectre.Console;

namespace CdcSync.Cli.Live;

/// <summary>Makes lines for the terminal of lines of Spectre's markup.</summary>
internal static class MarkupLines
{
    // No line is broken by Spectre: each was made to fit.
    private const int Unbroken = 10_000;

    public static IReadOnlyList<string> Render(IEnumerable<string> markup, FrameStyle style)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = style.Colors ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = style.Colors ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = Unbroken;
        foreach (var line in markup)
            console.MarkupLine(line);
        return text.ToString().TrimEnd('\n').Split('\n');
    }
}
