namespace CdcSync.Cli.Output;

/// <summary>The command that a remedy ends with; every remedy names one.</summary>
internal static class RemedyCommand
{
    private const string Mark = "un: cdcsync ";                          // "Run: cdcsync …" and "…, run: cdcsync …"

    /// <summary>The command; null where the text names none.</summary>
    public static string? In(string? text)
    {
        var at = text?.LastIndexOf(Mark, StringComparison.Ordinal) ?? -1;
        return at < 0 ? null : text![(at + "un: ".Length)..].TrimEnd('.');
    }
}
