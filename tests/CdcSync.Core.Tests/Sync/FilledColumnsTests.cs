using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sync;
using CdcSync.Core.Tests.Fakes;

namespace CdcSync.Core.Tests.Sync;

/// <summary>Which columns are to be read again for rows that were there before.</summary>
public sealed class FilledColumnsTests
{
    private static readonly Dataset Orders = World.Orders with { Columns = [.. World.Orders.Columns, Column("email", "mail") with { Mask = new ColumnMask("one") }, new DatasetColumn("consent", null, StringType.Default, null)] };

    [Fact]
    public void A_column_is_filled_while_it_is_made_as_it_was()
    {
        var recorded = FilledColumns.Of(Orders);
        Assert.Equal("""{"email":"mail hmac one","value":"value"}""", recorded);
        Assert.Empty(FilledColumns.Missing(Orders, recorded));
        Assert.Equal(recorded, FilledColumns.Kept(Orders, recorded));

        var now = Orders with { Columns = [Orders.Columns[0] with { Source = "other id" }, Column("value", "text"), Column("email", "mail") with { Mask = new ColumnMask("two") }, Column("price", "price")] };
        Assert.Equal(["value", "email", "price"], FilledColumns.Missing(now, recorded));
        Assert.Equal("{}", FilledColumns.Kept(now, recorded));
        Assert.Equal("""{"value":"value"}""", FilledColumns.Kept(World.Orders, recorded));
    }

    [Fact]
    public void What_can_t_be_read_says_nothing() => Assert.Equal(["value", "email"], FilledColumns.Missing(Orders, "nonsense"));

    private static DatasetColumn Column(string target, string source) => new(source, target, StringType.Default, StringType.Default);
}
