using CdcSync.Arrow;

namespace CdcSync.Core.Contracts;

/// <summary>What a property's values are, by the standard.</summary>
internal enum LogicalType
{
    String,
    Date,
    Timestamp,
    Time,
    Number,
    Integer,
    Object,
    Array,
    Boolean,
}

/// <summary>From a property's logical and physical type to the Arrow type. The physical one wins where it is known: it says more.</summary>
internal static class ContractType
{
    internal static TypeReading Of(LogicalType? logical, string? physical, ValueOptions options)
    {
        if (physical is not null && PhysicalType.Read(physical) is { } known) return known;
        return logical switch
        {
            null when physical is null => new(null, "expected a physicalType such as bigint or varchar(20), or a logicalType"),
            null => new(null, $"'{physical}' is no type that CdcSync knows (docs/contracts.md lists them): name a known one, or add a logicalType"),
            { } type => Of(type, options),
        };
    }

    /// <summary>The logical type that goes with an Arrow type.</summary>
    internal static LogicalType LogicalOf(ArrowType type) => type switch
    {
        BooleanType => LogicalType.Boolean,
        Date32Type => LogicalType.Date,
        Time32Type or Time64Type => LogicalType.Time,
        TimestampType => LogicalType.Timestamp,
        HalfFloatType or FloatType or DoubleType or Decimal128Type => LogicalType.Number,
        StringType or BinaryType or FixedSizeBinaryType => LogicalType.String,
        _ => LogicalType.Integer,
    };

    /// <summary>True if both can be meant at once: an integer may be held as numeric(10,0), a date as text.</summary>
    internal static bool Agree(LogicalType logical, ArrowType type) => LogicalOf(type) == logical || type is StringType
        || (logical, type) is (LogicalType.Integer, Decimal128Type) or (LogicalType.Number, not (BooleanType or Date32Type or Time64Type or TimestampType or BinaryType or FixedSizeBinaryType))
            or (LogicalType.Date, TimestampType);

    /// <summary>The type that a format of numbers names; null = it names none that can be held.</summary>
    internal static ArrowType? OfFormat(string format) => format is "i64" ? Int64Type.Default : format[0] is 'f' ? Of(LogicalType.Number, new ValueOptions { Format = format }).Type
        : Integer(format) is { Type: not Int64Type and var narrow } ? narrow : null;

    private static TypeReading Of(LogicalType type, ValueOptions options) => type switch
    {
        LogicalType.String => new(StringType.Default, null),
        LogicalType.Boolean => new(BooleanType.Default, null),
        LogicalType.Date => new(Date32Type.Default, null),
        LogicalType.Time => new(new Time64Type(TimeUnit.Microsecond), null),
        LogicalType.Timestamp => new(new TimestampType(TimeUnit.Microsecond, options.Timezone is true ? "UTC" : null), null),
        LogicalType.Integer => Integer(options.Format),
        LogicalType.Number => options.Format switch
        {
            "f32" => new(FloatType.Default, null),
            "f64" => new(DoubleType.Default, null),
            _ => new(null, "a number needs a physicalType numeric(p,s), or double precision where rounding is allowed"),
        },
        _ => new(null, "objects and arrays can't be synced: flatten them in a view, or take them as text (physicalType: text)"),
    };

    private static TypeReading Integer(string? format) => format switch
    {
        "i8" => new(Int8Type.Default, null),
        "i16" => new(Int16Type.Default, null),
        "i32" => new(Int32Type.Default, null),
        "u8" => new(UInt8Type.Default, null),
        "u16" => new(UInt16Type.Default, null),
        "u32" => new(UInt32Type.Default, null),
        "u64" => new(UInt64Type.Default, null),
        "i128" or "u128" => new(null, "integers of 128 bits can't be held: use physicalType numeric(38,0)"),
        _ => new(Int64Type.Default, null),
    };
}
