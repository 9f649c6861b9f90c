namespace CdcSync.Cli.Config;

/// <summary>How <c>run</c> logs.</summary>
/// <param name="Format">The form of a line.</param>
/// <param name="RepeatAfter">A failure that goes on is told once in so long.</param>
internal sealed record LogConfig(LogFormat Format, TimeSpan RepeatAfter)
{
    /// <summary>What holds where the file does not say.</summary>
    internal static LogConfig Default { get; } = new(LogFormat.Text, TimeSpan.FromMinutes(5));
}

/// <summary>The form of a line of the log.</summary>
internal enum LogFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>For programs.</summary>
    Json,
}
