using CdcSync.Core.Errors;

namespace CdcSync.Cli.Output;

/// <summary>Where a command writes: data to stdout, all else to stderr. Nothing reaches either but through here, where secrets are taken out.</summary>
internal sealed class Terminal(TextWriter data, TextWriter notes, TerminalAbilities abilities)
{
    /// <summary>Set to <c>1</c>, it adds stack traces to errors.</summary>
    public const string DebugVariable = "CDCSYNC_DEBUG";

    private readonly Lock _writing = new();
    private bool _isProgressShown;

    /// <summary>What it can do.</summary>
    public TerminalAbilities Abilities => abilities;

    /// <summary>Takes out what must not be shown.</summary>
    public SecretScrubber Scrubber { get; } = new();

    /// <summary>The terminal of this process.</summary>
    public static Terminal OfProcess()
    {
        var mayColor = Environment.GetEnvironmentVariable("NO_COLOR") is null or "" && Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new Terminal(Console.Out, Console.Error, new TerminalAbilities(mayColor && !Console.IsErrorRedirected, !Console.IsErrorRedirected, !Console.IsErrorRedirected && !Console.IsInputRedirected));
    }

    /// <summary>True once something was written to stdout.</summary>
    public bool HasData { get; private set; }

    /// <summary>Writes data that was asked for, line by line, to stdout.</summary>
    public void Data(string text)
    {
        HasData = true;
        Write(data, text);
    }

    /// <summary>Writes a line about what is going on to stderr.</summary>
    public void Note(string text) => Write(notes, text);

    /// <summary>Writes an error as lines of the form <c>CDC2003 what and where. What to do. Run: …</c>.</summary>
    /// <remarks>One line, but for several findings in files: those keep a line each, so that editors find their places.</remarks>
    public void Fault(CdcSyncException fault)
    {
        var lines = fault.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Note(Red(lines.Length == 1 ? $"{fault.Code} {lines[0]} {fault.Remedy}" : string.Join('\n', lines.Select(l => $"{fault.Code} {l}").Append(fault.Remedy))));
        Trace(fault);
    }

    /// <summary>Asks a person; where nobody can answer, the answer is no.</summary>
    public bool Confirm(string question)
    {
        if (!abilities.CanAsk)
            return false;
        lock (_writing)
        {
            notes.Write($"{Scrubber.Scrub(question)} [y/N] ");
            notes.Flush();
        }

        return Console.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    /// <summary>The text in red where colours are wanted.</summary>
    public string Red(string text) => abilities.Colors ? $"\e[31m{text}\e[0m" : text;

    /// <summary>The text in yellow where colours are wanted.</summary>
    public string Yellow(string text) => abilities.Colors ? $"\e[33m{text}\e[0m" : text;

    /// <summary>Shows how far something is on one line of a terminal, over what it showed before; the next note starts below it.</summary>
    public void Progress(string text)
    {
        lock (_writing)
        {
            notes.Write($"\r\e[2K{Scrubber.Scrub(text)}");
            notes.Flush();
            _isProgressShown = true;
        }
    }

    private void Write(TextWriter writer, string text)
    {
        lock (_writing)
        {
            if (_isProgressShown)
                notes.Write("\r\e[2K");
            _isProgressShown = false;
            writer.WriteLine(Scrubber.Scrub(text));
            writer.Flush();
        }
    }

    private void Trace(Exception exception)
    {
        if (Environment.GetEnvironmentVariable(DebugVariable) != "1")
            return;
        for (var e = exception; e is not null; e = e.InnerException)
            Note($"{e.GetType().FullName}: {e.Message}\n{e.StackTrace}");
    }
}

/// <summary>What a terminal can do.</summary>
/// <param name="Colors">True if colours are wanted on stderr.</param>
/// <param name="IsInteractive">True if a person sees stderr, so that a line may be written over.</param>
/// <param name="CanAsk">True if that person can also answer.</param>
internal sealed record TerminalAbilities(bool Colors, bool IsInteractive, bool CanAsk = false);
