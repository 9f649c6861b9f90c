namespace CdcSync.Cli.Live;

/// <summary>Which datasets a frame shows.</summary>
/// <param name="Shown">Those it shows, in their order.</param>
/// <param name="Details">Those whose detail has a line of its own.</param>
/// <param name="Hidden">Those it can't show.</param>
internal sealed record FrameRows(IReadOnlyList<DatasetLine> Shown, IReadOnlySet<DatasetLine> Details, IReadOnlyList<DatasetLine> Hidden)
{
    /// <summary>All in the pipeline's order where they fit, if need be without the bars of first loads; else the worst first, and a line for the rest.</summary>
    /// <param name="all">The datasets.</param>
    /// <param name="rows">The lines there are.</param>
    /// <param name="hasDetail">True if a dataset has something to say on a line of its own.</param>
    public static FrameRows Choose(IReadOnlyList<DatasetLine> all, int rows, Func<DatasetLine, bool> hasDetail)
    {
        var details = all.Where(hasDetail).ToHashSet();
        if (all.Count + details.Count <= rows)
            return new FrameRows(all, details, []);
        var withoutBars = details.Where(d => d.Load is null || d.IsFailing).ToHashSet();
        if (all.Count + withoutBars.Count <= rows)
            return new FrameRows(all, withoutBars, []);

        // A bar is worth more than one more dataset that is as it should be, and less than one that is not.
        if (all.Count(d => d.Severity > 0) + details.Count > rows - 1)
            details = withoutBars;
        var worst = all.OrderByDescending(d => d.Severity).ToList();
        var shown = new List<DatasetLine>();
        var free = Math.Max(1, rows - 1);
        foreach (var dataset in worst)
        {
            free -= details.Contains(dataset) ? 2 : 1;
            if (free < 0 && shown.Count > 0)
                break;
            shown.Add(dataset);
        }

        return new FrameRows(shown, details, worst[shown.Count..]);
    }
}
