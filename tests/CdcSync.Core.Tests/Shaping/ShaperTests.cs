using System.Security.Cryptography;
using System.Text;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Shaping;

namespace CdcSync.Core.Tests.Shaping;

public sealed class ShaperTests
{
    private static readonly Keyring Keys = new(new Dictionary<string, byte[]> { ["k1"] = "key"u8.ToArray() });
    private static readonly DatasetColumn Id = new("ID", "id", Int64Type.Default, Int64Type.Default, KeyOrdinal: 0);
    private static readonly DatasetColumn Name = new("Name", "full_name", StringType.Default, StringType.Default);
    private static readonly DatasetColumn Email = new("Email", "email_hash", StringType.Default, StringType.Default, Mask: new ColumnMask("k1"));
    private static readonly DatasetColumn Consent = new("Consent", null, BooleanType.Default, null);
    private static readonly DatasetColumn Amount = new("Amount", "amount", StringType.Default, new Decimal128Type(10, 2));

    [Fact]
    public void Columns_are_renamed_and_dropped_in_order()
    {
        var shaped = Shape([Id, Consent, Name], [1L, true, "Ann"], [2L, null, null]);

        Assert.Equal(["id", "full_name"], shaped.Rows.Schema.Fields.Select(f => f.Name));
        Assert.Equal([[1L, "Ann"], [2L, null]], TestColumns.Rows(shaped.Rows));
    }

    [Fact]
    public void Columns_that_pass_unchanged_are_the_same_objects_and_so_are_the_kinds()
    {
        var source = Chunk([Id, Name], [], [1L, "Ann"], [2L, null]);
        var shaped = new Shaper(TestDatasets.With([Id, Name]), Keys).Apply(source);

        Assert.Same(source.Rows.Column(0), shaped.Rows.Column(0));
        Assert.Same(source.Rows.Column(1), shaped.Rows.Column(1));
        Assert.True(source.Kinds.Equals(shaped.Kinds));
    }

    [Fact]
    public void Deletes_whose_other_values_are_null_already_cost_no_copy()
    {
        var source = Chunk([Id, Name], [ChangeKind.Upsert, ChangeKind.Delete], [1L, "Ann"], [2L, null]);
        var shaped = new Shaper(TestDatasets.With([Id, Name]), Keys).Apply(source);

        Assert.Same(source.Rows.Column(1), shaped.Rows.Column(1));
    }

    [Fact]
    public void A_value_that_does_not_fit_is_null_and_a_fault_that_does_not_show_it()
    {
        var shaped = Shape([Id, Amount], [1L, "12.5"], [2L, "secret"], [3L, null]);

        Assert.Equal([(Int128)1250, null, null], TestColumns.Values(shaped.Rows.Column("amount")));
        var fault = Assert.Single(shaped.Faults);
        Assert.Equal((1, "amount"), (fault.Row, fault.Column));
        Assert.Equal("found utf8 that does not fit, expected decimal128(10, 2)", fault.Reason);
    }

    [Fact]
    public void A_mask_is_the_hmac_in_lower_case_hex_and_null_stays_null()
    {
        // A published vector: HMAC_SHA256("key", "The quick brown fox jumps over the lazy dog").
        var shaped = Shape([Id, Email], [1L, "The quick brown fox jumps over the lazy dog"], [2L, null]);

        Assert.Equal(["f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8", null], TestColumns.Values(shaped.Rows.Column("email_hash")));
    }

    [Fact]
    public void A_mask_of_a_number_is_that_of_its_canonical_text_and_of_bytes_that_of_the_bytes()
    {
        DatasetColumn[] columns =
        [
            Masked("a", Int32Type.Default), Masked("b", new Decimal128Type(10, 2)), Masked("c", new Decimal128Type(20, 6)), Masked("d", Date32Type.Default),
            Masked("e", BinaryType.Default), Masked("f", new FixedSizeBinaryType(2)), Masked("g", BooleanType.Default),
        ];
        var shaped = Shape([Id, .. columns], [1L, 15, (Int128)150, (Int128)1500000, 0, new byte[] { 0, 255 }, new byte[] { 0, 255 }, true]);

        Assert.Equal([1L, Hmac("15"u8), Hmac("1.5"u8), Hmac("1.5"u8), Hmac("1970-01-01"u8), Hmac([0, 255]), Hmac([0, 255]), Hmac("true"u8)], TestColumns.Rows(shaped.Rows)[0]);
    }

