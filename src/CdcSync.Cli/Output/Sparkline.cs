namespace CdcSync.Cli.Output;

/// <summary>Counts as a line of bars, one per part, as high as its share of the greatest.</summary>
internal static class Sparkline
{
    private const string Bars = "▁▂▃▄▅▆▇█", Ascii = ".:-=+*#@";

    /// <summary>The line; a part without any is a blank.</summary>
    public static string Of(IReadOnlyList<long> counts, bool unicode)
    {
        var most = counts.Count == 0 ? 0 : counts.Max();
        return string.Concat(counts.Select(c => c == 0 ? ' ' : (unicode ? Bars : Ascii)[(int)(c * (Bars.Length - 1) / most)]));
    }
}
