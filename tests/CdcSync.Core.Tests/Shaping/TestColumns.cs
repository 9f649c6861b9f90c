using CdcSync.Arrow;

namespace CdcSync.Core.Tests.Shaping;

/// <summary>Columns from plain values and back, through the public builders and arrays alone.</summary>
internal static class TestColumns
{
    internal static ArrowArray Column(ArrowType type, params object?[] values)
    {
        var builder = ArrayBuilder.For(type);
        foreach (var value in values)
        {
            if (value is null) builder.AppendNull();
            else Append(builder, value);
        }
        return builder.Build();
    }

    internal static object?[] Values(ArrowArray column) => [.. Enumerable.Range(0, column.Length).Select(i => column.IsNull(i) ? null : Value(column, i))];

    internal static RecordBatch Batch(Schema schema, params object?[][] rows) =>
        new(schema, [.. schema.Fields.Select((f, c) => Column(f.DataType, [.. rows.Select(r => r[c])]))], rows.Length);

    internal static object?[][] Rows(RecordBatch batch)
    {
        var columns = batch.Columns.Select(Values).ToArray();
        return [.. Enumerable.Range(0, batch.Length).Select(r => columns.Select(c => c[r]).ToArray())];
    }

    private static void Append(ArrayBuilder builder, object value)
    {
        switch (builder)
        {
            case BoolBuilder b: b.Append((bool)value); break;
            case FixedWidthBuilder<sbyte> b: b.Append(Convert.ToSByte(value)); break;
            case FixedWidthBuilder<byte> b: b.Append(Convert.ToByte(value)); break;
            case FixedWidthBuilder<short> b: b.Append(Convert.ToInt16(value)); break;
            case FixedWidthBuilder<ushort> b: b.Append(Convert.ToUInt16(value)); break;
            case FixedWidthBuilder<int> b: b.Append(Convert.ToInt32(value)); break;
            case FixedWidthBuilder<uint> b: b.Append(Convert.ToUInt32(value)); break;
            case FixedWidthBuilder<long> b: b.Append(Convert.ToInt64(value)); break;
            case FixedWidthBuilder<ulong> b: b.Append(Convert.ToUInt64(value)); break;
            case FixedWidthBuilder<Half> b: b.Append(value is Half half ? half : (Half)Convert.ToDouble(value)); break;
            case FixedWidthBuilder<float> b: b.Append(Convert.ToSingle(value)); break;
            case FixedWidthBuilder<double> b: b.Append(Convert.ToDouble(value)); break;
            case FixedWidthBuilder<Int128> b: b.Append(value is Int128 number ? number : Convert.ToInt64(value)); break;
            case FixedSizeBinaryBuilder b: b.Append((byte[])value); break;
            case VarLengthBuilder b when value is string text: b.Append(text); break;
            case VarLengthBuilder b: b.Append((byte[])value); break;
            default: throw new InvalidOperationException($"no value for {builder.Type}");
        }
    }

    private static object Value(ArrowArray column, int row) => column switch
    {
        BoolArray a => a.GetValue(row),
        FixedWidthArray<sbyte> a => a[row],
        FixedWidthArray<byte> a => a[row],
        FixedWidthArray<short> a => a[row],
        FixedWidthArray<ushort> a => a[row],
        FixedWidthArray<int> a => a[row],
        FixedWidthArray<uint> a => a[row],
        FixedWidthArray<long> a => a[row],
        FixedWidthArray<ulong> a => a[row],
        FixedWidthArray<Half> a => a[row],
        FixedWidthArray<float> a => a[row],
        FixedWidthArray<double> a => a[row],
        FixedWidthArray<Int128> a => a[row],
        FixedSizeBinaryArray a => Convert.ToHexString(a.GetBytes(row)),
        VarLengthArray { Type: StringType } a => a.GetString(row),
        VarLengthArray a => Convert.ToHexString(a.GetBytes(row)),
        _ => throw new InvalidOperationException($"no value in {column.Type}"),
    };
}
