using System.Globalization;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources.Marks;

namespace CdcSync.Connectors.Postgres.Source.Marks;

/// <summary>
/// How far a dataset has been read by a number that rises, and which numbers below it have not been seen: they may belong to transactions that are still open. As
/// text <c>1204;1180-1187@29476305,1203@29476310</c>: the number, then ranges, each with the minute since 1970 when it was first missed.
/// </summary>
/// <param name="Last">The highest number read; null = none.</param>
/// <param name="Gaps">The numbers below it that are missing, in order.</param>
internal sealed record NumberPosition(long? Last, IReadOnlyList<Gap> Gaps)
{
    /// <summary>Ranges that are remembered; of more the lowest are given up.</summary>
    public const int MostGaps = 256;

    /// <summary>How long a missing number is looked for: as long as the longest transaction may last.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(24);

    private const string None = "none";

    /// <summary>The kind of position.</summary>
    public static string Kind { get; } = MarkPosition.KindOf("postgres", MarkKind.Sequence);

    /// <summary>The text form.</summary>
    public Position ToPosition() => new(Kind, Last is not { } last ? None
        : string.Create(CultureInfo.InvariantCulture, $"{last}{(Gaps.Count == 0 ? "" : ";")}{string.Join(',', Gaps)}"));

    /// <summary>Reads the text form.</summary>
    /// <returns>Null if it is another.</returns>
    public static NumberPosition? Parse(string canonical)
    {
        if (canonical == None) return new NumberPosition(null, []);
        var parts = canonical.Split(';');
        if (parts.Length > 2 || !long.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var last)) return null;
        var gaps = parts.Length == 1 ? [] : parts[1].Split(',').Select(Gap.Parse).ToList();
        return gaps.Contains(null) ? null : new NumberPosition(last, [.. gaps.OfType<Gap>()]);
    }

    /// <summary>The position without gaps that are too old.</summary>
    public NumberPosition At(DateTimeOffset now) => this with { Gaps = [.. Gaps.Where(g => now - g.MissedAt < LongestWait)] };

    /// <summary>The position after a reading.</summary>
    /// <param name="appeared">The numbers found within the gaps, in order.</param>
    /// <param name="from">Numbers up to here were known before.</param>
    /// <param name="added">The numbers found above, in order.</param>
    /// <param name="now">The source's clock.</param>
    public NumberPosition After(IEnumerable<long> appeared, long from, IEnumerable<long> added, DateTimeOffset now)
    {
        var still = Gap.Without(Gaps, appeared);
        var (last, next) = (Last, from);
        foreach (var number in added)
        {
            if (number > next + 1)
            {
                still.Add(new Gap(next + 1, number - 1, Minute(now)));
                if (still.Count > 2 * MostGaps) still.RemoveRange(0, still.Count - MostGaps);
            }
            (last, next) = (number, number);
        }
        return new NumberPosition(last, [.. still.TakeLast(MostGaps)]);
    }

    private static DateTimeOffset Minute(DateTimeOffset time) => new(time.UtcTicks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero);
}

/// <summary>Numbers that were not seen though higher ones were.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last.</param>
/// <param name="MissedAt">When they were first missed, to the minute.</param>
internal sealed record Gap(long First, long Last, DateTimeOffset MissedAt)
{
    /// <summary>What is left of gaps when numbers have appeared.</summary>
    /// <param name="gaps">In order.</param>
    /// <param name="appeared">In order; all within the gaps.</param>
    public static List<Gap> Without(IReadOnlyList<Gap> gaps, IEnumerable<long> appeared)
    {
        var left = new List<Gap>(gaps);
        var at = 0;
        foreach (var number in appeared)
        {
            while (at < left.Count && left[at].Last < number) at++;
            if (at == left.Count || left[at].First > number) continue;
            var gap = left[at];
            left.RemoveAt(at);
            if (gap.Last > number) left.Insert(at, gap with { First = number + 1 });
            if (gap.First < number) left.Insert(at, gap with { Last = number - 1 });
        }
        return left;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}{(Last == First ? "" : $"-{Last}")}@{MissedAt.ToUnixTimeSeconds() / 60}");

    /// <summary>Reads the text form; null if it is another.</summary>
    public static Gap? Parse(string text)
    {
        if (text.Split('@') is not [var range, var minute] || !long.TryParse(minute, NumberStyles.None, CultureInfo.InvariantCulture, out var missed)) return null;
        var dash = range.IndexOf('-', Math.Min(1, range.Length));
        if (!long.TryParse(dash < 0 ? range : range[..dash], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var first)) return null;
        var last = first;
        if (dash >= 0 && !long.TryParse(range[(dash + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out last)) return null;
        return last >= first && missed < long.MaxValue / 120 ? new Gap(first, last, DateTimeOffset.FromUnixTimeSeconds(Math.Min(missed * 60, 253_402_300_799))) : null;
    }
}
