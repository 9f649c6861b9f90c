using CdcSync.Core.Errors;

namespace CdcSync.Cli.Output;

/// <summary>Where a command writes: data to stdout, all else to stderr. Nothing reaches either but through here, where secrets are taken out.</summary>
internal sealed class Terminal(TextWriter data, TextWriter notes, TerminalAbilities abilities)
{
    private readonly NoteLines _lines = new();

    /// <summary>Set to <c>1</c>, it adds stack traces to errors.</summary>
    public const string DebugVariable = "CDCSYNC_DEBUG";

    private readonly Lock _writing = new();
    private readonly LiveRegion _live = new(notes);

    /// <summary>What it can do.</summary>
    public TerminalAbilities Abilities { get; private set; } = abilities;

    /// <summary>True if each line about what goes on is a JSON document.</summary>
    public bool IsJson => _lines.IsJson;

    /// <summary>From now on each line about what goes on is a JSON document; nothing is drawn or coloured, and nobody is asked.</summary>
    public void NoteAsJson(TimeProvider time)
    {
        Abilities = Abilities with { Colors = false, IsInteractive = false, CanAsk = false };
        _lines.BeginJson(time, Scrubber.Scrub);
    }

    /// <summary>Takes out what must not be shown.</summary>
    public SecretScrubber Scrubber { get; } = new();

    /// <summary>The terminal of this process.</summary>
    public static Terminal OfProcess() => new(Console.Out, Console.Error, TerminalAbilities.OfProcess());

    /// <summary>True once something was written to stdout.</summary>
    public bool HasData { get; private set; }

    /// <summary>Writes data that was asked for, line by line, to stdout.</summary>
    public void Data(string text)
    {
        HasData = true;
        Write(data, text);
    }

    /// <summary>Writes a line about what is going on to stderr.</summary>
    public void Note(string text) => Write(notes, _lines.Of(text));

    /// <summary>Writes a line to stderr as it is.</summary>
    public void Line(string text) => Write(notes, text);

    /// <summary>Writes an error as lines of the form <c>CDC2003 what and where. What to do. Run: …</c>.</summary>
    /// <remarks>One line, but for several findings in files: those keep a line each, so that editors find their places.</remarks>
    public void Fault(CdcSyncException fault)
    {
        if (_lines.IsJson)
        {
            Line(_lines.Of(fault));
            return;
        }

        var lines = fault.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Note(Red(lines.Length == 1 ? $"{fault.Code} {lines[0]} {fault.Remedy}" : string.Join('\n', lines.Select(l => $"{fault.Code} {l}").Append(fault.Remedy))));
        Trace(fault);
    }

    /// <summary>Asks a person; where nobody can answer, the answer is no.</summary>
    public bool Confirm(string question)
    {
        if (!Abilities.CanAsk)
            return false;
        lock (_writing)
        {
            notes.Write($"{Scrubber.Scrub(question)} [y/N] ");
            notes.Flush();
        }

        return Console.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    /// <summary>The text in red where colours are wanted.</summary>
    public string Red(string text) => Abilities.Colors ? $"\e[31m{text}\e[0m" : text;

    /// <summary>The text in yellow where colours are wanted.</summary>
    public string Yellow(string text) => Abilities.Colors ? $"\e[33m{text}\e[0m" : text;

    /// <summary>Draws lines at the end of the terminal, over those drawn before; whatever is written goes above them.</summary>
    public void DrawLive(IReadOnlyList<string> lines, (int Width, int Height) size)
    {
        lock (_writing)
            _live.Draw([.. lines.Select(Scrubber.Scrub)], size);
    }

    /// <summary>Ends the drawing: the cursor is back, and what is written follows the last lines.</summary>
    public void EndLive(IReadOnlyList<string> last)
    {
        lock (_writing)
            _live.End([.. last.Select(Scrubber.Scrub)]);
    }

    private void Write(TextWriter writer, string text)
    {
        lock (_writing)
        {
            notes.Write(_live.ForErasing());
            notes.Flush();
            writer.WriteLine(Scrubber.Scrub(text));
            writer.Flush();
            notes.Write(_live.ForDrawingAgain());
            notes.Flush();
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
