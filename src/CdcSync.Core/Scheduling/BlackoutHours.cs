namespace CdcSync.Core.Scheduling;

/// <summary>The hours in which a worker does not read a source.</summary>
/// <param name="windows">The windows; an instant within any of them is blacked out.</param>
public sealed class BlackoutHours(IReadOnlyList<BlackoutWindow> windows)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // All windows come again after a week; a day more for clocks that are set.
    private const int LongestSearch = 8 * 24 * 60;

    /// <summary>True if the source is not read at an instant.</summary>
    public bool Covers(DateTimeOffset instant) => windows.Any(w => w.Covers(instant));

    /// <summary>The instant itself where the source may be read then, else the first full minute after it at which it may; null = never.</summary>
    public DateTimeOffset? FirstFree(DateTimeOffset instant)
    {
        if (!Covers(instant))
            return instant;
        // Minute by minute, as the clock on the wall goes: nothing has to be known of how zones set it.
        var minute = new DateTimeOffset(instant.UtcTicks - (instant.UtcTicks % Minute.Ticks), TimeSpan.Zero);
        for (var i = 0; i < LongestSearch; i++)
        {
            minute += Minute;
            if (!Covers(minute))
                return minute;
        }

        return null;
    }
}

/// <summary>A span of a day's hours, by the clock on the wall of a zone.</summary>
/// <param name="From">When it begins.</param>
/// <param name="To">When it ends, itself free again; at or before <paramref name="From"/> = on the next day.</param>
/// <param name="Days">The days on which it begins; empty = every day.</param>
/// <param name="Zone">The zone.</param>
public sealed record BlackoutWindow(TimeOnly From, TimeOnly To, IReadOnlyList<DayOfWeek> Days, TimeZoneInfo Zone)
{
    /// <summary>True if the instant lies within it.</summary>
    public bool Covers(DateTimeOffset instant)
    {
        var local = LocalTime.Of(instant, Zone);
        var time = TimeOnly.FromDateTime(local);
        var today = Begins(local.DayOfWeek);
        return From < To
            ? today && time >= From && time < To
            : (today && time >= From) || (time < To && Begins(local.AddDays(-1).DayOfWeek));
    }

    /// <summary>Reads days as in the last field of a cron expression: <c>MON-FRI</c>, <c>SAT,SUN</c>.</summary>
    /// <returns>The days, or what is wrong with them.</returns>
    public static (IReadOnlyList<DayOfWeek> Days, string? Problem) ParseDays(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (field, problem) = CronField.Parse(text, CronField.Kinds[^1]);
        return ([.. Enum.GetValues<DayOfWeek>().Where(d => field.Has((int)d))], problem);
    }

    private bool Begins(DayOfWeek day) => Days.Count == 0 || Days.Contains(day);
}
