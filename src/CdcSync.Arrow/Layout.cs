using System.Diagnostics;

namespace CdcSync.Arrow;

/// <summary>How a type lies in memory: the one place that goes from a type to the array and builder that hold it.</summary>
internal static class Layout
{
    internal static ArrayBuilder CreateBuilder(ArrowType type, int capacity)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        return type switch
        {
            NullType => new NullBuilder(),
            BooleanType => new BoolBuilder(capacity),
            StringType or BinaryType or LargeStringType or LargeBinaryType => new VarLengthBuilder(type, capacity),
            FixedSizeBinaryType binary => new FixedSizeBinaryBuilder(binary, capacity),
            DictionaryType => throw new ArrowNotSupportedException("building a dictionary-encoded column", $"{type}"),
            _ => CreateFixedWidthBuilder(type, capacity),
        };
    }

    private static ArrayBuilder CreateFixedWidthBuilder(ArrowType type, int capacity) => type.TypeId switch
    {
        ArrowTypeId.Int8 => new FixedWidthBuilder<sbyte>(type, capacity),
        ArrowTypeId.UInt8 => new FixedWidthBuilder<byte>(type, capacity),
        ArrowTypeId.Int16 => new FixedWidthBuilder<short>(type, capacity),
        ArrowTypeId.UInt16 => new FixedWidthBuilder<ushort>(type, capacity),
        ArrowTypeId.Int32 or ArrowTypeId.Date32 or ArrowTypeId.Time32 or ArrowTypeId.Decimal32 => new FixedWidthBuilder<int>(type, capacity),
        ArrowTypeId.UInt32 => new FixedWidthBuilder<uint>(type, capacity),
        ArrowTypeId.Int64 or ArrowTypeId.Date64 or ArrowTypeId.Time64 or ArrowTypeId.Timestamp or ArrowTypeId.Duration or ArrowTypeId.Decimal64
            => new FixedWidthBuilder<long>(type, capacity),
        ArrowTypeId.UInt64 => new FixedWidthBuilder<ulong>(type, capacity),
        ArrowTypeId.HalfFloat => new FixedWidthBuilder<Half>(type, capacity),
        ArrowTypeId.Float => new FixedWidthBuilder<float>(type, capacity),
        ArrowTypeId.Double => new FixedWidthBuilder<double>(type, capacity),
        ArrowTypeId.Decimal128 => new FixedWidthBuilder<Int128>(type, capacity),
        ArrowTypeId.Decimal256 => new FixedWidthBuilder<Int256>(type, capacity),
        _ => throw new UnreachableException($"No builder for {type}."),
    };

    internal static ArrowArray CreateFixedWidthArray(ArrowType type, int length, ReadOnlyMemory<byte> values, ReadOnlyMemory<byte> validity) => type.TypeId switch
    {
        ArrowTypeId.Int8 => new FixedWidthArray<sbyte>(type, length, values, validity),
        ArrowTypeId.UInt8 => new FixedWidthArray<byte>(type, length, values, validity),
        ArrowTypeId.Int16 => new FixedWidthArray<short>(type, length, values, validity),
        ArrowTypeId.UInt16 => new FixedWidthArray<ushort>(type, length, values, validity),
        ArrowTypeId.Int32 or ArrowTypeId.Date32 or ArrowTypeId.Time32 or ArrowTypeId.Decimal32 => new FixedWidthArray<int>(type, length, values, validity),
        ArrowTypeId.UInt32 => new FixedWidthArray<uint>(type, length, values, validity),
        ArrowTypeId.Int64 or ArrowTypeId.Date64 or ArrowTypeId.Time64 or ArrowTypeId.Timestamp or ArrowTypeId.Duration or ArrowTypeId.Decimal64
            => new FixedWidthArray<long>(type, length, values, validity),
        ArrowTypeId.UInt64 => new FixedWidthArray<ulong>(type, length, values, validity),
        ArrowTypeId.HalfFloat => new FixedWidthArray<Half>(type, length, values, validity),
        ArrowTypeId.Float => new FixedWidthArray<float>(type, length, values, validity),
        ArrowTypeId.Double => new FixedWidthArray<double>(type, length, values, validity),
        ArrowTypeId.Decimal128 => new FixedWidthArray<Int128>(type, length, values, validity),
        ArrowTypeId.Decimal256 => new FixedWidthArray<Int256>(type, length, values, validity),
        _ => throw new UnreachableException($"No array for {type}."),
    };

    /// <summary>Bytes of one value of a type that a <see cref="FixedWidthArray{T}"/> holds.</summary>
    internal static int ElementSize(ArrowType type) => type.TypeId switch
    {
        ArrowTypeId.Int8 or ArrowTypeId.UInt8 => 1,
        ArrowTypeId.Int16 or ArrowTypeId.UInt16 or ArrowTypeId.HalfFloat => 2,
        ArrowTypeId.Int32 or ArrowTypeId.UInt32 or ArrowTypeId.Float or ArrowTypeId.Date32 or ArrowTypeId.Time32 or ArrowTypeId.Decimal32 => 4,
        ArrowTypeId.Int64 or ArrowTypeId.UInt64 or ArrowTypeId.Double or ArrowTypeId.Date64 or ArrowTypeId.Time64 or ArrowTypeId.Timestamp or ArrowTypeId.Duration
            or ArrowTypeId.Decimal64 => 8,
        ArrowTypeId.Decimal128 => 16,
        ArrowTypeId.Decimal256 => 32,
        _ => throw new UnreachableException($"{type} has no fixed width."),
    };
}
