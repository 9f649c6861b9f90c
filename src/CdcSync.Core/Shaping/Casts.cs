using System.Numerics;
using CdcSync.Arrow;

namespace CdcSync.Core.Shaping;

/// <summary>Which type can be cast to which. Only what is exact, or says for each value that it is not; docs/landing.md lists it for people.</summary>
internal static class Casts
{
    /// <summary>The cast, or null where there is none. Not asked for equal types.</summary>
    internal static ColumnCast? For(ArrowType from, ArrowType to) => (from, to) switch
    {
        (_, StringType) => ToText(from),
        (StringType, _) => FromText(to),
        (BooleanType, _) => FromInteger<byte>(to) is { } fromByte ? new FromBoolCast(fromByte) : null,
        (Date32Type, TimestampType { Timezone: null } timestamp) => new FixedCast<int, long, DateToTimestamp>(to, new(CivilTime.PerSecond(timestamp.Unit))),
        (TimestampType a, TimestampType b) => (a.Timezone is null) == (b.Timezone is null) ? Units<long, long>(a.Unit, b.Unit, to) : null,
        (Time32Type a, Time32Type b) => Units<int, int>(a.Unit, b.Unit, to),
        (Time32Type a, Time64Type b) => Units<int, long>(a.Unit, b.Unit, to),
        (Time64Type a, Time32Type b) => Units<long, int>(a.Unit, b.Unit, to),
        (Time64Type a, Time64Type b) => Units<long, long>(a.Unit, b.Unit, to),
        (Decimal128Type a, _) => a.Scale is >= 0 and <= Decimal128Type.MaxPrecision ? FromDecimal(a, to) : null,
        (HalfFloatType, FloatType) => new FixedCast<Half, float, FloatWidening<Half, float>>(to, default),
        (HalfFloatType, DoubleType) => new FixedCast<Half, double, FloatWidening<Half, double>>(to, default),
        (FloatType, DoubleType) => new FixedCast<float, double, FloatWidening<float, double>>(to, default),
        (Int8Type, _) => FromInteger<sbyte>(to),
        (UInt8Type, _) => FromInteger<byte>(to),
        (Int16Type, _) => FromInteger<short>(to),
        (UInt16Type, _) => FromInteger<ushort>(to),
        (Int32Type, _) => FromInteger<int>(to),
        (UInt32Type, _) => FromInteger<uint>(to),
        (Int64Type, _) => FromInteger<long>(to),
        (UInt64Type, _) => FromInteger<ulong>(to),
        _ => null,
    };

    /// <summary>A type's canonical text (see <see cref="CanonicalText"/>), for those that have one as text.</summary>
    private static ColumnCast? ToText(ArrowType from) => from switch
    {
        BooleanType => new FromBoolCast(new TextCast<byte, BitText>(default)),
        Int8Type => Integers<sbyte>(),
        UInt8Type => Integers<byte>(),
        Int16Type => Integers<short>(),
        UInt16Type => Integers<ushort>(),
        Int32Type => Integers<int>(),
        UInt32Type => Integers<uint>(),
        Int64Type => Integers<long>(),
        UInt64Type => Integers<ulong>(),
        HalfFloatType => Floats<Half>(),
        FloatType => Floats<float>(),
        DoubleType => Floats<double>(),
        Decimal128Type number => new TextCast<Int128, DecimalText>(new(number.Scale)),
        Date32Type => new TextCast<int, DateText>(default),
        Time32Type time => new TextCast<int, TimeText<int>>(new(CivilTime.PerSecond(time.Unit))),
        Time64Type time => new TextCast<long, TimeText<long>>(new(CivilTime.PerSecond(time.Unit))),
        TimestampType time => new TextCast<long, TimestampText>(new(CivilTime.PerSecond(time.Unit), time.Timezone is not null)),
        _ => null,
    };

