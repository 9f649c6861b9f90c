using System.Text;
using System.Text.Json;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Tests.Shaping;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Gates;

public sealed class GateSplitTests
{
    private static readonly Dataset Orders = TestDatasets.With(
    [
        new("Region", "region", StringType.Default, StringType.Default, KeyOrdinal: 1),
        new("ID", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0),
        new("Amount", "amount", new Decimal128Type(10, 2), new Decimal128Type(10, 2)),
        new("Ratio", "ratio", DoubleType.Default, DoubleType.Default),
        new("Paid", "paid", BooleanType.Default, BooleanType.Default),
        new("At", "at", Date32Type.Default, Date32Type.Default),
        new("Blob", "blob", BinaryType.Default, BinaryType.Default),
        new("Note", "note", StringType.Default, StringType.Default),
    ]);

    private static readonly object?[] Row = ["EU \"1\"", 7L, (Int128)150, 0.5, true, 0, new byte[] { 0xAB }, "Zoë\n"];

    [Fact]
    public void A_chunk_without_a_rejection_is_the_same_instance()
    {
        var chunk = ChangeChunk.Upserts(TestColumns.Batch(Orders.TargetSchema, Row));
        var (accepted, rejected) = GateSplit.Apply(Orders, chunk, [new Fixed(), new Fixed()]);

        Assert.Same(chunk, accepted);
        Assert.Empty(rejected);
    }

    [Fact]
    public void The_first_verdict_stands_and_the_rest_keep_their_order_kinds_and_faults()
    {
        var dataset = TestDatasets.With([new("ID", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0)]);
        var chunk = new ChangeChunk(TestColumns.Batch(dataset.TargetSchema, [1L], [2L], [3L], [4L], [5L]),
            new[] { ChangeKind.Upsert, ChangeKind.Delete, ChangeKind.Erase, ChangeKind.Upsert, ChangeKind.Delete }, [new RowFault(0, "x", "gone"), new RowFault(2, "Consent", "kept")]);
        var (accepted, rejected) = GateSplit.Apply(dataset, chunk, [new Fixed(3), new Fixed(0, 3)]);

        Assert.Equal([2L, 3L, 5L], TestColumns.Values(accepted.Rows.Column(0)));
        Assert.Equal([ChangeKind.Delete, ChangeKind.Erase, ChangeKind.Delete], accepted.Kinds.ToArray());
        Assert.Equal([new RowFault(1, "Consent", "kept")], accepted.Faults);
        Assert.Equal([("[\"1\"]", "rule 2"), ("[\"4\"]", "rule 1")], rejected.Select(r => (r.Key, r.Rule)));
    }

    [Fact]
    public void A_merged_row_has_the_key_it_would_have_in_quarantine()
    {
        var rows = TestColumns.Batch(Orders.TargetSchema, Row, [null, 8L, null, double.NaN, null, null, null, null]);
        var (_, rejected) = GateSplit.Apply(Orders, ChangeChunk.Upserts(rows), [new Fixed(0, 1)]);

        Assert.Equal(rejected.Select(r => r.Key), QuarantineKeys.Of(Orders, rows));
    }

    [Fact]
    public void Key_and_payload_are_json_of_canonical_texts()
    {
        var (_, rejected) = GateSplit.Apply(Orders, ChangeChunk.Upserts(TestColumns.Batch(Orders.TargetSchema, Row, [null, 8L, null, double.NaN, null, null, null, null])), [new Fixed(0, 1)]);

        Assert.Equal("""["7","EU \"1\""]""", rejected[0].Key);
        Assert.Equal("""{"region":"EU \"1\"","id":7,"amount":1.5,"ratio":0.5,"paid":true,"at":"1970-01-01","blob":"ab","note":"Zoë\n"}""", rejected[0].Payload);
        Assert.Equal("""["8",null]""", rejected[1].Key);
        Assert.Equal("""{"region":null,"id":8,"amount":null,"ratio":"NaN","paid":null,"at":null,"blob":null,"note":null}""", rejected[1].Payload);
    }

