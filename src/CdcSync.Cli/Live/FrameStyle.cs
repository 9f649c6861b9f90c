namespace CdcSync.Cli.Live;

/// <summary>What a frame is drawn for.</summary>
/// <param name="Width">The terminal's columns.</param>
/// <param name="Height">The terminal's rows.</param>
/// <param name="Colors">True if colours are wanted.</param>
/// <param name="Unicode">True if it shows more than ASCII.</param>
internal sealed record FrameStyle(int Width, int Height, bool Colors, bool Unicode)
{
    // Wider lines lead the eye astray; the last column stays free, so that no terminal breaks the line.
    private const int Widest = 140;

    /// <summary>The columns that are used.</summary>
    public int Columns => Math.Clamp(Width - 1, 20, Widest);

    /// <summary>The rows that are used: one is left for the cursor.</summary>
    public int Rows => Math.Max(4, Height - 1);

    /// <summary>What stands between two things on one line.</summary>
    public string Dot => Unicode ? " · " : ", ";

    /// <summary>What stands for nothing.</summary>
    public string None => Unicode ? "–" : "-";

    /// <summary>The text, cut where it is too long.</summary>
    public string Fit(string text, int columns)
    {
        if (text.Length <= columns)
            return text;
        var cut = Unicode ? "…" : "...";
        return columns <= cut.Length ? text[..Math.Max(0, columns)] : text[..(columns - cut.Length)] + cut;
    }
}
