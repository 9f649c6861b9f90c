using CdcSync.Arrow;

namespace CdcSync.Core.Contracts;

/// <summary>Which types hold all values of another.</summary>
public static class TypeWidth
{
    /// <summary>True if every value of one type is, unchanged, a value of the other.</summary>
    /// <param name="wide">The type that is to hold them.</param>
    /// <param name="narrow">The type whose values they are.</param>
    public static bool Holds(ArrowType wide, ArrowType narrow) => (wide, narrow) switch
    {
        _ when wide.Equals(narrow) => true,
        (Decimal128Type w, Decimal128Type n) => w.Scale >= n.Scale && w.Precision - w.Scale >= n.Precision - n.Scale,
        (Decimal128Type w, _) when Integer(narrow) is { } n => w.Scale >= 0 && w.Precision - w.Scale >= n.Digits,
        (TimestampType w, TimestampType n) => w.Unit >= n.Unit && w.Timezone == n.Timezone,
        (Time64Type w, Time64Type n) => w.Unit >= n.Unit,
        (Time64Type, Time32Type) => true,
        (DoubleType, FloatType) => true,
        (DoubleType, _) when Integer(narrow) is { } n => n.Bits <= 32,
        (BinaryType, FixedSizeBinaryType) => true,
        _ => Integer(wide) is { } w && Integer(narrow) is { } n && (w.IsSigned == n.IsSigned ? w.Bits >= n.Bits : w.IsSigned && w.Bits > n.Bits),
    };

    private static (int Bits, bool IsSigned, int Digits)? Integer(ArrowType type) => type switch
    {
        Int8Type => (8, true, 3),
        Int16Type => (16, true, 5),
        Int32Type => (32, true, 10),
        Int64Type => (64, true, 19),
        UInt8Type => (8, false, 3),
        UInt16Type => (16, false, 5),
        UInt32Type => (32, false, 10),
        UInt64Type => (64, false, 20),
        _ => null,
    };
}
