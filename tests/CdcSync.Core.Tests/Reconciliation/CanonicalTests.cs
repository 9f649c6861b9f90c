using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Shaping;
using CdcSync.Core.Tests.Fakes;
using CdcSync.Core.Tests.Shaping;

namespace CdcSync.Core.Tests.Reconciliation;

/// <summary>The form in which rows are compared.</summary>
public sealed class CanonicalTests
{
    public static TheoryData<string> Types => [.. AnyColumn.Types.Select(t => t.ToString())];

    [Theory]
    [InlineData("bool", true, "0000001000000001" + "01")]
    [InlineData("int32", -2, "0000001400000008" + "fffffffffffffffe")]
    [InlineData("float", -0.0f, "000002bd00000008" + "0000000000000000")]
    [InlineData("float", 1.5f, "000002bd00000008" + "3ff8000000000000")]
    [InlineData("double", double.NaN, "000002bd00000008" + "7ff8000000000000")]
    [InlineData("utf8", "", "0000001900000000")]
    [InlineData("utf8", "ž ", "0000001900000003" + "c5be20")]
    [InlineData("date32", 10_958, "0000043a00000004" + "00000001")]
    [InlineData("time32[ms]", 1, "0000043b00000008" + "00000000000003e8")]
    [InlineData("timestamp[s]", 946_684_801, "0000045a00000008" + "00000000000f4240")]
    [InlineData("timestamp[us, UTC]", 946_684_799_999_999, "000004a000000008" + "ffffffffffffffff")]
    [InlineData("utf8", null, "00000019ffffffff")]
    public void A_value_is_its_type_its_length_and_its_bytes(string type, object? value, string hex)
    {
        var column = TestColumns.Column(Named(type), value);
        Assert.Equal("00000001" + hex, Convert.ToHexStringLower(Rows(column).Bytes(0)));
    }

    [Theory]
    [InlineData(12, 2, "1230", "12.30")]
    [InlineData(12, 2, "-5", "-0.05")]
    [InlineData(12, 0, "0", "0")]
    [InlineData(5, -2, "-12", "-1200")]
    [InlineData(5, -2, "0", "0")]
    [InlineData(38, 38, "-99999999999999999999999999999999999999", "-0.99999999999999999999999999999999999999")]
    public void A_decimal_has_all_digits_of_its_scale(int precision, int scale, string unscaled, string text)
    {
        var column = TestColumns.Column(new Decimal128Type(precision, scale), Int128.Parse(unscaled, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(text, System.Text.Encoding.ASCII.GetString(Rows(column).Bytes(0)[12..]));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Two_values_have_the_same_bytes_exactly_where_their_texts_are_the_same(string type)
    {
        var column = Make(Named(type), 200);
        var (texts, rows) = (CanonicalText.Of(column), Rows(column));
        string[] bytes = [.. Enumerable.Range(0, column.Length).Select(i => Convert.ToHexString(rows.Bytes(i)))];
        for (var i = 0; i < column.Length; i++)
            for (var j = 0; j < i; j++)
                Assert.True(Same(texts, i, j) == (bytes[i] == bytes[j]), $"{Text(texts, i)} and {Text(texts, j)}");
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_key_comes_back_from_its_bytes(string type)
    {
        var arrow = Named(type);
        var column = Make(arrow, 100);
        var dataset = World.Orders with { Columns = [new DatasetColumn("k", "k", arrow, arrow, 0)] };
        var (codec, rows) = (new KeyCodec(dataset), new RecordBatch(dataset.TargetSchema, [column], column.Length));
        var keys = codec.KeysOf(rows);
        var back = codec.Decode([.. Enumerable.Range(0, rows.Length).Select(keys.Key)]);
        var again = codec.KeysOf(back);
        for (var i = 0; i < rows.Length; i++)
            Assert.Equal(Convert.ToHexString(keys.Bytes(i)), Convert.ToHexString(again.Bytes(i)));
        if (arrow is not (HalfFloatType or FloatType or DoubleType))
            Assert.Equal(TestColumns.Values(column), TestColumns.Values(back.Column(0)));
    }

    [Fact]
    public void Where_one_column_ends_and_the_next_begins_makes_a_difference()
    {
        var one = new RecordBatch(Two, [TestColumns.Column(StringType.Default, "ab"), TestColumns.Column(StringType.Default, "c")], 1);
        var other = new RecordBatch(Two, [TestColumns.Column(StringType.Default, "a"), TestColumns.Column(StringType.Default, "bc")], 1);
        Assert.NotEqual(new CanonicalRows(one, [0, 1]).Hash(0), new CanonicalRows(other, [0, 1]).Hash(0));
    }

    [Fact]
    public void The_sum_of_hashes_has_no_order_sees_a_row_twice_and_holds_a_million_million_rows()
    {
        RowHash a = new(long.MaxValue, long.MinValue), b = new(1, -1);
        Assert.Equal(default(PartDigest).With(a).With(b), default(PartDigest).With(b).With(a));
        Assert.NotEqual(default(PartDigest).With(a).With(a), default);
        const long Rows = 1_000_000_000_000;
        Assert.True(Int128.MaxValue / Rows > long.MaxValue);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(63)]
    public void Parts_of_one_size_touch_and_cover_all_places(int shift)
    {
        foreach (var place in new[] { long.MinValue, -1L << 17, -1, 0, 1, (1L << 40) + 5, long.MaxValue })
        {
            var part = new Part(place >> shift, shift);
            Assert.True(part.Holds(place) && part.First <= place && place <= part.Last);
            if (part.Last < long.MaxValue)
                Assert.Equal(part.Last + 1, new Part(part.Prefix + 1, shift).First);
        }
    }

    private static Schema Two { get; } = new([new Field("a", StringType.Default, true), new Field("b", StringType.Default, true)]);

    private static ArrowType Named(string type) => AnyColumn.Types.Concat([new TimestampType(TimeUnit.Second, null)]).First(t => t.ToString() == type);

    // Instants in seconds and milliseconds that no warehouse holds wrap around: those of some ten thousand years are enough.
    private static ArrowArray Make(ArrowType type, int rows)
    {
        var column = AnyColumn.Make(type, rows, new Random(1));
        return type is not TimestampType { Unit: TimeUnit.Second or TimeUnit.Millisecond } ? column
            : TestColumns.Column(type, [.. TestColumns.Values(column).Select(v => v is null ? null : (object)(Convert.ToInt64(v, System.Globalization.CultureInfo.InvariantCulture) % 300_000_000_000))]);
    }

    private static CanonicalRows Rows(ArrowArray column) => new(new RecordBatch(new Schema([new Field("v", column.Type, true)]), [column], column.Length), [0]);

    private static bool Same(VarLengthArray texts, int i, int j) => texts.IsNull(i) == texts.IsNull(j) && (texts.IsNull(i) || Text(texts, i).TrimStart('-') == "0" && Text(texts, j).TrimStart('-') == "0" || Text(texts, i) == Text(texts, j));

    private static string Text(VarLengthArray texts, int i) => texts.IsNull(i) ? "null" : texts.GetString(i);
}
