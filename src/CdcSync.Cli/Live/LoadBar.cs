using CdcSync.Cli.Output;

namespace CdcSync.Cli.Live;

/// <summary>How far a first load is: the ranges are facts, the time that is left is an estimate and says so.</summary>
internal static class LoadBar
{
    private const int Longest = 24;
    private const int Shortest = 6;

    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    public static string Draw(LoadProgress load, int columns, FrameStyle style)
    {
        var facts = $"{Words.Of(load.Rows)} rows read";
        if (load.Ranges <= 1)
            return RowText.Colored("dim", style.Fit(facts, columns));        // one range is done when all is: a bar would stand still
        var left = load.Left is { } l ? $"about {RowText.Age(l < OneSecond ? OneSecond : l)} left" : "";
        string[] texts =
        [
            string.Join(style.Dot, new[] { $"{load.Done} of {load.Ranges} ranges", facts, left }.Where(t => t.Length > 0)),
            string.Join(style.Dot, new[] { $"{load.Done} of {load.Ranges} ranges", left }.Where(t => t.Length > 0)),
            left.Length > 0 ? left : $"{load.Done} of {load.Ranges} ranges",
        ];
        // As long as the terminal is wide, whatever the words: it must not move while they change.
        var length = Math.Clamp(columns / 3, Shortest, Longest);
        var text = style.Fit(texts.FirstOrDefault(t => t.Length + length + 1 <= columns) ?? texts[^1], Math.Max(0, columns - length - 1));
        var done = (int)((long)length * load.Done / load.Ranges);
        var (full, empty) = style.Unicode ? ('━', '─') : ('#', '.');
        return $"[blue]{new string(full, done)}[/][dim]{new string(empty, length - done)}[/] {RowText.Colored("dim", text)}";
    }
}
