using CdcSync.Cli.Output;
using Spectre.Console;

namespace CdcSync.Cli.Live;

/// <summary>Draws a moment of a pipeline for a terminal. A pure function: the same moment in the same style is the same text.</summary>
internal static class LiveFrame
{
    private const int DetailIndent = 2;

    /// <summary>The lines: none wider, and not more, than the style allows.</summary>
    /// <param name="state">The moment.</param>
    /// <param name="caption">What stands below; empty = nothing.</param>
    /// <param name="style">The terminal.</param>
    public static IReadOnlyList<string> Draw(BoardState state, string caption, FrameStyle style)
    {
        var columns = FrameColumns.Of(style, state.Datasets.Select(d => d.Name.Length).DefaultIfEmpty(0).Max());
        var below = style.Columns - DetailIndent;
        var head = Head(state, style).ToList();
        var rows = FrameRows.Choose(state.Datasets, style.Rows - head.Count - 1 - (caption.Length > 0 ? 1 : 0), d => !columns.IsWide && RowText.Detail(d, below, style).Length > 0);

        var lines = new List<string>(head) { Titles(columns) };
        foreach (var dataset in rows.Shown)
        {
            lines.Add(Row(dataset, columns, style));
            if (rows.Details.Contains(dataset))
                lines.Add($"{new string(' ', DetailIndent)}{RowText.Detail(dataset, below, style)}");
        }

        if (rows.Hidden.Count > 0)
            lines.Add(RowText.Colored("dim", style.Fit($"and {rows.Hidden.Count} more: {Counts(rows.Hidden)}", style.Columns)));
        if (caption.Length > 0)
            lines.Add(RowText.Colored("dim", style.Fit(caption, style.Columns)));
        return MarkupLines.Render(lines, style);
    }

    private static IEnumerable<string> Head(BoardState state, FrameStyle style)
    {
        var lease = state.Lease switch
        {
            LeaseState.Held => "working",
            LeaseState.Gone => "stopped",
            LeaseState.Elsewhere => "standing by: another worker holds the lease",
            _ => "starting",
        };
        var name = style.Fit(state.Pipeline, style.Columns);
        var facts = $"{style.Dot}{lease}{style.Dot}{Counts(state.Datasets)}{style.Dot}up {RowText.Age(state.Up)}";
        yield return $"[bold]{Markup.Escape(name)}[/]{RowText.Colored("dim", style.Fit(facts, style.Columns - name.Length))}";
        if (state.Fault is { } fault)
            yield return RowText.Colored(fault.Code.IsTransient ? "yellow" : "red", RowText.Fault(fault, style.Columns, style));
    }

    /// <summary>How many are in which state, the worst first.</summary>
    private static string Counts(IReadOnlyList<DatasetLine> datasets) => string.Join(", ", datasets
        .GroupBy(d => RowText.State(d with { Load = null }, isShort: false).Word, StringComparer.Ordinal)
        .OrderByDescending(g => g.Max(d => d.Severity)).Select(g => $"{g.Count()} {g.Key}"));

    private static string Titles(FrameColumns columns) => Line(
        (RowText.Colored("dim", "dataset".PadRight(columns.Name)), columns.Name),
        (RowText.Colored("dim", "state".PadRight(columns.State)), columns.State),
        (RowText.Colored("dim", "merged".PadLeft(columns.Merged)), columns.Merged),
        (RowText.Colored("dim", "read/s".PadLeft(columns.Read)), columns.Read),
        (RowText.Colored("dim", "lag".PadLeft(columns.Lag)), columns.Lag),
        (RowText.Colored("dim", "target".PadLeft(columns.Target)), columns.Target));

    private static string Row(DatasetLine dataset, FrameColumns columns, FrameStyle style)
    {
        var (state, color) = RowText.State(dataset, isShort: columns.State < 15);
        var (lag, lagColor) = RowText.Lag(dataset, style);
        return Line(
            (Markup.Escape(style.Fit(dataset.Name, columns.Name).PadRight(columns.Name)), columns.Name),
            (RowText.Colored(color, style.Fit(state, columns.State).PadRight(columns.State)), columns.State),
            (RowText.Count(dataset.Merged, columns.Merged), columns.Merged),
            (RowText.Count((long)dataset.ReadPerSecond, columns.Read), columns.Read),
            (RowText.Colored(lagColor, lag.PadLeft(columns.Lag)), columns.Lag),
            (RowText.Colored("dim", (dataset.Target is { } target ? Words.OfTarget(target) : style.None).PadLeft(columns.Target)), columns.Target),
            (RowText.Detail(dataset, columns.Detail, style), columns.Detail));
    }

    private static string Line(params IReadOnlyList<(string Markup, int Width)> cells) => string.Join(new string(' ', FrameColumns.Gap), cells.Where(c => c.Width > 0).Select(c => c.Markup)).TrimEnd();
}