    private static ColumnCast? FromText(ArrowType to) => to switch
    {
        BooleanType => new ToBoolCast(new ParseCast<byte, BitParser>(UInt8Type.Default, default)),
        Int8Type => Parsed<sbyte>(to),
        UInt8Type => Parsed<byte>(to),
        Int16Type => Parsed<short>(to),
        UInt16Type => Parsed<ushort>(to),
        Int32Type => Parsed<int>(to),
        UInt32Type => Parsed<uint>(to),
        Int64Type => Parsed<long>(to),
        UInt64Type => Parsed<ulong>(to),
        HalfFloatType => new ParseCast<Half, FloatParser<Half>>(to, default),
        FloatType => new ParseCast<float, FloatParser<float>>(to, default),
        DoubleType => new ParseCast<double, FloatParser<double>>(to, default),
        Decimal128Type { Scale: >= 0 and <= Decimal128Type.MaxPrecision } number => new ParseCast<Int128, DecimalParser>(to, new(number.Precision, number.Scale)),
        Date32Type => new ParseCast<int, DateParser>(to, default),
        Time32Type time => new ParseCast<int, TimeParser<int>>(to, new(CivilTime.PerSecond(time.Unit))),
        Time64Type time => new ParseCast<long, TimeParser<long>>(to, new(CivilTime.PerSecond(time.Unit))),
        TimestampType time => new ParseCast<long, TimestampParser>(to, new(CivilTime.PerSecond(time.Unit), time.Timezone is not null)),
        _ => null,
    };

    private static ColumnCast? FromInteger<T>(ArrowType to) where T : unmanaged, IBinaryInteger<T> => to switch
    {
        BooleanType => new ToBoolCast(new FixedCast<T, byte, IntegerToBit<T>>(UInt8Type.Default, default)),
        Int8Type => Integers<T, sbyte>(to),
        UInt8Type => Integers<T, byte>(to),
        Int16Type => Integers<T, short>(to),
        UInt16Type => Integers<T, ushort>(to),
        Int32Type => Integers<T, int>(to),
        UInt32Type => Integers<T, uint>(to),
        Int64Type => Integers<T, long>(to),
        UInt64Type => Integers<T, ulong>(to),
        FloatType => new FixedCast<T, float, IntegerToFloat<T, float>>(to, default),
        DoubleType => new FixedCast<T, double, IntegerToFloat<T, double>>(to, default),
        Decimal128Type { Scale: >= 0 and <= Decimal128Type.MaxPrecision } number => new FixedCast<T, Int128, IntegerToDecimal<T>>(to, new(number.Precision, number.Scale)),
        _ => null,
    };

    private static ColumnCast? FromDecimal(Decimal128Type from, ArrowType to) => to switch
    {
        Int8Type => Whole<sbyte>(from, to),
        UInt8Type => Whole<byte>(from, to),
        Int16Type => Whole<short>(from, to),
        UInt16Type => Whole<ushort>(from, to),
        Int32Type => Whole<int>(from, to),
        UInt32Type => Whole<uint>(from, to),
        Int64Type => Whole<long>(from, to),
        UInt64Type => Whole<ulong>(from, to),
        Decimal128Type { Scale: >= 0 and <= Decimal128Type.MaxPrecision } number =>
            new FixedCast<Int128, Int128, DecimalRescale>(to, new(number.Scale - from.Scale, number.Precision)),
        _ => null,
    };

    private static TextCast<T, IntegerText<T>> Integers<T>() where T : unmanaged, IBinaryInteger<T> => new(default);

    private static TextCast<T, FloatText<T>> Floats<T>() where T : unmanaged, IBinaryFloatingPointIeee754<T> => new(default);

    private static ParseCast<T, IntegerParser<T>> Parsed<T>(ArrowType to) where T : unmanaged, IBinaryInteger<T> => new(to, default);

    private static FixedCast<TFrom, TTo, IntegerCast<TFrom, TTo>> Integers<TFrom, TTo>(ArrowType to)
        where TFrom : unmanaged, IBinaryInteger<TFrom> where TTo : unmanaged, IBinaryInteger<TTo> => new(to, default);

    private static FixedCast<Int128, T, DecimalToInteger<T>> Whole<T>(Decimal128Type from, ArrowType to) where T : unmanaged, IBinaryInteger<T> => new(to, new(from.Scale));

    private static FixedCast<TFrom, TTo, UnitCast<TFrom, TTo>> Units<TFrom, TTo>(TimeUnit from, TimeUnit unit, ArrowType to)
        where TFrom : unmanaged, IBinaryInteger<TFrom> where TTo : unmanaged, IBinaryInteger<TTo> => new(to, new(CivilTime.PerSecond(from), CivilTime.PerSecond(unit)));
}
