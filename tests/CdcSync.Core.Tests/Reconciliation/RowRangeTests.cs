using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Reconciliation;

/// <summary>Ranges of rows as people write them.</summary>
public sealed class RowRangeTests
{
    private static readonly Dataset Sales = World.Orders with
    {
        Columns =
        [
            new DatasetColumn("id", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0, Required: true),
            new DatasetColumn("day", "day", Date32Type.Default, Date32Type.Default),
            new DatasetColumn("at", "at", new TimestampType(TimeUnit.Second, "UTC"), new TimestampType(TimeUnit.Second, "UTC")),
            new DatasetColumn("wall", "wall", new TimestampType(TimeUnit.Nanosecond, null), new TimestampType(TimeUnit.Nanosecond, null)),
            new DatasetColumn("note", "note", StringType.Default, StringType.Default),
            new DatasetColumn("secret", "secret", StringType.Default, StringType.Default, Mask: new ColumnMask("k")),
        ],
    };

    [Theory]
    [InlineData("id=-5..2000", 0, -5L, 2000L)]
    [InlineData("id=1000..", 0, 1000L, null)]
    [InlineData("id=..7", 0, null, 7L)]
    [InlineData("day=1970-01-03..1970-02-01", 1, 2L, 31L)]
    [InlineData("day=1969-12-30T12:00..1970-01-01T00:00:01", 1, -1L, 1L)]
    [InlineData("at=1970-01-02..1970-01-02T00:00:00.5Z", 2, 86_400L, 86_401L)]
    [InlineData("at=1970-01-01T02:00:00+02:00..", 2, 0L, null)]
    [InlineData("wall=..1970-01-01T00:00:00.0000001", 3, null, 100L)]
    public void A_range_is_from_a_value_up_to_another_which_is_not_in_it(string text, int column, long? from, long? to) =>
        Assert.Equal(new RowRange(text, column, from, to), RowRange.Parse(Sales, text));

    [Theory]
    [InlineData("id", "expected COLUMN=FROM..TO")]
    [InlineData("id=..", "expected COLUMN=FROM..TO")]
    [InlineData("id=1", "expected COLUMN=FROM..TO")]
    [InlineData("id=5..5", "is empty")]
    [InlineData("id=one..2", "expected an integer, found 'one'")]
    [InlineData("day=1.2.2026..", "expected a date or an instant")]
    [InlineData("dya=2026-01-01..", "Did you mean 'day'?")]
    [InlineData("note=a..b", "a range is one of integers, dates or timestamps")]
    [InlineData("secret=a..b", "is masked")]
    public void What_is_no_range_is_said_with_what_was_expected(string text, string message)
    {
        var fault = Assert.Throws<CdcSyncException>(() => RowRange.Parse(Sales, text));
        Assert.Equal(ErrorCodes.WrongUsage, fault.Code);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }
}
