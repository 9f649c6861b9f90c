namespace CdcSync.Cli.Output;

/// <summary>What a terminal can do.</summary>
/// <param name="Colors">True if colours are wanted on stderr.</param>
/// <param name="IsInteractive">True if a person sees stderr, and lines may be drawn over.</param>
/// <param name="CanAsk">True if that person can also answer.</param>
/// <param name="Unicode">True if more than ASCII is shown as it should be.</param>
internal sealed record TerminalAbilities(bool Colors, bool IsInteractive, bool CanAsk = false, bool Unicode = true)
{
    /// <summary>Those of this process, by its standard error and environment.</summary>
    public static TerminalAbilities OfProcess()
    {
        var isTerminal = !Console.IsErrorRedirected;
        var isDumb = Environment.GetEnvironmentVariable("TERM") is "dumb";
        var mayColor = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && !isDumb;
        return new TerminalAbilities(mayColor && isTerminal, isTerminal && !isDumb, isTerminal && !Console.IsInputRedirected, SpeaksUnicode(Environment.GetEnvironmentVariable));
    }

    /// <summary>True if the locale is one of UTF-8. The first variable that is set decides, as everywhere; Windows has none.</summary>
    internal static bool SpeaksUnicode(Func<string, string?> variable)
    {
        if (OperatingSystem.IsWindows())
            return true;
        var locale = new[] { "LC_ALL", "LC_CTYPE", "LANG" }.Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value)) ?? "C";
        return locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("UTF8", StringComparison.OrdinalIgnoreCase);
    }
}
