using System.Globalization;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Sources.Marks;

/// <summary>
/// How far a dataset has been read by its mark. As text the mark (an instant, <c>2026-01-31T13:05:00.25</c>, or a number), <c>none</c> before the first row, and
/// <c>mark@clock</c> while the source's clock is behind the mark: it stepped back, and new rows get stamps below the mark until it has caught up. <c>=mark</c> is a
/// settled one.
/// </summary>
/// <param name="Mark">The highest mark read, in nanoseconds since 1970 or as the number; null = none. Never goes back.</param>
/// <param name="Clock">The source's clock at that reading, in nanoseconds, where it was behind the mark.</param>
public sealed record MarkPosition(Int128? Mark, Int128? Clock)
{
    private const string None = "none";
    private const string Settled = "=";
    private const long Second = 1_000_000_000;

    /// <summary>True if the source could say that no row with a stamp up to the mark was still to be committed: reading goes on from it without an overlap.</summary>
    public bool IsSettled { get; init; }

    /// <summary>Where reading goes on: everything below was read.</summary>
    public Int128? Floor => Clock is { } clock && clock < Mark ? clock : Mark;

    /// <summary>The kind of positions that a kind of mark makes.</summary>
    /// <param name="system">The system's word: <c>sqlite</c>.</param>
    /// <param name="kind">Timestamp or sequence.</param>
    public static string KindOf(string system, MarkKind kind) => kind == MarkKind.Timestamp ? $"{system}-timestamp" : $"{system}-sequence";

    /// <summary>The text form.</summary>
    /// <param name="system">The system's word: <c>sqlite</c>.</param>
    /// <param name="kind">Timestamp or sequence.</param>
    public Position ToPosition(string system, MarkKind kind) => new(KindOf(system, kind), Mark is not { } mark ? None
        : kind == MarkKind.Sequence ? mark.ToString(CultureInfo.InvariantCulture)
        : Clock is { } clock ? $"{Instant(mark)}@{Instant(clock)}" : (IsSettled ? Settled : "") + Instant(mark));

    /// <summary>Reads the text form.</summary>
    /// <returns>Null if it is another.</returns>
    public static MarkPosition? Parse(MarkKind kind, string canonical)
    {
        if (canonical == None) return new MarkPosition(null, null);
        if (kind == MarkKind.Sequence)
            return Int128.TryParse(canonical, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? new MarkPosition(number, null) : null;
        if (canonical.StartsWith(Settled, StringComparison.Ordinal))
            return Instant(canonical[Settled.Length..]) is { } settled ? new MarkPosition(settled, null) { IsSettled = true } : null;
        var parts = canonical.Split('@');
        var instants = parts.Select(Instant).ToList();
        return parts.Length > 2 || instants.Contains(null) ? null : new MarkPosition(instants[0], instants.Count == 2 ? instants[1] : null);
    }

    /// <summary>True if an instant has a text form: years 1 to 9999.</summary>
    public static bool IsInRange(Int128 nanoseconds) => nanoseconds >= Least && nanoseconds <= Most;

    /// <summary>Seconds since 1970, rounded down, and the rest.</summary>
    public static (long Seconds, int Nanoseconds) Split(Int128 nanoseconds)
    {
        var (seconds, rest) = Int128.DivRem(nanoseconds, Second);
        return rest < 0 ? ((long)seconds - 1, (int)(rest + Second)) : ((long)seconds, (int)rest);
    }

    private static readonly Int128 Least = (Int128)(DateTime.MinValue - DateTime.UnixEpoch).TotalSeconds * Second;
    private static readonly Int128 Most = ((Int128)253_402_300_799 * Second) + (Second - 1);

    private static string Instant(Int128 nanoseconds)
    {
        var (seconds, rest) = Split(nanoseconds);
        var text = DateTime.UnixEpoch.AddSeconds(seconds).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        return rest == 0 ? text : text + "." + rest.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
    }

    private static Int128? Instant(string text)
    {
        var parts = text.Split('.');
        if (parts.Length > 2 || !DateTime.TryParseExact(parts[0], "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var seconds)) return null;
        var rest = 0;
        if (parts.Length == 2 && (parts[1].Length > 9 || !int.TryParse(parts[1].PadRight(9, '0'), NumberStyles.None, CultureInfo.InvariantCulture, out rest))) return null;
        return ((Int128)((seconds - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond) * Second) + rest;
    }
}
