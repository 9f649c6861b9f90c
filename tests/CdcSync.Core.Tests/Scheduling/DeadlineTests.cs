using System.Globalization;
using CdcSync.Core.Scheduling;

namespace CdcSync.Core.Tests.Scheduling;

/// <summary>When a deadline is, and which instant it asks for.</summary>
public sealed class DeadlineTests
{
    [Theory]
    // by, up to, days, zone; now; the newest, its cut, the next
    [InlineData("06:00", "00:00", "", "UTC", "2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z", "2026-11-23T00:00:00Z", "2026-11-24T06:00:00Z")]
    [InlineData("06:00", "00:00", "", "UTC", "2026-11-23T05:59:59Z", "2026-11-22T06:00:00Z", "2026-11-22T00:00:00Z", "2026-11-23T06:00:00Z")]
    [InlineData("06:00", "06:00", "", "UTC", "2026-11-23T06:00:01Z", "2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z", "2026-11-24T06:00:00Z")]
    [InlineData("06:00", "22:00", "", "UTC", "2026-11-23T06:00:01Z", "2026-11-23T06:00:00Z", "2026-11-22T22:00:00Z", "2026-11-24T06:00:00Z")]
    // 23 November 2026 is a Monday.
    [InlineData("06:00", "00:00", "MON-FRI", "UTC", "2026-11-23T05:00:00Z", "2026-11-20T06:00:00Z", "2026-11-20T00:00:00Z", "2026-11-23T06:00:00Z")]
    [InlineData("06:00", "00:00", "MON", "UTC", "2026-11-23T05:00:00Z", "2026-11-16T06:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T06:00:00Z")]
    [InlineData("06:00", "00:00", "MON", "Pacific/Auckland", "2026-11-22T17:00:00Z", "2026-11-22T17:00:00Z", "2026-11-22T11:00:00Z", "2026-11-29T17:00:00Z")]
    // The clock leaves out 02:00 to 03:00 in March, and shows it twice in October.
    [InlineData("06:00", "02:30", "", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29T04:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T04:00:00Z")]
    [InlineData("02:30", "00:00", "", "Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-28T01:30:00Z", "2026-03-27T23:00:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("06:00", "02:30", "", "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25T05:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T05:00:00Z")]
    public void A_deadline_is_by_the_clock_on_the_wall(string readyBy, string upTo, string days, string zone, string now, string at, string cut, string next)
    {
        var deadline = Of(readyBy, upTo, days, zone);
        Assert.Equal((At(at), At(cut)), deadline.NewestAt(At(now)));
        Assert.Equal(At(next), deadline.NextAfter(At(now)));
    }

    [Theory]
    [InlineData("06:00", "00:00", "MON-FRI", true)]
    [InlineData("05:00", "00:00", "", true)]
    [InlineData("06:00", "01:00", "MON-FRI", true)]
    [InlineData("06:00", "23:00", "MON-FRI", false)]
    [InlineData("06:01", "00:00", "MON-FRI", false)]
    [InlineData("06:00", "00:00", "MON-THU", false)]
    public void Another_deadline_keeps_one_if_it_is_no_later_on_no_fewer_days(string readyBy, string upTo, string days, bool keeps) =>
        Assert.Equal(keeps, Of(readyBy, upTo, days, "UTC").Keeps(Of("06:00", "00:00", "MON-FRI", "UTC")));

    private static Deadline Of(string readyBy, string upTo, string days, string zone) => new(Time(readyBy), Time(upTo), days.Length == 0 ? Enum.GetValues<DayOfWeek>() : BlackoutWindow.ParseDays(days).Days, TimeZoneInfo.FindSystemTimeZoneById(zone));

    private static TimeOnly Time(string text) => TimeOnly.Parse(text, CultureInfo.InvariantCulture);

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
