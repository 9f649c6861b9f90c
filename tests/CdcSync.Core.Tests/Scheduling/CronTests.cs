using CdcSync.Core.Scheduling;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Scheduling;

public sealed class CronTests
{
    // Summer time by the hour and by half of it, at midnight, on the southern half; a zone without; one that left out a day.
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo", "Asia/Kolkata", "Pacific/Apia", "America/St_Johns"];

    [Theory]
    [InlineData("0 6 * * *", "UTC", "2026-03-01T05:59:59Z", "2026-03-01T06:00:00Z")]
    [InlineData("0 6 * * *", "UTC", "2026-03-01T06:00:00Z", "2026-03-02T06:00:00Z")]
    [InlineData("*/15 9-17 * * MON-FRI", "UTC", "2026-11-20T17:45:00Z", "2026-11-23T09:00:00Z")]
    [InlineData("0 0 1 * MON", "UTC", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z")]
    [InlineData("0 0 13 * FRI", "UTC", "2026-11-10T00:00:00Z", "2026-11-13T00:00:00Z")]
    [InlineData("5,35 */6 * jan,JUL 7", "UTC", "2026-07-04T00:00:00Z", "2026-07-05T00:05:00Z")]
    [InlineData("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("30 12 31 12 *", "UTC", "2026-12-31T12:30:00Z", "2027-12-31T12:30:00Z")]
    [InlineData("0 6 * * *", "Europe/Berlin", "2026-03-28T05:00:00Z", "2026-03-29T04:00:00Z")]
    // Left out: 02:30 on the 29th of March is the first moment after the gap. Twice there: 02:30 on the 25th of October is the first of both.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z")]
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")]
    [InlineData("0 6 * * *", "Pacific/Apia", "2011-12-29T23:00:00Z", "2011-12-30T10:00:00Z")]
    public void The_next_time_is_what_the_clock_on_the_wall_says(string text, string zone, string after, string expected)
    {
        var cron = CronExpression.Parse(text).Cron!;
        Assert.Equal(At(expected), cron.Next(At(after), TimeZoneInfo.FindSystemTimeZoneById(zone)));
    }

    [Theory]
    [InlineData("* * * *", "expected five fields (minute, hour, day of the month, month, day of the week), found 4.")]
    [InlineData("60 * * * *", "'60' is no minute: expected 0 to 59, a range a-b, or steps such as */5.")]
    [InlineData("0 24 * * *", "'24' is no hour: expected 0 to 23, a range a-b, or steps such as */5.")]
    [InlineData("0 5-2 * * *", "'5-2' is no hour: expected 0 to 23, a range a-b, or steps such as */5.")]
    [InlineData("*/0 * * * *", "'*/0' is no minute: expected 0 to 59, a range a-b, or steps such as */5.")]
    [InlineData("0 0 0 * *", "'0' is no day of the month: expected 1 to 31, a range a-b, or steps such as */5.")]
    [InlineData("0 0 * FOO *", "'FOO' is no month: expected 1 to 12 or JAN to DEC, a range a-b, or steps such as */5.")]
    [InlineData("0 0 * * 8", "'8' is no day of the week: expected 0 to 7 or SUN to SAT, a range a-b, or steps such as */5.")]
    [InlineData("0,, 0 * * *", "'' is no minute: expected 0 to 59, a range a-b, or steps such as */5.")]
    [InlineData("0 0 30 2 *", "'0 0 30 2 *' never comes: no such day is in the calendar.")]
    public void What_is_wrong_is_said(string text, string problem) => Assert.Equal((null, problem), CronExpression.Parse(text));

    [Fact]
    public void Times_are_those_of_a_clock_that_is_looked_at_each_minute()
    {
        var fields = Gen.Elements("*", "*/7", "0", "30", "15,45", "59").Zip(Gen.Elements("*", "*/2", "0", "1", "2", "3", "23", "0-3", "1,2,3", "0-23")).Zip(Gen.Elements("* * *", "* * SUN", "* * 1-6", "25-31 * *", "*/2 * SUN", "1,8,29 * SAT"));
        // Each zone sets its clock in these weeks.
        var weeks = Gen.Elements(
            ("Europe/Berlin", "2026-03-28"), ("Europe/Berlin", "2026-10-24"), ("America/New_York", "2026-03-07"), ("America/New_York", "2026-10-31"), ("Australia/Lord_Howe", "2026-04-04"),
            ("Australia/Lord_Howe", "2026-10-03"), ("America/Santiago", "2026-04-04"), ("America/Santiago", "2026-09-05"), ("Africa/Cairo", "2026-04-23"), ("Africa/Cairo", "2026-10-29"),
            ("Pacific/Apia", "2011-12-29"), ("America/St_Johns", "2006-10-28"), ("America/St_Johns", "2006-04-01"), ("Asia/Kolkata", "2026-03-28"), ("UTC", "2026-03-28"));
        var cases = fields.Zip(weeks).Select(c => ($"{c.Item1.Item1.Item1} {c.Item1.Item1.Item2} {c.Item1.Item2}", c.Item2.Item1, c.Item2.Item2));
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var (text, zone, day) = c;
            var cron = CronExpression.Parse(text).Cron!;
            var begin = At($"{day}T00:00:00Z").AddHours(-12);
            Assert.Equal(Model(text, TimeZoneInfo.FindSystemTimeZoneById(zone), begin, begin.AddHours(80)), Told(cron, TimeZoneInfo.FindSystemTimeZoneById(zone), begin, begin.AddHours(80)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(80));
    }

    [Fact]
    public void Every_zone_of_these_is_known_here() => Assert.All(Zones, z => Assert.True(TimeZoneInfo.TryFindSystemTimeZoneById(z, out _), z));

    private static List<DateTimeOffset> Told(CronExpression cron, TimeZoneInfo zone, DateTimeOffset begin, DateTimeOffset end)
    {
        var times = new List<DateTimeOffset>();
        for (var next = cron.Next(begin, zone); next < end; next = cron.Next(next!.Value, zone))
            times.Add(next!.Value);
        return times;
    }

    /// <summary>Looks at the clock each minute, and at what it left out since the minute before.</summary>
    private static List<DateTimeOffset> Model(string text, TimeZoneInfo zone, DateTimeOffset begin, DateTimeOffset end)
    {
        var fields = text.Split(' ');
        var isWild = fields[1].StartsWith('*') || fields[1] == "0-23";
        var times = new List<DateTimeOffset>();
        // The day before is looked at too: what the clock has shown already, it shows again.
        var shown = Clock(begin.AddDays(-2));
        for (var at = begin.AddDays(-2).AddMinutes(1); at < end; at = at.AddMinutes(1))
        {
            var now = Clock(at);
            var isNew = now > shown;
            var isTime = isWild ? Matches(now) : isNew && Enumerable.Range(1, (int)(now - shown).TotalMinutes).Any(m => Matches(shown.AddMinutes(m)));
            if (isTime && at > begin)
                times.Add(at);
            shown = isNew ? now : shown;
        }

        return times;

        DateTime Clock(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, zone).DateTime;

        bool Matches(DateTime local)
        {
            var (day, weekday) = (Has(fields[2], local.Day, 1), Has(fields[4], (int)local.DayOfWeek, 0));
            var isDay = fields[2].StartsWith('*') || fields[4].StartsWith('*') ? day && weekday : day || weekday;
            return Has(fields[0], local.Minute, 0) && Has(fields[1], local.Hour, 0) && isDay;
        }
    }

    private static bool Has(string field, int number, int min) => field.Replace("SUN", "0", StringComparison.Ordinal).Replace("SAT", "6", StringComparison.Ordinal).Split(',').Any(part => part.Split('/', '-') switch
    {
        ["*"] => true,
        ["*", var step] => (number - min) % int.Parse(step, System.Globalization.CultureInfo.InvariantCulture) == 0,
        [var from, var to] => number >= int.Parse(from, System.Globalization.CultureInfo.InvariantCulture) && number <= int.Parse(to, System.Globalization.CultureInfo.InvariantCulture),
        [var only] => number == int.Parse(only, System.Globalization.CultureInfo.InvariantCulture),
        _ => throw new ArgumentException(field),
    });

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
