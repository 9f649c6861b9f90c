namespace CdcSync.Core.Scheduling;

/// <summary>
/// Five fields: minute, hour, day of the month, month, day of the week. Where both days are given, either is enough. Where the clock is set, an expression with named hours runs once
/// for each time: one that is left out right after the gap, one that comes twice at the first; one with <c>*</c> for the hour runs whenever the clock shows its minute.
/// </summary>
public sealed class CronExpression
{
    // Between two 29ths of February lie up to eight years.
    private const int LongestSearch = 366 * 9;

    private readonly CronField _minute, _hour, _day, _month, _weekday;

    private CronExpression(string text, IReadOnlyList<CronField> fields)
    {
        Text = text;
        (_minute, _hour, _day, _month, _weekday) = (fields[0], fields[1], fields[2], fields[3], fields[4]);
    }

    /// <summary>The expression as it was written.</summary>
    public string Text { get; }

    /// <summary>Reads an expression.</summary>
    /// <param name="text">As in <c>0 6 * * MON-FRI</c>.</param>
    /// <returns>The expression; or null and what is wrong with it.</returns>
    public static (CronExpression? Cron, string? Problem) Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != CronField.Kinds.Count)
            return (null, $"expected five fields (minute, hour, day of the month, month, day of the week), found {words.Length}.");
        var fields = words.Zip(CronField.Kinds, CronField.Parse).ToArray();
        if (fields.FirstOrDefault(f => f.Problem is not null).Problem is { } problem)
            return (null, problem);
        var cron = new CronExpression(string.Join(' ', words), [.. fields.Select(f => f.Field)]);
        return cron.Next(DateTimeOffset.UnixEpoch, TimeZoneInfo.Utc) is null ? (null, $"'{cron.Text}' never comes: no such day is in the calendar.") : (cron, null);
    }

    /// <summary>The first instant after another at which it is time; null = never.</summary>
    /// <param name="after">The instant.</param>
    /// <param name="zone">The zone whose clock counts.</param>
    public DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        // A time that was left out may belong to the day before; one that comes twice may come again after the next day's first.
        var date = DateOnly.FromDateTime(LocalTime.Of(after, zone)).AddDays(-1);
        for (var days = 0; days < LongestSearch; days++, date = date.AddDays(1))
        {
            if (FirstOf(date, after, zone) is not { } found)
                continue;
            return FirstOf(date.AddDays(1), after, zone) is { } other && other < found ? other : found;
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>The first instant after another among those of a day on the calendar.</summary>
    private DateTimeOffset? FirstOf(DateOnly date, DateTimeOffset after, TimeZoneInfo zone)
    {
        if (!IsDay(date))
            return null;
        var offsets = LocalTime.Around(date, zone);
        var least = offsets.Early < offsets.Late ? offsets.Early : offsets.Late;
        DateTimeOffset? first = null;
        for (var minute = 0; minute < 24 * 60; minute++)
        {
            if (!_hour.Has(minute / 60) || !_minute.Has(minute % 60))
                continue;
            var local = date.ToDateTime(TimeOnly.MinValue).AddMinutes(minute);
            if (LocalTime.Utc(local - least) <= after)
                continue;
            var (once, again) = Instants(local, offsets, zone);
            // What comes once comes in the order of the clock; only what comes again may lie before it.
            if (once > after)
                return first < once ? first : once;
            if (again > after && (first is null || again < first))
                first = again;
        }

        return first;
    }

    private (DateTimeOffset? Once, DateTimeOffset? Again) Instants(DateTime local, (TimeSpan Early, TimeSpan Late) offsets, TimeZoneInfo zone)
    {
        var (first, second) = LocalTime.Instants(local, offsets, zone);
        return _hour.IsAny ? (first, second) : (first ?? LocalTime.AfterGap(local, zone), null);
    }

    private bool IsDay(DateOnly date)
    {
        var (day, weekday) = (_day.Has(date.Day), _weekday.Has((int)date.DayOfWeek));
        return _month.Has(date.Month) && (_day.IsAny || _weekday.IsAny ? day && weekday : day || weekday);
    }
}
