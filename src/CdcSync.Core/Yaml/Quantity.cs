using System.Globalization;

namespace CdcSync.Core.Yaml;

/// <summary>Durations and sizes as people write them: a whole number and a unit.</summary>
public static class Quantity
{
    private static readonly (string Unit, TimeSpan Span)[] Durations =
    [
        ("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)), ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)),
    ];

    private static readonly (string Unit, long Bytes)[] Sizes =
    [
        ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1),
    ];

    /// <summary>Reads a duration: <c>500ms 10s 5m 1h 7d</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The duration; null where the text is none or it exceeds 100 years.</returns>
    public static TimeSpan? Duration(string text)
    {
        foreach (var (unit, span) in Durations)
            if (Count(text, unit) is { } count) return count <= TimeSpan.FromDays(36_525) / span ? count * span : null;
        return null;
    }

    /// <summary>Reads a size in bytes: <c>512B 64KiB 100MiB 10GiB 1TiB</c>, or <c>KB MB GB TB</c> for powers of 1000.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The bytes; null where the text is no size or it exceeds 8 EiB.</returns>
    public static long? Size(string text)
    {
        foreach (var (unit, bytes) in Sizes)
            if (Count(text, unit) is { } count) return count <= long.MaxValue / bytes ? count * bytes : null;
        return null;
    }

    private static long? Count(string text, string unit) =>
        text.EndsWith(unit, StringComparison.Ordinal) && long.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : null;
}
