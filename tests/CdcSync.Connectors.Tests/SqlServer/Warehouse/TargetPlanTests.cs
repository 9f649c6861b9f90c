using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Tests.SqlServer.Warehouse;

/// <summary>What is done to a table that is there already, or why it can't be taken.</summary>
public sealed class TargetPlanTests
{
    private static readonly SqlServerTable Tags = SqlServerTable.For(TestDatasets.Of("tags", 1, ("tag", StringType.Default), ("n", Int64Type.Default), ("note", StringType.Default)), "dbo");

    private static readonly FoundColumn Tag = new("tag", new ColumnType("nvarchar", 50), true, false, false, false, "Czech_100_BIN2");
    private static readonly FoundColumn N = new("n", new ColumnType("bigint"), false, false, false, false, null);
    private static readonly FoundColumn Note = new("note", new ColumnType("nvarchar", ColumnType.Max), false, false, false, false, "Czech_100_CI_AS");

    [Fact]
    public void A_table_that_fits_is_left_alone() => Assert.Empty(Plan(Tag, N, Note));

    [Fact]
    public void Narrower_columns_are_widened_and_keep_collation_and_nullability() => Assert.Equal(
        [
            "ALTER TABLE [dbo].[tags] ALTER COLUMN [n] bigint NULL;",
            "ALTER TABLE [dbo].[tags] ALTER COLUMN [note] nvarchar(max) COLLATE Czech_100_CI_AS NULL;",
        ],
        Plan(Tag, N with { Type = new ColumnType("smallint") }, Note with { Type = new ColumnType("varchar", 20) }).Select(s => s.Sql.Text));

    [Fact]
    public void A_missing_column_is_added() => Assert.Equal(["ALTER TABLE [dbo].[tags] ADD [note] nvarchar(max) NULL;"], Plan(Tag, N).Select(s => s.Sql.Text));

    [Fact]
    public void A_keys_collation_in_which_different_texts_are_equal_is_refused() => Refused("collation Czech_100_CI_AS", Tag with { Collation = "Czech_100_CI_AS" }, N, Note);

    [Fact]
    public void A_numbered_column_is_refused() => Refused("numbered (IDENTITY)", Tag, N with { IsIdentity = true }, Note);

    [Fact]
    public void A_computed_column_is_refused() => Refused("computed", Tag, N with { IsComputed = true }, Note);

    [Fact]
    public void A_narrowing_is_refused() => Refused("", Tag, N with { Type = new ColumnType("decimal", 10, 9) }, Note, instead: "column 'n' is decimal(10, 9), the contract needs bigint");

    [Fact]
    public void Names_are_compared_as_the_database_compares_them()
    {
        var found = new FoundTable(true, "U", [], [Tag with { Name = "TAG" }, N, Note], [["TAG"]]);

        Assert.Empty(TargetPlan.For(Tags, found, StringComparer.OrdinalIgnoreCase));
        Assert.Contains("no column 'tag'", Assert.Throws<CdcSyncException>(() => TargetPlan.For(Tags, found, StringComparer.Ordinal)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nvarchar", 100, "nvarchar", -1, true)]
    [InlineData("nvarchar", -1, "nvarchar", 4000, false)]
    [InlineData("nvarchar", 10, "varchar", 20, false)]
    [InlineData("varchar", 10, "nvarchar", 10, true)]
    [InlineData("binary", 16, "varbinary", 16, true)]
    [InlineData("varbinary", 16, "binary", 16, false)]
    [InlineData("datetime2", 3, "datetime2", 7, true)]
    [InlineData("datetime2", 7, "datetime2", 6, false)]
    [InlineData("datetime2", 3, "datetimeoffset", 3, false)]
    [InlineData("int", 0, "real", 0, false)]
    [InlineData("int", 0, "float", 0, true)]
    [InlineData("bigint", 0, "decimal", 19, true)]
    [InlineData("bigint", 0, "decimal", 18, false)]
    [InlineData("money", 0, "decimal", 19, false)]
    public void A_type_fits_into_one_that_has_all_its_values(string kind, int size, string other, int otherSize, bool fits) =>
        Assert.Equal(fits, new ColumnType(kind, size).FitsInto(new ColumnType(other, otherSize)));

    private static IReadOnlyList<TargetStep> Plan(params IReadOnlyList<FoundColumn> columns) => TargetPlan.For(Tags, new FoundTable(true, "U", [], columns, [["tag"]]), StringComparer.Ordinal);

    private static void Refused(string why, FoundColumn tag, FoundColumn n, FoundColumn note, string? instead = null)
    {
        var error = Assert.Throws<CdcSyncException>(() => Plan(tag, n, note));
        Assert.Equal(ErrorCodes.TargetMismatch, error.Code);
        Assert.Contains(instead ?? why, error.Message, StringComparison.Ordinal);
    }
}
