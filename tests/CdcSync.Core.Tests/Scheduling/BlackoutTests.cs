using CdcSync.Core.Scheduling;

namespace CdcSync.Core.Tests.Scheduling;

public sealed class BlackoutTests
{
    [Theory]
    [InlineData("2026-11-23T00:59:59Z", "2026-11-23T00:59:59Z")]
    [InlineData("2026-11-23T01:00:00Z", "2026-11-23T03:30:00Z")]
    [InlineData("2026-11-23T03:29:59Z", "2026-11-23T03:30:00Z")]
    [InlineData("2026-11-23T03:30:00Z", "2026-11-23T03:30:00Z")]
    public void A_window_ends_before_its_end(string at, string free) => Assert.Equal(At(free), Hours("01:00", "03:30", "").FirstFree(At(at)));

    [Theory]
    [InlineData("2026-11-20T23:00:00Z", "2026-11-21T02:00:00Z")]      // Friday night
    [InlineData("2026-11-21T01:00:00Z", "2026-11-21T02:00:00Z")]      // its Saturday morning
    [InlineData("2026-11-21T23:00:00Z", "2026-11-21T23:00:00Z")]
    [InlineData("2026-11-20T01:00:00Z", "2026-11-20T01:00:00Z")]      // Thursday's night
    public void A_window_over_midnight_belongs_to_the_day_it_begins_on(string at, string free) => Assert.Equal(At(free), Hours("22:00", "02:00", "FRI").FirstFree(At(at)));

    [Theory]
    // 02:00 to 03:00 by the clock on the wall: that hour is left out in March, and comes twice in October.
    [InlineData("2026-03-29T00:59:00Z", "2026-03-29T00:59:00Z")]
    [InlineData("2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("2026-10-25T00:10:30Z", "2026-10-25T02:00:00Z")]
    public void Hours_are_those_of_the_clock_on_the_wall(string at, string free) => Assert.Equal(At(free), Hours("02:00", "03:00", "", "Europe/Berlin").FirstFree(At(at)));

    [Fact]
    public void Windows_that_touch_are_one_and_those_that_leave_nothing_free_never_end()
    {
        var weekend = new BlackoutWindow(TimeOnly.MinValue, TimeOnly.MinValue, [DayOfWeek.Saturday, DayOfWeek.Sunday], TimeZoneInfo.Utc);
        var morning = new BlackoutWindow(TimeOnly.MinValue, new TimeOnly(6, 0), [DayOfWeek.Monday], TimeZoneInfo.Utc);
        Assert.Equal(At("2026-11-23T06:00:00Z"), new BlackoutHours([morning, weekend]).FirstFree(At("2026-11-21T00:00:00Z")));
        Assert.Null(new BlackoutHours([weekend with { Days = [] }]).FirstFree(At("2026-11-21T00:00:00Z")));
    }

    private static BlackoutHours Hours(string from, string to, string days, string zone = "UTC") =>
        new([new BlackoutWindow(TimeOnly.Parse(from, System.Globalization.CultureInfo.InvariantCulture), TimeOnly.Parse(to, System.Globalization.CultureInfo.InvariantCulture), days.Length == 0 ? [] : BlackoutWindow.ParseDays(days).Days, TimeZoneInfo.FindSystemTimeZoneById(zone))]);

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
