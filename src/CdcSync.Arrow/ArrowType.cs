namespace CdcSync.Arrow;

/// <summary>The logical types a column can have.</summary>
public enum ArrowTypeId
{
    /// <summary>No values at all: every row is null.</summary>
    Null,
    /// <summary>One bit per value.</summary>
    Boolean,
    /// <summary>Signed, 1 byte.</summary>
    Int8,
    /// <summary>Unsigned, 1 byte.</summary>
    UInt8,
    /// <summary>Signed, 2 bytes.</summary>
    Int16,
    /// <summary>Unsigned, 2 bytes.</summary>
    UInt16,
    /// <summary>Signed, 4 bytes.</summary>
    Int32,
    /// <summary>Unsigned, 4 bytes.</summary>
    UInt32,
    /// <summary>Signed, 8 bytes.</summary>
    Int64,
    /// <summary>Unsigned, 8 bytes.</summary>
    UInt64,
    /// <summary>IEEE 754 binary16.</summary>
    HalfFloat,
    /// <summary>IEEE 754 binary32.</summary>
    Float,
    /// <summary>IEEE 754 binary64.</summary>
    Double,
    /// <summary>Text in UTF-8, 32-bit offsets.</summary>
    String,
    /// <summary>Bytes, 32-bit offsets.</summary>
    Binary,
    /// <summary>Bytes, the same number in each row.</summary>
    FixedSizeBinary,
    /// <summary>A 128-bit integer times a power of ten.</summary>
    Decimal128,
    /// <summary>Days since 1970-01-01, 4 bytes.</summary>
    Date32,
    /// <summary>Time of day in seconds or milliseconds, 4 bytes.</summary>
    Time32,
    /// <summary>Time of day in microseconds or nanoseconds, 8 bytes.</summary>
    Time64,
    /// <summary>Time since 1970-01-01T00:00:00 in a unit, 8 bytes; with a zone it is an instant in UTC, without one a wall clock.</summary>
    Timestamp,
    /// <summary>Text in UTF-8, 64-bit offsets in files and streams.</summary>
    LargeString,
    /// <summary>Bytes, 64-bit offsets in files and streams.</summary>
    LargeBinary,
    /// <summary>A 32-bit integer times a power of ten.</summary>
    Decimal32,
    /// <summary>A 64-bit integer times a power of ten.</summary>
    Decimal64,
    /// <summary>A 256-bit integer times a power of ten.</summary>
    Decimal256,
    /// <summary>Milliseconds since 1970-01-01, 8 bytes; by the format whole days.</summary>
    Date64,
    /// <summary>A length of time in a unit, 8 bytes.</summary>
    Duration,
    /// <summary>Places in a list of values, each value held once.</summary>
    Dictionary,
}

/// <summary>The unit of a time, timestamp or duration.</summary>
public enum TimeUnit
{
    /// <summary>1 s.</summary>
    Second,
    /// <summary>10⁻³ s.</summary>
    Millisecond,
    /// <summary>10⁻⁶ s.</summary>
    Microsecond,
    /// <summary>10⁻⁹ s.</summary>
    Nanosecond,
}

/// <summary>A logical type. Two are equal where kind and parameters are equal; <see cref="object.ToString"/> names both: <c>timestamp[us, UTC]</c>.</summary>
public abstract record ArrowType
{
    // The list of types is closed: memory layout and IPC know each of them.
    private protected ArrowType() { }

    /// <summary>The kind of type, without its parameters.</summary>
    public abstract ArrowTypeId TypeId { get; }

    /// <summary>The kind's name as Arrow spells it, without parameters: <c>timestamp</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What one value is in memory, for the types that a <see cref="FixedWidthArray{T}"/> holds; else null.</summary>
    internal virtual Type? ElementType => null;

    private protected virtual string Text => Name;

    /// <inheritdoc/>
    public sealed override string ToString() => Text;
}

/// <summary>Every row is null; no buffers.</summary>
public sealed record NullType : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static NullType Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Null;
    /// <inheritdoc/>
    public override string Name => "null";
}

/// <summary>True or false, one bit each.</summary>
public sealed record BooleanType : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static BooleanType Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Boolean;
    /// <inheritdoc/>
    public override string Name => "bool";
}

/// <summary>Text in UTF-8.</summary>
public sealed record StringType : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static StringType Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.String;
    /// <inheritdoc/>
    public override string Name => "utf8";
}

/// <summary>Bytes of any length.</summary>
public sealed record BinaryType : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static BinaryType Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Binary;
    /// <inheritdoc/>
    public override string Name => "binary";
}

/// <summary>Text in UTF-8. In files and streams its offsets have 64 bits; in memory they have 32, as one buffer holds at most 2 GiB.</summary>
public sealed record LargeStringType : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static LargeStringType Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.LargeString;
    /// <inheritdoc/>
    public override string Name => "large_utf8";
}

/// <summary>Bytes of any length. In files and streams its offsets have 64 bits; in memory they have 32, as one buffer holds at most 2 GiB.</summary>
public sealed record LargeBinaryType : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static LargeBinaryType Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.LargeBinary;
    /// <inheritdoc/>
    public override string Name => "large_binary";
}

/// <summary>Bytes, the same number in each row.</summary>
/// <param name="ByteWidth">Bytes per row, 0 or more.</param>
/// <exception cref="ArgumentOutOfRangeException">The width is negative.</exception>
public sealed record FixedSizeBinaryType(int ByteWidth) : ArrowType
{
    /// <summary>Bytes per row, 0 or more.</summary>
    public int ByteWidth { get; } = ByteWidth >= 0 ? ByteWidth : throw new ArgumentOutOfRangeException(nameof(ByteWidth), ByteWidth, "0 or more");
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.FixedSizeBinary;
    /// <inheritdoc/>
    public override string Name => "fixed_size_binary";
    private protected override string Text => $"{Name}({ByteWidth})";
}
