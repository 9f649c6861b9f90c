using CdcSync.Cli.Output;
using Spectre.Console;

namespace CdcSync.Cli.Demo;

/// <summary>The console on which the demo draws its table.</summary>
internal static class DemoScreen
{
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
        console.Profile.Capabilities.Unicode = abilities.Unicode;
        draw(console);
        return text.ToString().TrimEnd();
    }
}