    [Fact]
    public void A_masked_key_of_a_delete_is_masked_the_same_way()
    {
        var key = new DatasetColumn("Email", "email", StringType.Default, StringType.Default, KeyOrdinal: 0, Mask: new ColumnMask("k1"));
        var shaped = Shape([key, Name], [ChangeKind.Upsert, ChangeKind.Delete], ["a@x", "Ann"], ["a@x", null]);

        Assert.Equal([Hmac("a@x"u8), Hmac("a@x"u8)], TestColumns.Values(shaped.Rows.Column("email")));
    }

    [Fact]
    public void A_cast_key_of_a_delete_is_cast_and_its_misfit_is_a_fault()
    {
        var key = new DatasetColumn("ID", "id", StringType.Default, Int32Type.Default, KeyOrdinal: 0);
        var shaped = Shape([key, Amount], [ChangeKind.Delete, ChangeKind.Delete], ["7", "x"], ["seven", "x"]);

        Assert.Equal([7, null], TestColumns.Values(shaped.Rows.Column("id")));
        Assert.Equal([(1, "id")], shaped.Faults.Select(f => (f.Row, f.Column)));
    }

    [Fact]
    public void Rows_that_the_filter_does_not_keep_become_erases_without_values()
    {
        var shaped = Shape(Filtered(Id, Consent, Name, Email, Amount),
            [ChangeKind.Upsert, ChangeKind.Upsert, ChangeKind.Upsert, ChangeKind.Delete, ChangeKind.Erase],
            [1L, true, "Ann", "a@x", "1"], [2L, false, "Bob", "b@x", "not a number"], [3L, null, "Cid", "c@x", "3"], [4L, true, "Dee", "d@x", "4"], [5L, true, "Eve", "e@x", "5"]);

        Assert.Equal([ChangeKind.Upsert, ChangeKind.Erase, ChangeKind.Erase, ChangeKind.Delete, ChangeKind.Erase], shaped.Kinds.ToArray());
        Assert.Equal([[1L, "Ann", Hmac("a@x"u8), (Int128)100], [2L, null, null, null], [3L, null, null, null], [4L, null, null, null], [5L, null, null, null]], TestColumns.Rows(shaped.Rows));
        Assert.Empty(shaped.Faults);
    }

    [Fact]
    public void A_fault_of_the_filters_column_erases_the_row_and_is_kept()
    {
        var source = new ChangeChunk(TestColumns.Batch(TestDatasets.With([Id, Consent, Name]).SourceSchema, [1L, null, "Ann"]), new[] { ChangeKind.Upsert }, [new RowFault(0, "Consent", "not a bool")]);
        var shaped = new Shaper(Filtered(Id, Consent, Name), Keys).Apply(source);

        Assert.Equal([ChangeKind.Erase], shaped.Kinds.ToArray());
        Assert.Equal([new RowFault(0, "Consent", "not a bool")], shaped.Faults);
        Assert.Equal([[1L, null]], TestColumns.Rows(shaped.Rows));
    }

    [Theory]
    [InlineData("int64", 1L, 2L, "1")]
    [InlineData("utf8", "ja", "Ja", "ja")]
    [InlineData("date32", 0, 1, "1970-01-01")]
    public void The_filter_compares_canonical_text(string type, object kept, object erased, string value)
    {
        var read = AnyColumn.Types.First(t => t.ToString() == type);
        var dataset = TestDatasets.With([Id, new DatasetColumn("F", null, read, null)]) with { Filter = new RowFilter("F", ["x", value]) };
        if (read is not StringType) dataset = dataset with { Filter = new RowFilter("F", [value]) };
        var shaped = Shape(dataset, [], [1L, kept], [2L, erased]);

        Assert.Equal([ChangeKind.Upsert, ChangeKind.Erase], shaped.Kinds.ToArray());
    }

    [Fact]
    public void Null_never_matches_not_even_empty_text()
    {
        var dataset = TestDatasets.With([Id, Name]) with { Filter = new RowFilter("Name", [""]) };
        Assert.Equal([ChangeKind.Upsert, ChangeKind.Erase], Shape(dataset, [], [1L, ""], [2L, null]).Kinds.ToArray());
    }

    [Fact]
    public void A_filter_that_could_keep_no_row_is_refused()
    {
        foreach (var (column, values) in new (string, string[])[] { ("Consent", ["yes"]), ("Consent", ["TRUE"]), ("ID", ["007"]), ("Consent", []), ("Nowhere", ["1"]), ("Blob", ["00"]) })
        {
            var dataset = TestDatasets.With([Id, Consent, new DatasetColumn("Blob", "blob", BinaryType.Default, BinaryType.Default)]) with { Filter = new RowFilter(column, values) };
            Assert.Equal(ErrorCodes.FilterInvalid, Assert.Throws<CdcSyncException>(() => new Shaper(dataset, Keys)).Code);
        }
    }

