namespace CdcSync.Core.Scheduling;

/// <summary>
/// Which instants a clock on the wall of a zone shows a time at: one; two where it is set back; none where it is set forward. Found from the zone's offsets alone, so that
/// a change of its standard time counts as one of summer time does.
/// </summary>
internal static class LocalTime
{
    // No zone was ever set by more: Samoa left out a day.
    private static readonly TimeSpan LargestChange = TimeSpan.FromHours(26);

    /// <summary>What the clock shows at an instant.</summary>
    public static DateTime Of(DateTimeOffset instant, TimeZoneInfo zone) => instant.UtcDateTime + zone.GetUtcOffset(instant.UtcDateTime);

    /// <summary>The zone's offsets well before and well after a day: all that its times can have.</summary>
    public static (TimeSpan Early, TimeSpan Late) Around(DateOnly date, TimeZoneInfo zone)
    {
        var midnight = date.ToDateTime(TimeOnly.MinValue);
        return (zone.GetUtcOffset(Utc(midnight - LargestChange).UtcDateTime), zone.GetUtcOffset(Utc(midnight + TimeSpan.FromDays(1) + LargestChange).UtcDateTime));
    }

    /// <summary>The instants at which the clock shows a time, the earlier first; none in a gap.</summary>
    /// <param name="local">The time.</param>
    /// <param name="offsets">The offsets around its day.</param>
    /// <param name="zone">The zone.</param>
    public static (DateTimeOffset? First, DateTimeOffset? Second) Instants(DateTime local, (TimeSpan Early, TimeSpan Late) offsets, TimeZoneInfo zone)
    {
        if (offsets.Early == offsets.Late)
            return (Utc(local - offsets.Early), null);
        var (first, second) = (Shown(local, offsets.Early, zone), Shown(local, offsets.Late, zone));
        return first is null ? (second, null) : (first, second);
    }

    /// <summary>The first instant after a gap that leaves a time out.</summary>
    public static DateTimeOffset AfterGap(DateTime local, TimeZoneInfo zone)
    {
        // The clock shows less at the one end and more at the other; between them it jumps over the time once.
        var (low, high) = (Utc(local - LargestChange), Utc(local + LargestChange));
        while (high - low > TimeSpan.FromSeconds(1))
        {
            var middle = low + TimeSpan.FromSeconds(Math.Floor((high - low).TotalSeconds / 2));
            if (Of(middle, zone) > local)
                high = middle;
            else
                low = middle;
        }

        return high;
    }

    /// <summary>The instant at which a clock in UTC shows a time.</summary>
    public static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Unspecified), TimeSpan.Zero);

    private static DateTimeOffset? Shown(DateTime local, TimeSpan offset, TimeZoneInfo zone)
    {
        var instant = Utc(local - offset);
        return Of(instant, zone) == local ? instant : null;
    }
}
