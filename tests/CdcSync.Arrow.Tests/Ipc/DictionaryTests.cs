using System.Diagnostics;
using CdcSync.Arrow.Ipc;
using static CdcSync.Arrow.Tests.Ipc.DictionaryMessages;

namespace CdcSync.Arrow.Tests.Ipc;

public sealed class DictionaryTests
{
    private static readonly EncodedField Color = new("color", new DictionaryType(Int8Type.Default, StringType.Default, Ordered: false), Id: 7);

    [Fact]
    public void Deltas_and_replacements_change_what_later_batches_mean_and_leave_earlier_ones_alone()
    {
        var bytes = ToStream(
            Schema(Color), Dictionary(7, Texts("red", null, "blue")), Batch(Places(0, 1, 2, null)),
            Dictionary(7, Texts("green"), isDelta: true), Batch(Places(3, 0)),
            Dictionary(7, Texts("black", null), isDelta: true), Dictionary(7, Texts(""), isDelta: true), Batch(Places(4, 5, 6, 2)),
            Dictionary(7, Texts("one")), Batch(Places(0, 0)),
            Dictionary(7, Texts("two"), isDelta: true), Batch(Places(1, 0)));
        foreach (var reader in Readers(bytes))
        {
            var batches = IpcFiles.FromStream(reader).Batches;
            AssertMeans(batches[0].Column(0), "red", null, "blue", null);
            AssertMeans(batches[1].Column(0), "green", "red");
            AssertMeans(batches[2].Column(0), "black", null, "", "blue");
            AssertMeans(batches[3].Column(0), "one", "one");
            AssertMeans(batches[4].Column(0), "two", "one");
            Assert.Equal([3, 4, 7, 1, 2], batches.Select(batch => ((DictionaryArray)batch.Column(0)).Dictionary.Length));
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(9, 7)]
    [InlineData(64, 200)]
    public void A_dictionary_of_any_type_grows_by_deltas(int first, int step)
    {
        foreach (var type in Columns.AllTypes.Where(type => type is not FixedSizeBinaryType { ByteWidth: 0 }))
        {
            var whole = Columns.Sample(type, first + 4 * step, seed: first + step);
            var field = new EncodedField("f", new DictionaryType(UInt16Type.Default, type, Ordered: true));
            var messages = new List<EncodedMessage> { Schema(field), Dictionary(0, whole.Slice(0, first)) };
            for (var i = 0; i < 4; i++)
            {
                messages.Add(Dictionary(0, whole.Slice(first + i * step, step), isDelta: true));
                messages.Add(Batch(Indices<ushort>(UInt16Type.Default, (ushort)(first + i * step), 0)));
            }
            var batches = IpcFiles.FromStream(new MemoryStream(ToStream([.. messages]))).Batches;
            for (var i = 0; i < 4; i++)
            {
                var column = (DictionaryArray)batches[i].Column(0);
                Columns.AssertRows(column.Dictionary, whole, Enumerable.Range(0, first + (i + 1) * step));
                Columns.AssertRows(column.Decode(), whole, [first + i * step, 0]);
            }
        }
    }

    [Fact]
    public void Places_are_read_in_every_width()
    {
        AssertPlaces<sbyte>(Int8Type.Default, 127);
        AssertPlaces<byte>(UInt8Type.Default, 255);
        AssertPlaces<short>(Int16Type.Default, 299);
        AssertPlaces<ushort>(UInt16Type.Default, 299);
        AssertPlaces<int>(Int32Type.Default, 299);
        AssertPlaces<uint>(UInt32Type.Default, 299);
        AssertPlaces<long>(Int64Type.Default, 299);
        AssertPlaces<ulong>(UInt64Type.Default, 299);
    }

    private static void AssertPlaces<T>(ArrowType type, int most) where T : unmanaged, System.Numerics.INumber<T>
    {
        var values = Columns.Sample(Int64Type.Default, 300, seed: 4);
        var field = new EncodedField("f", new DictionaryType(type, Int64Type.Default, Ordered: most == 299));
        var read = IpcFiles.FromStream(new MemoryStream(ToStream(Schema(field), Dictionary(0, values), Batch(Indices(type, T.Zero, T.CreateChecked(most), T.One)))));
        Assert.Equal(Of(field), read.Schema);
        Assert.Equal(most == 299, ((DictionaryType)read.Schema.Fields[0].DataType).Ordered);
        var column = (DictionaryArray)read.Batches[0].Column(0);
        Assert.Equal((0, most, 1), (column.GetIndex(0), column.GetIndex(1), column.GetIndex(2)));
        Columns.AssertRows(column.Decode(), values, [0, most, 1]);
        Columns.AssertRows(((DictionaryArray)column.Slice(1, 2)).Decode(), values, [most, 1]);
        Columns.AssertRows(((DictionaryArray)column.Take([2, 1, 2])).Decode(), values, [1, most, 1]);
        Assert.ThrowsAny<ArgumentException>(() => new DictionaryArray((DictionaryType)column.Type, column.Indices, values.Slice(0, most)));
    }

    [Theory]
    [InlineData(3, "outside the dictionary")]
    [InlineData(-1, "outside the dictionary")]
    [InlineData(sbyte.MinValue, "outside the dictionary")]
    public void A_place_outside_the_dictionary_is_refused(sbyte place, string why)
    {
        Refused(why, Schema(Color), Dictionary(7, Texts("a", "b", "c")), Batch(Places(0, 2, place)));
        var field = new EncodedField("f", new DictionaryType(UInt64Type.Default, StringType.Default, Ordered: false), Id: 7);
        Refused(why, Schema(field), Dictionary(7, Texts("a", "b", "c")), Batch(Indices(UInt64Type.Default, unchecked((ulong)place))));
    }

    [Fact]
    public void A_null_row_may_point_anywhere()
    {
        byte[] outside = [0, 99];
        var places = new FixedWidthArray<sbyte>(Int8Type.Default, 2, outside, new byte[] { 0b01 });
        AssertMeans(IpcFiles.FromStream(new MemoryStream(ToStream(Schema(Color), Dictionary(7, Texts("a")), Batch(places)))).Batches[0].Column(0), "a", null);
    }

    [Fact]
    public void A_dictionary_may_come_after_batches_that_are_all_null_and_no_others()
    {
        var bytes = ToStream(Schema(Color), Batch(Places(null, null)), Dictionary(7, Texts("a")), Batch(Places(0)));
        var batches = IpcFiles.FromStream(new MemoryStream(bytes)).Batches;
        AssertMeans(batches[0].Column(0), null, null);
        AssertMeans(batches[1].Column(0), "a");
        Refused("outside the dictionary", Schema(Color), Batch(Places(0)));
    }

    [Fact]
    public void Two_columns_may_share_a_dictionary_of_one_type()
    {
        var other = new EncodedField("other", new DictionaryType(Int16Type.Default, StringType.Default, Ordered: false), Id: 7);
        var bytes = ToStream(Schema(Color, other), Dictionary(7, Texts("a", "b")), Batch(Places(0, 1), Indices<short>(Int16Type.Default, 1, 0)));
        var batch = IpcFiles.FromStream(new MemoryStream(bytes)).Batches[0];
        AssertMeans(batch.Column(0), "a", "b");
        AssertMeans(batch.Column(1), "b", "a");
        Assert.Same(((DictionaryArray)batch.Column(0)).Dictionary, ((DictionaryArray)batch.Column(1)).Dictionary);
        Refused("share dictionary 7", Schema(Color, other with { Type = new DictionaryType(Int16Type.Default, BinaryType.Default, Ordered: false) }));
    }

    [Fact]
    public void Dictionary_messages_that_do_not_fit_the_schema_are_refused()
    {
        Refused("no field uses the dictionary", Schema(Color), Dictionary(8, Texts("a")));
        Refused("before its dictionary", Schema(Color), Dictionary(7, Texts("a"), isDelta: true));
        Refused("before its dictionary", Schema(Color), Batch(Places([null])), Dictionary(7, Texts("a"), isDelta: true));
        Refused("fewer buffers", Schema(Color), Dictionary(7, Columns.Sample(Int64Type.Default, 3, seed: 1)));
        var kind = Assert.Throws<ArrowNotSupportedException>(() => IpcFiles.FromStream(new MemoryStream(ToStream(Schema(Color with { Kind = 1 })))));
        Assert.Equal(("field 'color'", true), (kind.Where, kind.Message.Contains("dictionary encoding of kind 1")));
    }

    [Fact]
    public void A_file_has_each_dictionary_once_with_deltas_for_all_its_batches()
    {
        var bytes = ToFile([Color], [Dictionary(7, Texts("a")), Dictionary(7, Texts("b"), isDelta: true)], [Batch(Places(1, 0)), Batch(Places(0))]);
        foreach (var reader in new ArrowFileReader[] { new(bytes), new(new MemoryStream(bytes)) })
        {
            AssertMeans(reader.ReadRecordBatch(1).Column(0), "a");
            AssertMeans(reader.ReadRecordBatch(0).Column(0), "b", "a");
        }
        var replaced = ToFile([Color], [Dictionary(7, Texts("a")), Dictionary(7, Texts("b"))], []);
        Assert.Contains("replace", Assert.Throws<ArrowFormatException>(() => new ArrowFileReader(replaced)).Message);
        var batch = ToFile([Color], [Batch(Places(0))], []);
        Assert.Contains("not a dictionary", Assert.Throws<ArrowFormatException>(() => new ArrowFileReader(batch)).Message);
    }

    [Fact]
    public void Dictionary_encoded_columns_are_read_not_built_or_written()
    {
        var schema = Of(Color);
        Assert.Throws<ArrowNotSupportedException>(() => ArrayBuilder.For(Color.Type));
        Assert.Throws<ArrowNotSupportedException>(() => new ArrowFileWriter(new MemoryStream(), schema));
        Assert.Throws<ArrowNotSupportedException>(() => new ArrowStreamWriter(new MemoryStream(), schema));
        Assert.Throws<ArrowNotSupportedException>(() => ArrowFileReader.ReadBlock(new MemoryStream(), schema, default));
    }

    [Fact]
    public void Values_without_bytes_are_not_gone_through_one_by_one()
    {
        // Two dictionaries of 2³⁰ nulls each in a few bytes; then two that are too many together.
        var field = new EncodedField("n", new DictionaryType(Int32Type.Default, NullType.Default, Ordered: false));
        EncodedMessage[] Twice(ArrowArray values) => [Schema(field), Dictionary(0, values), Dictionary(0, values, isDelta: true), Batch(Indices(Int32Type.Default, 0))];
        var started = Stopwatch.GetTimestamp();
        var read = (DictionaryArray)IpcFiles.FromStream(new MemoryStream(ToStream(Twice(new NullArray((1 << 30) - 50))))).Batches[0].Column(0);
        Assert.Equal(int.MaxValue - 99, read.Dictionary.Length);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        var error = Assert.Throws<ArrowNotSupportedException>(() => IpcFiles.FromStream(new MemoryStream(ToStream(Twice(new NullArray(Array.MaxLength - 1))))));
        Assert.Contains("values", error.Message);
        var empty = new FixedSizeBinaryArray(new(0), Array.MaxLength - 1, default);
        field = new("e", new DictionaryType(Int32Type.Default, empty.Type, Ordered: false));
        Assert.Throws<ArrowNotSupportedException>(() => IpcFiles.FromStream(new MemoryStream(ToStream(Schema(field), Dictionary(0, empty), Dictionary(0, empty.Slice(0, 1), isDelta: true)))));
    }

    private static void Refused(string why, params EncodedMessage[] messages)
    {
        var error = Assert.Throws<ArrowFormatException>(() => IpcFiles.FromStream(new MemoryStream(ToStream(messages))));
        Assert.Contains(why, error.Message);
    }

    private static IEnumerable<ArrowStreamReader> Readers(byte[] bytes) =>
        [new(bytes), new(new MemoryStream(bytes)), new(new IpcFiles.Trickle(bytes)), new(OldFraming(bytes)), new(new IpcFiles.Trickle(OldFraming(bytes)))];

    private static void AssertMeans(ArrowArray column, params IEnumerable<string?> expected)
    {
        var texts = (VarLengthArray)((DictionaryArray)column).Decode();
        Assert.Equal(expected, Enumerable.Range(0, texts.Length).Select(row => texts.IsNull(row) ? null : texts.GetString(row)));
    }

    internal static VarLengthArray Texts(params string?[] values)
    {
        var builder = new VarLengthBuilder(StringType.Default);
        foreach (var value in values)
            if (value is null) builder.AppendNull();
            else builder.Append(value);
        return (VarLengthArray)builder.Build();
    }

    internal static ArrowArray Places(params int?[] places)
    {
        var builder = new FixedWidthBuilder<sbyte>(Int8Type.Default);
        foreach (var place in places)
            if (place is null) builder.AppendNull();
            else builder.Append((sbyte)place.Value);
        return builder.Build();
    }

    private static ArrowArray Indices<T>(ArrowType type, params ReadOnlySpan<T> places) where T : unmanaged
    {
        var builder = new FixedWidthBuilder<T>(type);
        builder.Append(places);
        return builder.Build();
    }
}
