using System.Globalization;
using CdcSync.Cli.Output;
using CdcSync.Core.Warehouses;
using Spectre.Console;

namespace CdcSync.Cli.Live;

/// <summary>The words of a dataset's row, as Spectre's markup. Colour is for meaning only, and never the only sign of it.</summary>
internal static class RowText
{
    private const string Good = "green", Busy = "blue", Bad = "yellow", Worst = "red";

    /// <summary>The state in a word, and its colour.</summary>
    public static (string Word, string Color) State(DatasetLine dataset, bool isShort) => dataset switch
    {
        { Phase: DatasetPhase.ResyncRequired } => (isShort ? "resync" : "resync required", Worst),
        { Phase: DatasetPhase.Blocked } => ("blocked", Worst),
        { IsPaused: true } => ("paused", Bad),
        { IsFailing: true } or { Phase: DatasetPhase.Failing } => ("failing", dataset.Fault is { Code.IsTransient: true } ? Bad : Worst),
        { IsLate: true } => ("late", Bad),
        { Phase: DatasetPhase.Snapshot } => (dataset.Load is { Ranges: > 1 } load ? $"{(isShort ? "load" : "loading")} {load.Done}/{load.Ranges}" : "loading", Busy),
        { Phase: DatasetPhase.Streaming } => ("streaming", Good),
        _ => ("new", "dim"),
    };

    /// <summary>How old the warehouse is, in the colour of its contract.</summary>
    public static (string Text, string Color) Lag(DatasetLine dataset, FrameStyle style) => dataset.Lag is { } lag
        ? (Age(lag), dataset.IsLate ? Bad : "default")
        : (style.None, "dim");

    /// <summary>What there is to say besides: how far a load is, why it fails, what is in quarantine. Empty = nothing.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="columns">The columns there are.</param>
    /// <param name="style">The terminal.</param>
    public static string Detail(DatasetLine dataset, int columns, FrameStyle style)
    {
        if (dataset.Phase is DatasetPhase.ResyncRequired or DatasetPhase.Blocked or DatasetPhase.Failing || dataset.IsFailing)
            return dataset.Fault is { } fault ? Colored(State(dataset, isShort: true).Color, Fault(fault, columns, style)) : "";
        if (dataset.Load is { } load)
            return LoadBar.Draw(load, columns, style);
        return dataset.Quarantined > 0 ? Colored(Bad, style.Fit($"{Words.Of(dataset.Quarantined)} in quarantine", columns)) : "";
    }

    /// <summary>A fault in a few words, as many as fit: the log has the rest.</summary>
    public static string Fault(ShownFault fault, int columns, FrameStyle style)
    {
        var title = $"{fault.Code} {fault.Code.Title}";
        var again = fault.RetryIn is { } wait ? $", again in {Age(wait)}" : "";
        // What passes by itself needs no command.
        var run = fault.Command is { } command && !fault.Code.IsTransient ? $", run: {command}" : "";
        string[] texts = [title + again + run, title + run, fault.Code + run];
        return style.Fit(texts.FirstOrDefault(t => t.Length <= columns) ?? texts[1], columns);
    }

    /// <summary>A duration that does not flicker: whole seconds.</summary>
    public static string Age(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => "<1s",
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalSeconds}s"),
        _ => Words.Of(span),
    };

    /// <summary>A count, to the right of its column; in millions where it would not fit, and quiet where there is nothing.</summary>
    public static string Count(long n, int columns)
    {
        var text = Words.Of(n) is var all && all.Length <= columns ? all : $"{Words.Of(n / 1_000_000)}M";
        return Colored(n == 0 ? "dim" : "default", text.PadLeft(columns));
    }

    public static string Colored(string color, string text) => color == "default" ? Markup.Escape(text) : $"[{color}]{Markup.Escape(text)}[/]";
}
