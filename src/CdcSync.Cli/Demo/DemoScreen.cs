using CdcSync.Cli.Output;
using Spectre.Console;

namespace CdcSync.Cli.Demo;

/// <summary>The consoles on which the demo draws its tables.</summary>
internal static class DemoScreen
{
    /// <summary>Standard error, where progress goes: a live one if a person sees it.</summary>
    public static IAnsiConsole Progress(TerminalAbilities abilities) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = abilities.IsInteractive ? AnsiSupport.Detect : AnsiSupport.No,
        ColorSystem = abilities.Colors ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        Out = new AnsiConsoleOutput(Console.Error),
    });

    /// <summary>Draws into a text, for standard output.</summary>
    public static string Draw(Action<IAnsiConsole> draw, TerminalAbilities abilities)
    {
        var isPlain = !abilities.Colors || Console.IsOutputRedirected;
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isPlain ? AnsiSupport.No : AnsiSupport.Yes,
            ColorSystem = isPlain ? ColorSystemSupport.NoColors : ColorSystemSupport.Standard,
            Out = new AnsiConsoleOutput(text),
        });
        draw(console);
        return text.ToString().TrimEnd();
    }
}
