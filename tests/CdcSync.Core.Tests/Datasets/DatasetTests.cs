using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Tests.Shaping;

namespace CdcSync.Core.Tests.Datasets;

public sealed class DatasetTests
{
    private static readonly DatasetColumn Id = new("ID", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0);
    private static readonly DatasetColumn Name = new("Name", "name", StringType.Default, StringType.Default);

    [Fact]
    public void A_copy_with_other_columns_has_their_schemas_and_key()
    {
        var first = TestDatasets.With([Id, Name]);
        Assert.Equal((2, 2, 1, 1), (first.SourceSchema.Fields.Count, first.TargetSchema.Fields.Count, first.Key.Count, first.TargetKey.Count));

        var second = first with { Columns = [Name with { KeyOrdinal = 0 }] };
        Assert.Equal("(Name: utf8)", $"{second.SourceSchema}");
        Assert.Equal("(name: utf8 not null)", $"{second.TargetSchema}");
        Assert.Equal(["Name"], second.Key.Select(k => k.Source));
        Assert.Equal([0], second.TargetKey);
    }

    [Fact]
    public void Datasets_are_equal_whatever_was_asked_of_them()
    {
        DatasetColumn[] columns = [Id, Name];
        var (asked, fresh) = (TestDatasets.With(columns), TestDatasets.With(columns));
        _ = asked.TargetSchema;
        Assert.Equal(fresh, asked);
        Assert.Equal(fresh.GetHashCode(), asked.GetHashCode());
    }
}