    [Fact]
    public void A_large_payload_is_cut_and_says_so()
    {
        var note = string.Concat(Enumerable.Repeat("🙂", 3_000));
        object?[] row = [.. Row[..6], new byte[100_000], note];
        var (_, rejected) = GateSplit.Apply(Orders, ChangeChunk.Upserts(TestColumns.Batch(Orders.TargetSchema, row)), [new Fixed(0)]);

        var payload = JsonDocument.Parse(rejected[0].Payload).RootElement;
        Assert.True(Encoding.UTF8.GetByteCount(rejected[0].Payload) <= QuarantineText.PayloadLimit);
        Assert.True(payload.GetProperty("_cdc_truncated").GetBoolean());
        Assert.Equal(string.Concat(Enumerable.Repeat("🙂", 128)) + "…", payload.GetProperty("note").GetString());
        Assert.Equal(new string('0', 256) + "…", payload.GetProperty("blob").GetString());
    }

    [Fact]
    public void Rows_of_a_dataset_without_a_key_are_told_apart_by_a_digest()
    {
        var dataset = TestDatasets.With([new("A", "a", StringType.Default, StringType.Default), new("B", "b", StringType.Default, StringType.Default)]);
        var chunk = ChangeChunk.Upserts(TestColumns.Batch(dataset.TargetSchema, ["ab", "c"], ["a", "bc"], ["a", null], ["a", ""], ["ab", "c"]));
        var keys = GateSplit.Apply(dataset, chunk, [new Fixed(0, 1, 2, 3, 4)]).Rejected.Select(r => r.Key).ToList();

        Assert.Equal(4, keys.Distinct().Count());
        Assert.Equal(keys[0], keys[4]);
        Assert.StartsWith("[\"sha256:", keys[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_payload_is_valid_json_of_at_most_4_kib()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var columns = Enumerable.Range(0, random.Next(1, 400)).Select(i =>
                new DatasetColumn($"C{i}", $"{(i % 7 == 0 ? "na\"me\u0001ü" : "c")}{i}", AnyColumn.Types[random.Next(AnyColumn.Types.Length)], null)).Select(c => c with { TargetType = c.ReadType }).ToArray();
            var dataset = TestDatasets.With(columns);
            var batch = new RecordBatch(dataset.TargetSchema, [.. columns.Select(c => AnyColumn.Make(c.ReadType, 3, random))], 3);
            foreach (var row in GateSplit.Apply(dataset, ChangeChunk.Upserts(batch), [new Fixed(0, 1, 2)]).Rejected)
            {
                Assert.True(Encoding.UTF8.GetByteCount(row.Payload) <= QuarantineText.PayloadLimit);
                using var payload = JsonDocument.Parse(row.Payload);
                using var key = JsonDocument.Parse(row.Key);
            }
        }));
    }

    [Fact]
    public void Text_that_is_not_utf8_still_gives_valid_json()
    {
        var dataset = TestDatasets.With([new("A", "a", StringType.Default, StringType.Default, KeyOrdinal: 0)]);
        var column = new VarLengthArray(StringType.Default, 1, BitConverter.GetBytes(0).Concat(BitConverter.GetBytes(3)).ToArray(), new byte[] { 0xC3, 0x28, 0x00 });
        var (_, rejected) = GateSplit.Apply(dataset, ChangeChunk.Upserts(new RecordBatch(dataset.TargetSchema, [column], 1)), [new Fixed(0)]);

        Assert.Equal("\uFFFD(\0", JsonDocument.Parse(rejected[0].Payload).RootElement.GetProperty("a").GetString());
        Assert.Equal("\uFFFD(\0", JsonDocument.Parse(rejected[0].Key).RootElement[0].GetString());
    }

    private sealed class Fixed(params int[] rows) : IRowGate
    {
        public IReadOnlyList<RowRejection> Inspect(ChangeChunk chunk) => [.. rows.Select(r => new RowRejection(r, $"rule {rows.Length}", "c", "reason"))];
    }
}
