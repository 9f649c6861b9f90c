using CdcSync.Core.Datasets;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Tests.Contracts;

namespace CdcSync.Core.Tests.Configuration;

public sealed class ScheduleConfigTests : IDisposable
{
    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_kind_of_schedule_is_read()
    {
        var pipeline = _folder.LoadRoot("""
            sources: { shop: { kind: sqlite, path: shop.db, blackout: [{ from: "22:00", to: "02:00", days: SAT, timeZone: Europe/Berlin }] } }
            keys: { pii: "${env:PII}" }
            defaults: { cron: "*/5 * * * *", jitter: 2s }
            datasets:
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders, interval: 10s, priority: 3 }
              customers: { source: shop, object: customers, contract: shop.odcs.yaml#customers, cron: "0 6 * * MON-FRI", timeZone: America/New_York, jitter: 30s }
              order_lines: { source: shop, object: order_lines, contract: shop.odcs.yaml#order_lines, after: orders }
              returns: { source: shop, object: returns, contract: shop.odcs.yaml#returns, capture: full-refresh }
            """).OrThrow().Pipeline;
        var (orders, customers, lines, returns) = (pipeline.Datasets[0], pipeline.Datasets[1], pipeline.Datasets[2], pipeline.Datasets[3]);
        Assert.Equal((new PollSchedule.Every(TimeSpan.FromSeconds(10)), TimeSpan.FromSeconds(2), 3), (orders.Schedule, orders.Jitter, orders.Priority));
        var weekdays = Assert.IsType<PollSchedule.Cron>(customers.Schedule);
        Assert.Equal(("0 6 * * MON-FRI", "America/New_York", TimeSpan.FromSeconds(30)), (weekdays.Expression.Text, weekdays.Zone.Id, customers.Jitter));
        Assert.Equal(TimeSpan.FromDays(3) + TimeSpan.FromHours(1), customers.Interval);        // over the weekend on which summer time ends
        Assert.Equal((new PollSchedule.After(new DatasetId("orders"), orders.Schedule), TimeSpan.FromSeconds(10), TimeSpan.Zero), (lines.Schedule, lines.Interval, lines.Jitter));
        Assert.Equal((TimeZoneInfo.Utc.Id, TimeSpan.FromMinutes(5)), (Assert.IsType<PollSchedule.Cron>(returns.Schedule).Zone.Id, returns.Interval));

        var night = new DateTimeOffset(2026, 11, 22, 0, 30, 0, TimeSpan.FromHours(1));
        Assert.True(pipeline.Blackouts["shop"].Covers(night));
        Assert.Equal(night.AddMinutes(90), pipeline.FirstFree(orders, night));
    }

    [Theory]
    [InlineData("cron: \"0 6 * *\"", "d.cron: expected five fields (minute, hour, day of the month, month, day of the week), found 4.")]
    [InlineData("interval: 5s, cron: \"0 6 * * *\"", "d.cron: expected either interval or cron.")]
    [InlineData("cron: \"0 6 * * *\", timeZone: Europe/Brelin", "d.timeZone: this machine knows no time zone 'Europe/Brelin': expected an IANA name such as Europe/Berlin, and the package tzdata.")]
    [InlineData("interval: 5s, timeZone: Europe/Berlin", "d.timeZone: is for cron: an interval is the same in every zone.")]
    [InlineData("interval: 5s, after: d", "d.interval: after says when it is polled already: remove one of them.")]
    [InlineData("after: e", "d.after: there is no dataset 'e'. Did you mean 'd'?")]
    [InlineData("after: d", "d.after: 'd' follows itself: none of those that follow each other would ever be polled.")]
    [InlineData("priority: 1000", "d.priority: must be from -100 to 100.")]
    public void A_schedule_that_can_not_be_kept_is_refused(string keys, string expected) =>
        Assert.Contains(_folder.LoadDataset(keys).Messages(), m => m.Contains(expected, StringComparison.Ordinal));

    [Theory]
    [InlineData("{ from: \"9\", to: \"10:00\" }", "sources.shop.blackout[0].from: expected a time of day from \"00:00\" to \"24:00\", found '9'.")]
    [InlineData("{ days: WEEKEND }", "sources.shop.blackout[0].days: 'WEEKEND' is no day of the week: expected 0 to 7 or SUN to SAT, a range a-b, or steps such as */5.")]
    [InlineData("{ from: \"00:00\", to: \"24:00\" }", "sources.shop.blackout: the source could never be read.")]
    [InlineData("{ form: \"10:00\" }", "sources.shop.blackout[0]: unknown key 'form'. Did you mean 'from'?")]
    public void A_blackout_that_can_not_be_meant_is_refused(string window, string expected) =>
        Assert.Contains(_folder.LoadRoot($"sources: {{ shop: {{ kind: sqlite, path: shop.db, blackout: [{window}] }} }}").Messages(), m => m.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void A_group_has_one_schedule()
    {
        var messages = _folder.LoadRoot("""
            datasets:
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders, cron: "0 6 * * *", group: g }
              order_lines: { source: shop, object: order_lines, contract: shop.odcs.yaml#order_lines, cron: "0 7 * * *", group: g }
            """).Messages();
        Assert.Contains(messages, m => m.Contains("'g' has another schedule in orders: what publishes together is polled together.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_clock_that_breaks_the_contracts_promise_is_warned_of() =>
        Assert.Contains(_folder.LoadDataset("cron: \"0 6 * * *\"").Messages(), m => m.Contains("the interval is longer than the freshness that the contract promises", StringComparison.Ordinal));
}
