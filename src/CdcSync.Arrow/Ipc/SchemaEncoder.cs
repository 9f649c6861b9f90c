using System.Diagnostics;

namespace CdcSync.Arrow.Ipc;

/// <summary>Schema, fields and types into a flat buffer (Schema.fbs).</summary>
internal static class SchemaEncoder
{
    internal static int Write(FlatBufferWriter writer, Schema schema)
    {
        var fields = writer.Vector([.. schema.Fields.Select(field => WriteField(writer, field))]);
        var metadata = WriteMetadata(writer, schema.Metadata);
        writer.StartTable();
        writer.AddInt16(0, 0); // little-endian
        writer.AddReference(1, fields);
        if (metadata != 0) writer.AddReference(2, metadata);
        return writer.EndTable();
    }

    private static int WriteField(FlatBufferWriter writer, Field field)
    {
        var name = writer.String(field.Name);
        var (tag, type) = WriteType(writer, field.DataType);
        // Some readers take an absent vector of children for a broken field.
        var children = writer.Vector([]);
        var metadata = WriteMetadata(writer, field.Metadata);
        writer.StartTable();
        writer.AddReference(0, name);
        writer.AddReference(3, type);
        writer.AddReference(5, children);
        if (metadata != 0) writer.AddReference(6, metadata);
        writer.AddBool(1, field.IsNullable);
        writer.AddByte(2, (byte)tag);
        return writer.EndTable();
    }

    private static int WriteMetadata(FlatBufferWriter writer, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0) return 0;
        var pairs = new List<int>(metadata.Count);
        foreach (var (key, value) in metadata)
        {
            var (keyAt, valueAt) = (writer.String(key), writer.String(value));
            writer.StartTable();
            writer.AddReference(0, keyAt);
            writer.AddReference(1, valueAt);
            pairs.Add(writer.EndTable());
        }
        return writer.Vector([.. pairs]);
    }

    internal static (TypeTag Tag, int Place) WriteType(FlatBufferWriter writer, ArrowType type)
    {
        var timezone = type is TimestampType { Timezone: { } zone } ? writer.String(zone) : 0;
        writer.StartTable();
        var tag = AddParameters(writer, type);
        if (timezone != 0) writer.AddReference(1, timezone);
        return (tag, writer.EndTable());
    }

    private static TypeTag AddParameters(FlatBufferWriter writer, ArrowType type)
    {
        switch (type)
        {
            case NullType: return TypeTag.Null;
            case BooleanType: return TypeTag.Bool;
            case StringType: return TypeTag.Utf8;
            case BinaryType: return TypeTag.Binary;
            case LargeStringType: return TypeTag.LargeUtf8;
            case LargeBinaryType: return TypeTag.LargeBinary;
            case FixedSizeBinaryType binary:
                writer.AddInt32(0, binary.ByteWidth);
                return TypeTag.FixedSizeBinary;
            case Decimal32Type number: return AddDecimal(writer, number.Precision, number.Scale, bits: 32);
            case Decimal64Type number: return AddDecimal(writer, number.Precision, number.Scale, bits: 64);
            case Decimal128Type number: return AddDecimal(writer, number.Precision, number.Scale, bits: 128);
            case Decimal256Type number: return AddDecimal(writer, number.Precision, number.Scale, bits: 256);
            case Date32Type:
                writer.AddInt16(0, 0); // days
                return TypeTag.Date;
            case Date64Type:
                writer.AddInt16(0, 1); // milliseconds
                return TypeTag.Date;
            case Time32Type time: return AddTime(writer, time.Unit, bits: 32);
            case Time64Type time: return AddTime(writer, time.Unit, bits: 64);
            case TimestampType timestamp:
                writer.AddInt16(0, (short)timestamp.Unit);
                return TypeTag.Timestamp;
            case DurationType duration:
                writer.AddInt16(0, (short)duration.Unit);
                return TypeTag.Duration;
            case HalfFloatType or FloatType or DoubleType:
                writer.AddInt16(0, (short)(type.TypeId - ArrowTypeId.HalfFloat));
                return TypeTag.FloatingPoint;
            default: return AddInteger(writer, type.TypeId);
        }
    }

    private static TypeTag AddDecimal(FlatBufferWriter writer, int precision, int scale, int bits)
    {
        writer.AddInt32(0, precision);
        writer.AddInt32(1, scale);
        writer.AddInt32(2, bits);
        return TypeTag.Decimal;
    }

    private static TypeTag AddTime(FlatBufferWriter writer, TimeUnit unit, int bits)
    {
        writer.AddInt32(1, bits);
        writer.AddInt16(0, (short)unit);
        return TypeTag.Time;
    }

    private static TypeTag AddInteger(FlatBufferWriter writer, ArrowTypeId type)
    {
        var (bits, signed) = type switch
        {
            ArrowTypeId.Int8 => (8, true),
            ArrowTypeId.UInt8 => (8, false),
            ArrowTypeId.Int16 => (16, true),
            ArrowTypeId.UInt16 => (16, false),
            ArrowTypeId.Int32 => (32, true),
            ArrowTypeId.UInt32 => (32, false),
            ArrowTypeId.Int64 => (64, true),
            ArrowTypeId.UInt64 => (64, false),
            _ => throw new UnreachableException($"No encoding for {type}."),
        };
        writer.AddInt32(0, bits);
        writer.AddBool(1, signed);
        return TypeTag.Int;
    }
}
