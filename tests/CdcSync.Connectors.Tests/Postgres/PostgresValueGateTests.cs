using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Tests.Postgres;

public sealed class PostgresValueGateTests
{
    public static TheoryData<string> Cases => [.. Wrong.Keys];

    private static readonly Dictionary<string, (ArrowType Type, object Value)> Wrong = new()
    {
        ["NUL character"] = (StringType.Default, "a\0b"),
        ["day"] = (Date32Type.Default, -2_440_589),
        ["day of the far future"] = (Date32Type.Default, 2_145_042_906),
        ["time of day before midnight"] = (new Time32Type(TimeUnit.Second), -1),
        ["time of day"] = (new Time64Type(TimeUnit.Microsecond), 86_400_000_001L),
        ["instant"] = (new TimestampType(TimeUnit.Second, "UTC"), long.MaxValue),
        ["instant of the far future"] = (new TimestampType(TimeUnit.Millisecond, null), 9_224_318_016_000_000L),
        ["instant before all"] = (new TimestampType(TimeUnit.Microsecond, null), -210_866_803_200_000_001L),
        ["digits"] = (new Decimal128Type(3, 1), (Int128)1_000),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_value_that_does_not_fit_is_rejected_without_being_shown(string name)
    {
        var (type, value) = Wrong[name];
        var dataset = TestDatasets.Of("d", 1, ("id", Int64Type.Default), ("v", type));
        var rejection = Assert.Single(Inspect(dataset, Change.Upsert(1L, null), Change.Upsert(2L, value), Change.Delete(3L)));
        Assert.Equal((1, "type", "v"), (rejection.Row, rejection.Rule, rejection.Column));
        Assert.StartsWith("found ", rejection.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(value.ToString()!, rejection.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_rejected_row_by_row_also_where_two_rows_together_would_be()
    {
        var dataset = TestDatasets.Of("d", 1, ("id", Int64Type.Default), ("v", StringType.Default));
        var ids = new FixedWidthBuilder<long>(Int64Type.Default);
        ids.Append([1, 2, 3, 4]);
        var texts = new VarLengthBuilder(StringType.Default);
        // The two bytes of é in two rows: the column as a whole is valid.
        texts.Append("a"u8);
        texts.Append([0xC3]);
        texts.Append([0xA9]);
        texts.Append("é"u8);
        var chunk = ChangeChunk.Upserts(new RecordBatch(dataset.TargetSchema, [ids.Build(), texts.Build()], 4));
        Assert.Equal([1, 2], new PostgresValueGate(dataset).Inspect(chunk).Select(r => r.Row));
    }

    [Fact]
    public void Of_a_delete_only_the_key_counts_and_a_row_has_one_verdict()
    {
        var dataset = TestDatasets.Of("d", 1, ("k", StringType.Default), ("v", StringType.Default), ("w", StringType.Default));
        Assert.Equal([(0, "k"), (2, "k"), (3, "v")], Inspect(dataset,
            Change.Delete("k\0"), Change.Delete("k"), Change.Upsert("k\0", "v\0", "w\0"), Change.Upsert("k", "v\0", "w\0")).Select(r => (r.Row, r.Column)));
    }

    [Theory]
    [InlineData(2_600, true)]
    [InlineData(2_601, false)]
    public async Task A_key_that_can_not_be_indexed_is_rejected_and_what_passes_can(int bytes, bool fits)
    {
        var dataset = TestDatasets.Of("d", 2, ("k", StringType.Default), ("l", BinaryType.Default));
        // What does not compress: every byte of it reaches the index.
        var random = new Random(7);
        var text = new string([.. Enumerable.Range(0, bytes - 600).Select(_ => (char)random.Next(33, 127))]);
        var blob = new byte[600];
        random.NextBytes(blob);
        Assert.Equal(fits ? 0 : 1, Inspect(dataset, Change.Upsert(text, blob)).Count);
        if (!fits) return;
        await using var fixture = await PostgresFixture.CreateAsync();
        await fixture.ExecuteAsync("CREATE TABLE d (k text COLLATE \"C\", l bytea, PRIMARY KEY (k, l))");
        await fixture.ExecuteAsync($"INSERT INTO d VALUES ($t${text}$t$, '\\x{Convert.ToHexString(blob)}')");
    }

    private static IReadOnlyList<Core.Gates.RowRejection> Inspect(Dataset dataset, params IReadOnlyList<Change> changes) =>
        new PostgresValueGate(dataset).Inspect(Change.Chunk(dataset, changes));
}