    [Fact]
    public void Faults_follow_their_columns_names_and_vanish_with_dropped_columns()
    {
        var dataset = TestDatasets.With([Id, Consent, Name]);
        var source = new ChangeChunk(TestColumns.Batch(dataset.SourceSchema, [1L, null, null], [2L, null, null]), new[] { ChangeKind.Upsert, ChangeKind.Delete },
            [new RowFault(0, "Consent", "c"), new RowFault(0, "Name", "n"), new RowFault(1, "Name", "n"), new RowFault(1, "ID", "i")]);
        var shaped = new Shaper(dataset, Keys).Apply(source);

        Assert.Equal([new RowFault(0, "full_name", "n"), new RowFault(1, "id", "i")], shaped.Faults);
    }

    [Fact]
    public void Of_a_rows_faults_the_keys_comes_first_and_one_is_kept()
    {
        var key = new DatasetColumn("K", "k", StringType.Default, Int32Type.Default, KeyOrdinal: 0);
        var shaped = Shape([Amount, key], ["x", "x"], ["x", "1"]);

        Assert.Equal([(0, "k"), (1, "amount")], shaped.Faults.Select(f => (f.Row, f.Column)));
    }

    [Fact]
    public void A_fault_of_the_whole_row_keeps_an_upsert_out()
    {
        var dataset = TestDatasets.With([Id, Name]);
        var source = new ChangeChunk(TestColumns.Batch(dataset.SourceSchema, [1L, null]), new[] { ChangeKind.Upsert }, [new RowFault(0, "*", "more than 64 MiB")]);

        Assert.Equal([new RowFault(0, "*", "more than 64 MiB")], new Shaper(dataset, Keys).Apply(source).Faults);
    }

    [Fact]
    public void A_missing_or_empty_mask_key_is_refused()
    {
        foreach (var keys in new[] { Keyring.Empty, new Keyring(new Dictionary<string, byte[]> { ["k1"] = [] }) })
            Assert.Equal(ErrorCodes.MaskKeyMissing, Assert.Throws<CdcSyncException>(() => new Shaper(TestDatasets.With([Id, Email]), keys)).Code);
    }

    [Fact]
    public void A_cast_that_does_not_exist_is_refused_by_name()
    {
        var column = new DatasetColumn("Blob", "blob", BinaryType.Default, StringType.Default);
        var error = Assert.Throws<CdcSyncException>(() => new Shaper(TestDatasets.With([Id, column]), Keys));

        Assert.Equal(ErrorCodes.CastNotSupported, error.Code);
        Assert.Contains("column 'Blob' is read as binary and written as utf8", error.Message, StringComparison.Ordinal);
        var masked = Masked("m", Int32Type.Default) with { TargetType = Int32Type.Default };
        Assert.Equal(ErrorCodes.CastNotSupported, Assert.Throws<CdcSyncException>(() => new Shaper(TestDatasets.With([Id, masked]), Keys)).Code);
    }

    [Fact]
    public void A_chunk_of_another_schema_is_refused()
    {
        var other = Chunk([Id, Amount], [], [1L, "1"]);
        Assert.Throws<ArgumentException>(() => new Shaper(TestDatasets.With([Id, Name]), Keys).Apply(other));
    }

    [Fact]
    public void Values_beneath_a_null_are_wiped_with_the_row()
    {
        // Null by its validity bit, but the bytes are still there: a reader may leave them so.
        var text = new VarLengthArray(StringType.Default, 2, Bytes(0, 6, 12), "canarycanary"u8.ToArray(), new byte[] { 0 });
        var number = new FixedWidthArray<int>(Int32Type.Default, 2, Bytes(0x11223344, 0x11223344), new byte[] { 0 });
        DatasetColumn[] columns = [Id, Name, new("N", "n", Int32Type.Default, Int32Type.Default)];
        var dataset = TestDatasets.With(columns);
        var source = new ChangeChunk(new RecordBatch(dataset.SourceSchema, [TestColumns.Column(Int64Type.Default, 1L, 2L), text, number], 2), new[] { ChangeKind.Delete, ChangeKind.Erase }, []);
        var shaped = new Shaper(dataset, Keys).Apply(source);

        Assert.Equal(0, ((VarLengthArray)shaped.Rows.Column(1)).Offsets[^1]);
        Assert.Equal([0, 0], ((FixedWidthArray<int>)shaped.Rows.Column(2)).Values.ToArray());
    }

