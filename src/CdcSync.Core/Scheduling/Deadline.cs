using System.Globalization;

namespace CdcSync.Core.Scheduling;

/// <summary>A time of day by which a table must be complete up to another. Where the clock is set, a time that is left out counts right after the gap, one that comes twice at the first.</summary>
/// <param name="ReadyBy">When it must be ready.</param>
/// <param name="UpTo">The cut: up to when it must be complete then; after <paramref name="ReadyBy"/> = on the day before.</param>
/// <param name="Days">The days on which it must be ready.</param>
/// <param name="Zone">The zone whose clock counts.</param>
public sealed record Deadline(TimeOnly ReadyBy, TimeOnly UpTo, IReadOnlyList<DayOfWeek> Days, TimeZoneInfo Zone)
{
    // The same day of a week comes again after seven; a day more for clocks that are set.
    private const int LongestSearch = 9;

    /// <summary>The newest deadline that has come at an instant, and its cut.</summary>
    public (DateTimeOffset At, DateTimeOffset Cut) NewestAt(DateTimeOffset now)
    {
        var (date, at) = Dates(now, 1, -1).Select(d => (Date: d, At: Instant(d, ReadyBy))).First(d => d.At <= now);
        return (at, Instant(UpTo > ReadyBy ? date.AddDays(-1) : date, UpTo));
    }

    /// <summary>The first deadline after an instant.</summary>
    public DateTimeOffset NextAfter(DateTimeOffset instant) => Dates(instant, -1, 1).Select(d => Instant(d, ReadyBy)).First(at => at > instant);

    /// <summary>The deadlines after an instant and up to another, in their order, each with its cut.</summary>
    public IEnumerable<(DateTimeOffset At, DateTimeOffset Cut)> Between(DateTimeOffset after, DateTimeOffset until)
    {
        for (var at = NextAfter(after); at <= until; at = NextAfter(at)) yield return NewestAt(at);
    }

    /// <summary>True if whoever relied on another deadline can rely on this one.</summary>
    public bool Keeps(Deadline other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Zone.Id == other.Zone.Id && ReadyBy <= other.ReadyBy && CutOfDay >= other.CutOfDay && other.Days.All(Days.Contains);
    }

    /// <summary>As in <c>complete up to 00:00 by 06:00 Europe/Berlin on Mon, Tue</c>.</summary>
    public override string ToString()
    {
        var days = Days.Count == 7 ? "" : $" on {string.Join(", ", Days.Select(d => CultureInfo.InvariantCulture.DateTimeFormat.GetAbbreviatedDayName(d)))}";
        return string.Create(CultureInfo.InvariantCulture, $"complete up to {UpTo:HH:mm} by {ReadyBy:HH:mm} {Zone.Id}{days}");
    }

    // From the midnight of the day on which it must be ready.
    private TimeSpan CutOfDay => UpTo.ToTimeSpan() - (UpTo > ReadyBy ? TimeSpan.FromDays(1) : TimeSpan.Zero);

    private IEnumerable<DateOnly> Dates(DateTimeOffset around, int from, int step)
    {
        var day = DateOnly.FromDateTime(LocalTime.Of(around, Zone)).AddDays(from);
        return Enumerable.Range(0, LongestSearch + 1).Select(i => day.AddDays(i * step)).Where(d => Days.Contains(d.DayOfWeek));
    }

    private DateTimeOffset Instant(DateOnly date, TimeOnly time)
    {
        var local = date.ToDateTime(time);
        return LocalTime.Instants(local, LocalTime.Around(date, Zone), Zone).First ?? LocalTime.AfterGap(local, Zone);
    }
}
