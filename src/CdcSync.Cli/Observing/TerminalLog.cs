using CdcSync.Cli.Output;
using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Observing;

/// <summary>Writes log events as lines on stderr: instant, level, message. Exceptions are named, not quoted.</summary>
internal sealed class TerminalLog(Terminal terminal, TimeProvider time, LogLevel least = LogLevel.Information) : ILogger, ILoggerProvider
{
    /// <summary>A log beside a live view: where a person sees that, only what went wrong is told in addition.</summary>
    public static TerminalLog Beside(Terminal terminal, TimeProvider time) => new(terminal, time, terminal.Abilities.IsInteractive ? LogLevel.Warning : LogLevel.Information);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        var line = $"{Words.Of(time.GetUtcNow())} {Level(logLevel)} {formatter(state, null)}{(exception is null ? "" : $" ({exception.GetType().Name})")}".ReplaceLineEndings(" ");
        terminal.Note(logLevel switch
        {
            >= LogLevel.Error => terminal.Red(line),
            LogLevel.Warning => terminal.Yellow(line),
            _ => line,
        });
    }

    public void Dispose()
    {
        // The terminal lives as long as the process.
    }

    private static string Level(LogLevel level) => level switch
    {
        >= LogLevel.Error => "error",
        LogLevel.Warning => "warn ",
        _ => "info ",
    };
}