    [Fact]
    public void Blanked_rows_of_every_type_are_null_and_the_others_are_untouched()
    {
        var random = new Random(20260131);
        DatasetColumn[] columns = [Id, .. AnyColumn.Types.Select((t, i) => new DatasetColumn($"C{i}", $"c{i}", t, t))];
        var dataset = TestDatasets.With(columns);
        const int rows = 203;
        var kinds = Enumerable.Range(0, rows).Select(_ => (ChangeKind)random.Next(3)).ToArray();
        var batch = new RecordBatch(dataset.SourceSchema,
            [TestColumns.Column(Int64Type.Default, [.. Enumerable.Range(0, rows).Cast<object>()]), .. AnyColumn.Types.Select(t => AnyColumn.Make(t, rows, random))], rows);
        var shaped = new Shaper(dataset, Keys).Apply(new ChangeChunk(batch, kinds, []));

        var expected = TestColumns.Rows(batch).Select((row, i) => kinds[i] == ChangeKind.Upsert ? row : [row[0], .. new object?[columns.Length - 1]]);
        Assert.Equal(expected, TestColumns.Rows(shaped.Rows));
    }

    [Theory]
    [InlineData(KeyFold.CaseAndBlanks, "ANNA  ", "anna")]
    [InlineData(KeyFold.CaseAndBlanks, "anna", "anna")]
    [InlineData(KeyFold.CaseAndBlanks, " Österreich ß ", " österreich ß")]
    [InlineData(KeyFold.CaseAndBlanks, "I İ ı", "i İ ı")]
    [InlineData(KeyFold.CaseAndBlanks, "  ", "")]
    [InlineData(KeyFold.CaseAndBlanks, "Tab\t", "tab\t")]
    [InlineData(KeyFold.Blanks, "ANNA  ", "ANNA")]
    [InlineData(KeyFold.None, "ANNA  ", "ANNA  ")]
    public void A_key_is_folded_and_what_was_written_stays_beside_it(KeyFold fold, string written, string folded)
    {
        DatasetColumn[] columns = [Name, new("Name", "name_key", StringType.Default, StringType.Default, KeyOrdinal: 0, Fold: fold)];
        var shaped = Shape(columns, [ChangeKind.Upsert, ChangeKind.Delete], [written, written], [null, written]);

        Assert.Equal([[written, folded], [null, folded]], TestColumns.Rows(shaped.Rows));
        Assert.Empty(shaped.Faults);
    }

    [Fact]
    public void Only_texts_are_folded()
    {
        var e = Assert.Throws<CdcSyncException>(() => new Shaper(TestDatasets.With([Id with { Fold = KeyFold.Blanks }]), Keys));

        Assert.Equal(ErrorCodes.CastNotSupported, e.Code);
    }

    [Fact]
    public void A_keyring_never_prints_its_keys()
    {
        var keys = new Keyring(new Dictionary<string, byte[]> { ["k1"] = "canary-secret"u8.ToArray() });

        Assert.Equal("Keyring of 1", keys.ToString());
        Assert.DoesNotContain("canary", System.Text.Json.JsonSerializer.Serialize(keys), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String("canary-secret"u8), System.Text.Json.JsonSerializer.Serialize(keys), StringComparison.Ordinal);
    }

    private static DatasetColumn Masked(string name, ArrowType type) => new(name, name, type, StringType.Default, Mask: new ColumnMask("k1"));

    private static Dataset Filtered(params DatasetColumn[] columns) => TestDatasets.With(columns) with { Filter = new RowFilter("Consent", ["true"]) };

    private static ChangeChunk Shape(DatasetColumn[] columns, params object?[][] rows) => Shape(TestDatasets.With(columns), [], rows);

    private static ChangeChunk Shape(DatasetColumn[] columns, ChangeKind[] kinds, params object?[][] rows) => Shape(TestDatasets.With(columns), kinds, rows);

    private static ChangeChunk Shape(Dataset dataset, ChangeKind[] kinds, params object?[][] rows) => new Shaper(dataset, Keys).Apply(Chunk([.. dataset.Columns], kinds, rows));

    private static ChangeChunk Chunk(DatasetColumn[] columns, ChangeKind[] kinds, params object?[][] rows) =>
        new(TestColumns.Batch(TestDatasets.With(columns).SourceSchema, rows), kinds.Length == 0 ? new ChangeKind[rows.Length] : kinds, []);

    private static string Hmac(ReadOnlySpan<byte> value) => Convert.ToHexString(HMACSHA256.HashData("key"u8, value)).ToLowerInvariant();

    private static byte[] Bytes(params int[] values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
