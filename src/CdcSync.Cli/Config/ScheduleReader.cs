using System.Globalization;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Reads when something happens: a dataset's schedule, a source's blackout.</summary>
internal static class ScheduleReader
{
    /// <summary>The clock that a dataset, or the defaults, are polled by; null where the file does not say, or says it wrong.</summary>
    internal static PollSchedule? Clock(FieldReader reader)
    {
        var (interval, cron, zone) = (reader.Duration("interval"), reader.Text("cron"), Zone(reader));
        if (cron is null)
        {
            if (reader.Node("timeZone") is not null) reader.Error("timeZone", "is for cron: an interval is the same in every zone.");
            return interval is { } time ? new PollSchedule.Every(time) : null;
        }
        if (reader.Node("interval") is not null) reader.Error("cron", "expected either interval or cron.");
        var (expression, problem) = CronExpression.Parse(cron);
        if (expression is not null) return new PollSchedule.Cron(expression, zone ?? TimeZoneInfo.Utc);
        reader.Error("cron", problem!);
        return null;
    }

    /// <summary>The name of the dataset that another is polled after; null where the file does not say.</summary>
    internal static string? After(FieldReader reader)
    {
        if (reader.Node("after") is null) return null;
        foreach (var clock in (string[])["interval", "cron", "jitter"])
            if (reader.Node(clock) is not null) reader.Error(clock, "after says when it is polled already: remove one of them.");
        return reader.RequiredText("after");
    }

    /// <summary>A source's blackout; null = none.</summary>
    internal static BlackoutHours? Blackout(FieldReader source)
    {
        if (source.Node("blackout") is null) return null;
        var hours = new BlackoutHours([.. source.Maps("blackout").Select(Window).OfType<BlackoutWindow>()]);
        // From any instant on: a week that is black from end to end is so from its beginning.
        if (hours.FirstFree(DateTimeOffset.UnixEpoch) is null) source.Error("blackout", "the source could never be read.");
        return hours;
    }

    private static BlackoutWindow? Window(FieldReader reader)
    {
        var (from, to, zone) = (Time(reader, "from", "00:00"), Time(reader, "to", "24:00"), Zone(reader));
        IReadOnlyList<DayOfWeek> days = [];
        if (reader.Text("days") is { } text)
        {
            var (found, problem) = BlackoutWindow.ParseDays(text);
            days = found;
            if (problem is not null) reader.Error("days", problem);
        }
        reader.End();
        return from is { } begin && to is { } end ? new BlackoutWindow(begin, end, days, zone ?? TimeZoneInfo.Utc) : null;
    }

    // A day's end is the next one's beginning.
    private static TimeOnly? Time(FieldReader reader, string key, string otherwise)
    {
        var text = reader.Node(key) is null ? otherwise : reader.Text(key);
        if (text is null) return null;
        if (text == "24:00") return TimeOnly.MinValue;
        if (TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return time;
        reader.Error(key, $"expected a time of day from \"00:00\" to \"24:00\", found '{text}'.");
        return null;
    }

    private static TimeZoneInfo? Zone(FieldReader reader)
    {
        if (reader.Text("timeZone") is not { } name) return null;
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) && zone.HasIanaId) return zone;
        reader.Error("timeZone", $"this machine knows no time zone '{name}': expected an IANA name such as Europe/Berlin, and the package tzdata.");
        return null;
    }
}
