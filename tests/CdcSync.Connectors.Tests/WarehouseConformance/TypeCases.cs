using CdcSync.Arrow;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <summary>Every type of Arrow's that the engine knows, with the values at its edges.</summary>
public static class TypeCases
{
    private static readonly Int128 Digits38 = Int128.Parse(new string('9', 38), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>By the type's name, which is the test case's.</summary>
    public static IReadOnlyDictionary<string, (ArrowType Type, IReadOnlyList<object> Values)> All { get; } = Cases().ToDictionary(c => c.Type.ToString());

    private static IEnumerable<(ArrowType Type, IReadOnlyList<object> Values)> Cases()
    {
        yield return (NullType.Default, []);
        yield return (BooleanType.Default, [true, false]);
        yield return (Int8Type.Default, [sbyte.MinValue, sbyte.MaxValue, 0]);
        yield return (UInt8Type.Default, [byte.MinValue, byte.MaxValue]);
        yield return (Int16Type.Default, [short.MinValue, short.MaxValue, 0]);
        yield return (UInt16Type.Default, [ushort.MinValue, ushort.MaxValue]);
        yield return (Int32Type.Default, [int.MinValue, int.MaxValue, 0, -1]);
        yield return (UInt32Type.Default, [uint.MinValue, uint.MaxValue]);
        yield return (Int64Type.Default, [long.MinValue, long.MaxValue, 0, -1, (1L << 53) + 1]);
        yield return (UInt64Type.Default, [ulong.MinValue, ulong.MaxValue, (ulong)long.MaxValue + 1]);
        yield return (HalfFloatType.Default, [Half.MinValue, Half.MaxValue, Half.Epsilon, (Half)0, (Half)0.1, Half.PositiveInfinity, Half.NaN]);
        yield return (FloatType.Default, [float.MinValue, float.MaxValue, float.Epsilon, 0f, 0.1f, -1.5f, float.PositiveInfinity, float.NegativeInfinity, float.NaN]);
        yield return (DoubleType.Default, [double.MinValue, double.MaxValue, double.Epsilon, 0d, 0.1, 1d / 3, 9007199254740993d, double.PositiveInfinity, double.NegativeInfinity, double.NaN]);
        foreach (var type in new Decimal128Type[] { new(1, 0), new(15, 0), new(15, 2), new(15, 15), new(16, 2), new(18, 0), new(19, 4), new(38, 0), new(38, 10), new(38, 38), new(5, -2) })
            yield return (type, Decimals(type));
        yield return (StringType.Default, Texts());
        yield return (BinaryType.Default, [Array.Empty<byte>(), new byte[] { 0 }, new byte[] { 0, 255, 39, 34, 92 }, Enumerable.Range(0, 256).Select(i => (byte)i).ToArray(), new byte[1 << 20]]);
        yield return (new FixedSizeBinaryType(16), [new byte[16], Enumerable.Repeat((byte)255, 16).ToArray()]);
        yield return (Date32Type.Default, [Days(1, 1, 1), Days(9999, 12, 31), 0, -1, Days(1582, 10, 10), Days(2024, 2, 29), Days(1900, 2, 28)]);
        yield return (new Time32Type(TimeUnit.Second), [0, 86_399, 43_200]);
        yield return (new Time32Type(TimeUnit.Millisecond), [0, 86_399_999, 43_200_001]);
        yield return (new Time64Type(TimeUnit.Microsecond), [0, 86_399_999_999, 43_200_000_001]);
        yield return (new Time64Type(TimeUnit.Nanosecond), [0, 86_399_999_999_999, 43_200_000_000_001]);
        foreach (var zone in new[] { null, "UTC", "Europe/Prague" })
        {
            foreach (var (unit, perSecond) in new[] { (TimeUnit.Second, 1L), (TimeUnit.Millisecond, 1_000L), (TimeUnit.Microsecond, 1_000_000L) })
                yield return (new TimestampType(unit, zone), [Days(1, 1, 1) * 86_400L * perSecond, (Days(9999, 12, 31) + 1) * 86_400L * perSecond - 1, 0, -1, 1, 1_700_000_000L * perSecond]);
            yield return (new TimestampType(TimeUnit.Nanosecond, zone), [long.MinValue, long.MaxValue, 0, -1, 1, 1_700_000_000_123_456_789]);
        }
    }

    private static IReadOnlyList<object> Decimals(Decimal128Type type)
    {
        var most = Digits38;
        for (var digits = 38; digits > type.Precision; digits--) most /= 10;
        return [most, -most, (Int128)0, (Int128)1, (Int128)(-1), most / 3, (Int128)7];
    }

    private static IReadOnlyList<object> Texts() =>
    [
        "", " ", "trailing  ", "NULL", "null", "∅", "a'b\"c`d\\e", "{1,\"2\",NULL}", "line\nbreak\r\n\ttab", "\\N", "\\.", "1.0", "1e5", "0012", "2026-01-31", "true",
        "\u00e9", "e\u0301", "žluťoučký kůň", "中文", "🐎", "\U0010FFFF", "\ufeffbom", "a\0b", "\0", new string('x', 1 << 20), new string('ž', 100_000),
    ];

    private static int Days(int year, int month, int day) => new DateOnly(year, month, day).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
}
