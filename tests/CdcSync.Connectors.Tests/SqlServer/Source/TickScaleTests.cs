using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Source.Values;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Tests.SqlServer.Source;

/// <summary>datetime2(7) and its kin in Arrow's units.</summary>
public sealed class TickScaleTests
{
    private static readonly DateTime Epoch = DateTime.UnixEpoch;

    [Theory]
    [InlineData("2026-01-02T03:04:05.1234560", TimeUnit.Microsecond, 1767323045123456, true)]
    [InlineData("2026-01-02T03:04:05.1234567", TimeUnit.Microsecond, 1767323045123456, false)]
    [InlineData("1969-12-31T23:59:59.9999999", TimeUnit.Microsecond, -1, false)]
    [InlineData("0001-01-01T00:00:00.0000001", TimeUnit.Microsecond, -62135596800000000, false)]
    [InlineData("9999-12-31T23:59:59.9999999", TimeUnit.Millisecond, 253402300799999, false)]
    [InlineData("9999-12-31T23:59:59.9999999", TimeUnit.Second, 253402300799, false)]
    [InlineData("2026-01-02T03:04:05.1234567", TimeUnit.Nanosecond, 1767323045123456700, true)]
    public void A_time_is_taken_exactly_or_cut_where_the_contract_says_so(string text, TimeUnit unit, long expected, bool isExact)
    {
        var ticks = (DateTime.Parse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AdjustToUniversal | System.Globalization.DateTimeStyles.AssumeUniversal) - Epoch).Ticks;
        Assert.True(new TickScale(unit, TimePrecision.Truncate).TryFrom(ticks, out var cut));
        Assert.Equal(expected, cut);
        Assert.Equal(isExact, new TickScale(unit, TimePrecision.Exact).TryFrom(ticks, out _));
    }

    [Theory]
    [InlineData("1677-09-21T00:12:43.1452241", false)]
    [InlineData("1677-09-21T00:12:43.1452242", true)]
    [InlineData("2262-04-11T23:47:16.8547758", true)]
    [InlineData("2262-04-11T23:47:16.8547759", false)]
    public void Nanoseconds_reach_as_far_as_64_bits(string text, bool fits)
    {
        var ticks = (DateTime.Parse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AdjustToUniversal | System.Globalization.DateTimeStyles.AssumeUniversal) - Epoch).Ticks;
        Assert.Equal(fits, new TickScale(TimeUnit.Nanosecond, TimePrecision.Truncate).TryFrom(ticks, out _));
    }
}
