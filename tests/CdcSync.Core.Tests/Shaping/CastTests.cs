using System.Globalization;
using System.Numerics;
using CdcSync.Arrow;
using CdcSync.Core.Shaping;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Shaping;

public sealed class CastTests
{
    private static readonly ArrowType Text = StringType.Default;
    private static readonly ArrowType Instant = new TimestampType(TimeUnit.Microsecond, "UTC");
    private static readonly ArrowType WallClock = new TimestampType(TimeUnit.Millisecond, null);

    // Type names as Arrow writes them, so that the table reads as a table.
    private static readonly Dictionary<string, ArrowType> Named = AnyColumn.Types.Append(new Decimal128Type(10, 2)).Append(new Decimal128Type(12, 4)).ToDictionary(t => t.ToString());

    [Theory]
    [InlineData("int64", 127L, "int8", (sbyte)127)]
    [InlineData("int64", 128L, "int8", null)]
    [InlineData("int64", -1L, "uint64", null)]
    [InlineData("uint64", 9223372036854775808UL, "int64", null)]
    [InlineData("uint8", (byte)255, "int8", null)]
    [InlineData("int64", 1L, "bool", true)]
    [InlineData("int64", 0L, "bool", false)]
    [InlineData("int64", 2L, "bool", null)]
    [InlineData("bool", true, "int32", 1)]
    [InlineData("int64", 9007199254740993L, "double", null)]
    [InlineData("int64", 9007199254740992L, "double", 9007199254740992.0)]
    [InlineData("int64", long.MaxValue, "double", null)]
    [InlineData("float", 0.5f, "double", 0.5)]
    [InlineData("utf8", "42", "int32", 42)]
    [InlineData("utf8", "+42", "int32", 42)]
    [InlineData("utf8", "007", "int32", 7)]
    [InlineData("utf8", "42 ", "int32", null)]
    [InlineData("utf8", "42\0", "int32", null)]
    [InlineData("utf8", "4,2", "int32", null)]
    [InlineData("utf8", "1.0", "int32", null)]
    [InlineData("utf8", "", "int32", null)]
    [InlineData("utf8", "2147483648", "int32", null)]
    [InlineData("utf8", "-1", "uint8", null)]
    [InlineData("utf8", "TRUE", "bool", true)]
    [InlineData("utf8", "0", "bool", false)]
    [InlineData("utf8", "yes", "bool", null)]
    [InlineData("utf8", "1e3", "double", 1000.0)]
    [InlineData("utf8", "1e999", "double", null)]
    [InlineData("utf8", "-Infinity", "double", double.NegativeInfinity)]
    [InlineData("utf8", "0.5\0", "double", null)]
    [InlineData("utf8", " NaN", "double", null)]
    [InlineData("utf8", "∞", "double", null)]
    [InlineData("utf8", "2024-02-29", "date32", 19782)]
    [InlineData("utf8", "2023-02-29", "date32", null)]
    [InlineData("utf8", "2023-2-9", "date32", null)]
    [InlineData("utf8", "2023-02-09 ", "date32", null)]
    [InlineData("utf8", "13:05", "time32[s]", 47100)]
    [InlineData("utf8", "24:00", "time32[s]", null)]
    [InlineData("utf8", "23:59:60", "time32[s]", null)]
    [InlineData("utf8", "00:00:01.500", "time32[ms]", 1500)]
    [InlineData("utf8", "00:00:01.500", "time32[s]", null)]
    [InlineData("utf8", "00:00:01.0", "time32[s]", 1)]
    [InlineData("utf8", "00:00:01.", "time32[s]", null)]
    [InlineData("utf8", "1970-01-01T00:00:01Z", "timestamp[us, UTC]", 1_000_000L)]
    [InlineData("utf8", "1970-01-01 01:00:01+01:00", "timestamp[us, UTC]", 1_000_000L)]
    [InlineData("utf8", "1969-12-31T14:30:01-0930", "timestamp[us, UTC]", 1_000_000L)]
    [InlineData("utf8", "1970-01-01T00:00:01", "timestamp[us, UTC]", null)]
    [InlineData("utf8", "1970-01-01 00:00:01", "timestamp[ms]", 1_000L)]
    [InlineData("utf8", "1970-01-01 00:00:01Z", "timestamp[ms]", null)]
    [InlineData("utf8", "1970-01-01", "timestamp[ms]", null)]
    [InlineData("utf8", "1970-01-01 00:00:00.0001", "timestamp[ms]", null)]
    [InlineData("utf8", "2300-01-01T00:00:00Z", "timestamp[ns, Europe/Helsinki]", null)]
    [InlineData("date32", -1, "timestamp[ms]", -86_400_000L)]
    [InlineData("timestamp[us, UTC]", 1_500L, "timestamp[ns, Europe/Helsinki]", 1_500_000L)]
    [InlineData("timestamp[ms]", 1_500L, "timestamp[s]", null)]
    [InlineData("timestamp[ms]", -1_000L, "timestamp[s]", -1L)]
    [InlineData("timestamp[s]", long.MaxValue, "timestamp[ms]", null)]
    [InlineData("time64[us]", 1_000L, "time32[ms]", 1)]
    [InlineData("time64[us]", 1_001L, "time32[ms]", null)]
    public void A_value_is_cast_exactly_or_is_a_misfit(string from, object value, string to, object? expected)
    {
        var (cast, misfits) = Run(Named[from], Named[to], value, null);

        Assert.Equal([expected, null], TestColumns.Values(cast));
        Assert.Equal(expected is null ? [0] : [], misfits);
    }

