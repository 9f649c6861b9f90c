using CdcSync.Arrow;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// The form in which both sides of a comparison write a value: one of PostgreSQL's types in its binary format, tagged with that type's number. So a server of
/// that kind writes a whole row by one function (<c>record_send</c>), and everybody else by a few lines (ADR 70).
/// </summary>
public enum CanonicalType
{
    /// <summary>One byte, 1 or 0: booleans.</summary>
    Bool = 16,

    /// <summary>The bytes themselves: binary.</summary>
    Bytes = 17,

    /// <summary>8 bytes, big-endian, two's complement: every integer of up to 64 signed bits; times and timestamps in nanoseconds.</summary>
    Int8 = 20,

    /// <summary>UTF-8: texts as they are; decimals as their digits with as many after the point as the contract's scale says.</summary>
    Text = 25,

    /// <summary>8 bytes of IEEE 754, big-endian: every floating-point number, widened. Minus zero is written as zero, every NaN as one NaN.</summary>
    Float8 = 701,

    /// <summary>4 bytes, big-endian: days since 2000-01-01.</summary>
    Date = 1082,

    /// <summary>8 bytes, big-endian: microseconds since midnight.</summary>
    Time = 1083,

    /// <summary>8 bytes, big-endian: microseconds since 2000-01-01T00:00:00, a wall clock.</summary>
    Timestamp = 1114,

    /// <summary>As <see cref="Timestamp"/>, an instant in UTC.</summary>
    TimestampTz = 1184,
}

/// <summary>Which canonical form a column's values have.</summary>
public static class CanonicalTypes
{
    /// <summary>The length that stands for null.</summary>
    internal const int Null = -1;

    /// <summary>The form of an Arrow type's values; null = it has none, and a dataset with such a column can't be compared.</summary>
    public static CanonicalType? Of(ArrowType type) => type switch
    {
        BooleanType => CanonicalType.Bool,
        Int8Type or UInt8Type or Int16Type or UInt16Type or Int32Type or UInt32Type or Int64Type => CanonicalType.Int8,
        HalfFloatType or FloatType or DoubleType => CanonicalType.Float8,
        Decimal128Type or UInt64Type or StringType or NullType => CanonicalType.Text,
        BinaryType or FixedSizeBinaryType => CanonicalType.Bytes,
        Date32Type => CanonicalType.Date,
        Time32Type or Time64Type { Unit: TimeUnit.Microsecond } => CanonicalType.Time,
        Time64Type or TimestampType { Unit: TimeUnit.Nanosecond } => CanonicalType.Int8,
        TimestampType t => t.Timezone is null ? CanonicalType.Timestamp : CanonicalType.TimestampTz,
        _ => null,
    };
}
