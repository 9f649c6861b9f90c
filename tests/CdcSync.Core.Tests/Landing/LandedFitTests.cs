using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Landing;
using CdcSync.Core.Tests.Shaping;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Tests.Landing;

/// <summary>What was landed under one contract, read under another.</summary>
public sealed class LandedFitTests
{
    private static readonly DatasetColumn Id = new("ID", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0);
    private static readonly DatasetColumn Mail = new("Mail", "mail", StringType.Default, StringType.Default);
    private static readonly DatasetColumn Small = new("Size", "size", Int32Type.Default, Int32Type.Default);

    [Fact]
    public async Task Columns_go_by_name_those_no_longer_taken_are_left_out_and_types_are_cast_where_that_is_exact()
    {
        var then = TestDatasets.With([Id, Mail, Small], "people");
        var now = TestDatasets.With([Small with { ReadType = Int64Type.Default, TargetType = Int64Type.Default }, Id], "people");
        var chunk = new ChangeChunk(TestColumns.Batch(then.TargetSchema, [1L, "a", 7], [2L, null, null], [3L, "c", -1]), new[] { ChangeKind.Upsert, ChangeKind.Delete, ChangeKind.Upsert },
            [new RowFault(0, "mail", "too long"), new RowFault(2, "nothing", "too large")]);
        var (fitted, filled) = await FitAsync(then, now, MissingColumns.Refused, chunk);
        Assert.Equal([[7L, 1L], [null, 2L], [-1L, 3L]], TestColumns.Rows(fitted.Rows));
        Assert.Equal(now.TargetSchema, fitted.Rows.Schema);
        Assert.Equal(chunk.Kinds.ToArray(), fitted.Kinds.ToArray());
        Assert.Equal([new RowFault(2, "nothing", "too large")], fitted.Faults);
        Assert.Empty(filled);
    }

    [Fact]
    public async Task A_value_that_does_not_fit_its_type_any_more_is_a_fault_of_its_row()
    {
        var then = TestDatasets.With([Id, Small], "people");
        var now = TestDatasets.With([Id, Small with { ReadType = Int8Type.Default, TargetType = Int8Type.Default }], "people");
        var (fitted, _) = await FitAsync(then, now, MissingColumns.Refused, ChangeChunk.Upserts(TestColumns.Batch(then.TargetSchema, [1L, 300], [2L, 3])));
        Assert.Equal([[1L, null], [2L, (sbyte)3]], TestColumns.Rows(fitted.Rows));
        Assert.Equal((0, "size"), (Assert.Single(fitted.Faults).Row, fitted.Faults[0].Column));
    }

    [Fact]
    public async Task A_column_that_came_later_is_refused_or_null_and_named()
    {
        var then = TestDatasets.With([Id], "people");
        var now = TestDatasets.With([Id, Mail], "people");
        var chunk = ChangeChunk.Upserts(TestColumns.Batch(then.TargetSchema, [1L], [2L]));
        var refused = await Assert.ThrowsAsync<CdcSyncException>(() => FitAsync(then, now, MissingColumns.Refused, chunk));
        Assert.Equal(ErrorCodes.LandingOtherShape, refused.Code);
        Assert.Contains("'mail'", refused.Message, StringComparison.Ordinal);
        var (fitted, filled) = await FitAsync(then, now, MissingColumns.AreNull, chunk);
        Assert.Equal([[1L, null], [2L, null]], TestColumns.Rows(fitted.Rows));
        Assert.Equal(["mail"], filled);
    }

    public static TheoryData<string, Dataset, Dataset> Others()
    {
        var plain = TestDatasets.With([Id, Mail], "people");
        Dataset Masked(string key) => TestDatasets.With([Id, Mail with { Mask = new ColumnMask(key) }], "people");
        DatasetColumn named = new("Name", "name", StringType.Default, StringType.Default, KeyOrdinal: 0);
        var filtered = plain with { Filter = new RowFilter("Mail", ["yes"]) };
        return new()
        {
            { "'mail' was landed under another mask", plain, Masked("one") },
            { "'mail' was landed under another mask", Masked("one"), plain },
            { "'mail' was landed under another mask", Masked("one"), Masked("two") },
            { "by another filter", plain, filtered },
            { "by another filter", filtered, filtered with { Filter = new RowFilter("Mail", ["yes", "maybe"]) } },
            { "its key has the column 'id', the contract's has not", plain, TestDatasets.With([Mail with { KeyOrdinal = 0 }], "people") },
            { "its key has not the column 'name', the contract's has", plain, TestDatasets.With([Id, named with { KeyOrdinal = 1 }], "people") },
            { "'mail' has another place in the key", plain, TestDatasets.With([Id, Mail with { KeyOrdinal = 1 }], "people") },
            { "or was folded otherwise", TestDatasets.With([named], "people"), TestDatasets.With([named with { Fold = KeyFold.Blanks }], "people") },
            { "there is no cast to int32", TestDatasets.With([Id, new("At", "at", TimestampOf(), TimestampOf())], "people"), TestDatasets.With([Id, new("At", "at", Int32Type.Default, Int32Type.Default)], "people") },
        };

        static ArrowType TimestampOf() => new TimestampType(TimeUnit.Microsecond, null);
    }

    [Theory]
    [MemberData(nameof(Others), DisableDiscoveryEnumeration = true)]
    public async Task What_was_masked_filtered_keyed_or_typed_otherwise_is_refused(string why, Dataset then, Dataset now)
    {
        var nothing = then.TargetSchema.Fields.Select(_ => (object?)null).ToArray();
        var chunk = ChangeChunk.Upserts(TestColumns.Batch(then.TargetSchema, nothing));
        var refused = await Assert.ThrowsAsync<CdcSyncException>(() => FitAsync(then, now, MissingColumns.AreNull, chunk));
        Assert.Equal(ErrorCodes.LandingOtherShape, refused.Code);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_order_of_a_filter_s_values_says_nothing()
    {
        var then = TestDatasets.With([Id, Mail], "people") with { Filter = new RowFilter("Mail", ["b", "a"]) };
        var (fitted, _) = await FitAsync(then, then with { Filter = new RowFilter("Mail", ["a", "b"]) }, MissingColumns.Refused, ChangeChunk.Upserts(TestColumns.Batch(then.TargetSchema, [1L, "a"])));
        Assert.Equal(1, fitted.Length);
    }

    private static async Task<(ChangeChunk Fitted, IReadOnlyCollection<string> Filled)> FitAsync(Dataset then, Dataset now, MissingColumns missing, ChangeChunk chunk)
    {
        using var landing = new LandingFixture();
        await using var file = landing.Zone.Create(then);
        await file.AppendAsync(chunk, CancellationToken.None);
        LandedFile landed = (await file.CompleteAsync(CancellationToken.None))!;
        var fit = new LandedFit(now, missing);
        var chunks = await LandingFixture.ReadAll(landing.Zone.ReadAsync(landed, format => fit.For(landed, format), CancellationToken.None));
        return (Assert.Single(chunks), fit.Filled);
    }
}
