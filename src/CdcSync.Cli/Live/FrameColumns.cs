namespace CdcSync.Cli.Live;

/// <summary>Which columns a frame has, and how wide each is: always the same for a width, so that nothing moves while numbers grow.</summary>
internal sealed record FrameColumns(int Name, int State, int Merged, int Read, int Lag, int Target, int Detail)
{
    /// <summary>The blanks between two columns.</summary>
    public const int Gap = 2;

    private const int LeastName = 8;

    /// <summary>True if details stand beside, and not below.</summary>
    public bool IsWide => Detail > 0;

    /// <summary>The columns for a style; a column of width 0 is left out.</summary>
    public static FrameColumns Of(FrameStyle style, int longestName)
    {
        var columns = style.Columns switch
        {
            >= 110 => new FrameColumns(0, 15, 13, 9, 7, 7, 1),
            >= 70 => new FrameColumns(0, 15, 13, 9, 7, 7, 0),
            >= 50 => new FrameColumns(0, 15, 0, 9, 7, 0, 0),
            _ => new FrameColumns(0, 10, 0, 0, 7, 0, 0),
        };
        int[] others = [columns.State, columns.Merged, columns.Read, columns.Lag, columns.Target];
        var free = style.Columns - others.Where(w => w > 0).Sum(w => w + Gap);
        var name = Math.Clamp(longestName, LeastName, Math.Max(LeastName, columns.IsWide ? Math.Min(32, free / 2) : free));
        return columns with { Name = name, Detail = columns.IsWide ? free - name - Gap : 0 };
    }
}