    [Theory]
    [InlineData("12.5", "12.5")]
    [InlineData("-.05", "-0.05")]
    [InlineData("5.", "5")]
    [InlineData("007.1000", "7.1")]
    [InlineData("99999999.99", "99999999.99")]
    [InlineData("100000000", null)]
    [InlineData("0.005", null)]
    [InlineData("1e2", null)]
    [InlineData(".", null)]
    [InlineData("", null)]
    [InlineData("-", null)]
    [InlineData("1.2.3", null)]
    [InlineData("123456789012345678901234567890123456789012345678901234567890", null)]
    public void Text_becomes_a_decimal_of_ten_digits_and_scale_two(string text, string? expected)
    {
        var (cast, misfits) = Run(Text, Named["decimal128(10, 2)"], text);

        Assert.Equal(expected, CanonicalText.Of(cast) is { } back && back.IsValid(0) ? back.GetString(0) : null);
        Assert.Equal(expected is null ? [0] : [], misfits);
    }

    [Fact]
    public void Every_cast_that_can_be_undone_gives_the_value_back()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(600), Prop.ForAll(Cases().ToArbitrary(), c =>
        {
            var there = Casts.For(c.From, c.To);
            var back = Casts.For(c.To, c.From);
            // Text has many forms of a value; zones are names for the same instants.
            if (there is null || back is null || c.From is StringType) return;
            var source = AnyColumn.Make(c.From, 40, new Random(c.Seed));
            var misfits = new HashSet<int>();
            var cast = there.Apply(source, RowBits.Live(source, []), row => Assert.True(misfits.Add(row)));
            var again = back.Apply(cast, RowBits.Live(cast, []), row => Assert.Fail($"{c.From} → {c.To} → {c.From}: row {row} does not fit back"));
            var expected = TestColumns.Values(source).Select((value, row) => misfits.Contains(row) ? null : value);
            Assert.Equal(expected, TestColumns.Values(again));
        }));
    }

    [Fact]
    public void Integers_fit_exactly_where_the_number_is_in_range()
    {
        ArrowType[] integers = [.. AnyColumn.Types.Where(t => t.TypeId is >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64)];
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(Cases().ToArbitrary(), c =>
        {
            var (from, to) = (integers[(c.Seed & 0xFF) % integers.Length], integers[((c.Seed >> 8) & 0xFF) % integers.Length]);
            if (from == to) return;
            var source = AnyColumn.Make(from, 40, new Random(c.Seed));
            var expected = TestColumns.Values(source).Select(v => v is null ? (BigInteger?)null : BigInteger.Parse($"{v}", CultureInfo.InvariantCulture))
                .Select(v => v >= Smallest(to) && v <= Largest(to) ? v : null);
            var cast = Casts.For(from, to)!.Apply(source, RowBits.Live(source, []), static _ => { });
            Assert.Equal(expected, TestColumns.Values(cast).Select(v => v is null ? (BigInteger?)null : BigInteger.Parse($"{v}", CultureInfo.InvariantCulture)));
        }));
    }

    [Fact]
    public void Decimals_change_scale_exactly_where_no_digit_is_lost()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(Cases().ToArbitrary(), c =>
        {
            var random = new Random(c.Seed);
            var from = new Decimal128Type(random.Next(1, 39), random.Next(0, 39));
            var to = new Decimal128Type(random.Next(1, 39), random.Next(0, 39));
            if (from == to) return;
            var source = AnyColumn.Make(from, 20, random);
            var expected = TestColumns.Values(source).Select(v => v is Int128 number ? Rescaled(number, from.Scale, to) : null);
            var cast = Casts.For(from, to)!.Apply(source, RowBits.Live(source, []), static _ => { });
            Assert.Equal(expected, TestColumns.Values(cast).Select(v => v is Int128 number ? (BigInteger)number : (BigInteger?)null));
        }));
    }

    [Fact]
    public void Dates_and_instants_are_written_as_the_framework_writes_them()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var instant = new DateTime(random.NextInt64(DateTime.MaxValue.Ticks / 10) * 10, DateTimeKind.Utc);
            var date = DateOnly.FromDateTime(instant).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
            Assert.Equal(instant.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), TextOf(Date32Type.Default, date));
            var micros = (instant - DateTime.UnixEpoch).Ticks / 10;
            var text = TextOf(Instant, micros);
            Assert.Equal(instant, DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal));
            Assert.Equal([micros], TestColumns.Values(Run(Text, Instant, text).Cast));
        }));
    }

    [Theory]
    [InlineData("int32", -5, "-5")]
    [InlineData("bool", true, "true")]
    [InlineData("double", 1e20, "1E+20")]
    [InlineData("double", 0.1, "0.1")]
    [InlineData("float", 0.1f, "0.1")]
    [InlineData("decimal128(10, 2)", 150, "1.5")]
    [InlineData("decimal128(12, 4)", 15000, "1.5")]
    [InlineData("decimal128(12, 4)", -1, "-0.0001")]
    [InlineData("decimal128(10, 2)", 500, "5")]
    [InlineData("decimal128(10, 2)", 0, "0")]
    [InlineData("date32", 0, "1970-01-01")]
    [InlineData("date32", int.MaxValue, "+5881580-07-11")]
    [InlineData("date32", int.MinValue, "-5877641-06-23")]
    [InlineData("time32[ms]", 47_100_250, "13:05:00.25")]
    [InlineData("timestamp[s]", -1L, "1969-12-31T23:59:59")]
    [InlineData("timestamp[us, UTC]", -1L, "1969-12-31T23:59:59.999999Z")]
    [InlineData("utf8", "Zoë", "Zoë")]
    public void A_value_has_one_text(string type, object value, string expected) => Assert.Equal(expected, TextOf(Named[type], value));

    [Fact]
    public void Bytes_have_hex_as_text()
    {
        Assert.Equal("00ff", TextOf(BinaryType.Default, new byte[] { 0, 0xFF }));
        Assert.Equal("0a0b", TextOf(new FixedSizeBinaryType(2), new byte[] { 10, 11 }));
    }

    [Fact]
    public void Every_type_has_a_text_for_every_value_and_null_for_null()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), Prop.ForAll(Cases().ToArbitrary(), c =>
        {
            var column = AnyColumn.Make(c.From, 40, new Random(c.Seed));
            var text = CanonicalText.Of(column);
            Assert.Equal(Enumerable.Range(0, 40).Select(column.IsNull), Enumerable.Range(0, 40).Select(text.IsNull));
        }));
    }

    [Fact]
    public void Rows_that_are_not_live_are_null_with_nothing_beneath_and_are_not_looked_at()
    {
        foreach (var (from, to) in AnyColumn.Types.SelectMany(f => AnyColumn.Types.Where(t => t != f).Select(t => (f, t))))
        {
            if (Casts.For(from, to) is not { } cast) continue;
            var source = TestColumns.Column(from, AnyColumn.Value(from, new Random(3)), AnyColumn.Value(from, new Random(4)));
            var result = cast.Apply(source, new byte[] { 0 }, row => Assert.Fail($"{from} → {to}: row {row} was cast"));
            Assert.Equal(2, result.NullCount);
            Assert.Equal(TestColumns.Column(to, null, null).ByteSize, result.ByteSize);
        }
    }

    [Fact]
    public void What_would_lose_or_guess_has_no_cast()
    {
        Assert.Null(Casts.For(DoubleType.Default, FloatType.Default));
        Assert.Null(Casts.For(DoubleType.Default, Int64Type.Default));
        Assert.Null(Casts.For(Instant, WallClock));
        Assert.Null(Casts.For(WallClock, Instant));
        Assert.Null(Casts.For(Date32Type.Default, Instant));
        Assert.Null(Casts.For(WallClock, Date32Type.Default));
        Assert.Null(Casts.For(BinaryType.Default, Text));
        Assert.Null(Casts.For(Text, BinaryType.Default));
        Assert.Null(Casts.For(Text, new Decimal128Type(10, -2)));
    }

    private sealed record Case(ArrowType From, ArrowType To, int Seed);

    private static Gen<Case> Cases() => from a in AnyColumn.Type from b in AnyColumn.Type from seed in Gen.Choose(0, int.MaxValue) where a != b select new Case(a, b, seed);

    private static (ArrowArray Cast, IReadOnlyList<int> Misfits) Run(ArrowType from, ArrowType to, params object?[] values)
    {
        var misfits = new List<int>();
        var source = TestColumns.Column(from, values);
        return (Casts.For(from, to)!.Apply(source, RowBits.Live(source, []), misfits.Add), misfits);
    }

    private static string TextOf(ArrowType type, object value) => CanonicalText.Of(TestColumns.Column(type, value)).GetString(0);

    private static BigInteger Largest(ArrowType type) => (BigInteger.One << (Bits(type) - (IsSigned(type) ? 1 : 0))) - 1;

    private static BigInteger Smallest(ArrowType type) => IsSigned(type) ? -(BigInteger.One << (Bits(type) - 1)) : 0;

    private static bool IsSigned(ArrowType type) => type.Name[0] == 'i';

    private static int Bits(ArrowType type) => int.Parse(type.Name.Replace("uint", "int", StringComparison.Ordinal)[3..], CultureInfo.InvariantCulture);

    private static BigInteger? Rescaled(Int128 value, int scale, Decimal128Type to)
    {
        var wide = (BigInteger)value * BigInteger.Pow(10, 40);
        var rescaled = to.Scale >= scale ? wide * BigInteger.Pow(10, to.Scale - scale) : wide / BigInteger.Pow(10, scale - to.Scale);
        var unit = BigInteger.Pow(10, 40);
        return rescaled % unit == 0 && BigInteger.Abs(rescaled / unit) < BigInteger.Pow(10, to.Precision) ? rescaled / unit : null;
    }
}
