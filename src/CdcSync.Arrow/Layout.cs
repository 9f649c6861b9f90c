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
            StringType or BinaryType => new VarLengthBuilder(type, capacity),
            FixedSizeBinaryType binary => new FixedSizeBinaryBuilder(binary, capacity),
            _ => CreateFixedWidthBuilder(type, capacity),
        };
    }

    private static ArrayBuilder CreateFixedWidthBuilder(ArrowType type, int capacity) => type.TypeId switch
    {
        ArrowTypeId.Int8 => new FixedWidthBuilder<sbyte>(type, capacity),
        ArrowTypeId.UInt8 => new FixedWidthBuilder<byte>(type, capacity),
        ArrowTypeId.Int16 => new FixedWidthBuilder<short>(type, capacity),
        ArrowTypeId.UInt16 => new FixedWidthBuilder<ushort>(type, capacity),
        ArrowTypeId.Int32 or ArrowTypeId.Date32 or ArrowTypeId.Time32 => new FixedWidthBuilder<int>(type, capacity),
        ArrowTypeId.UInt32 => new FixedWidthBuilder<uint>(type, capacity),
        ArrowTypeId.Int64 or ArrowTypeId.Time64 or ArrowTypeId.Timestamp => new FixedWidthBuilder<long>(type, capacity),
        ArrowTypeId.UInt64 => new FixedWidthBuilder<ulong>(type, capacity),
        ArrowTypeId.HalfFloat => new FixedWidthBuilder<Half>(type, capacity),
        ArrowTypeId.Float => new FixedWidthBuilder<float>(type, capacity),
        ArrowTypeId.Double => new FixedWidthBuilder<double>(type, capacity),
        ArrowTypeId.Decimal128 => new FixedWidthBuilder<Int128>(type, capacity),
        _ => throw new UnreachableException($"No builder for {type}."),
    };
}
