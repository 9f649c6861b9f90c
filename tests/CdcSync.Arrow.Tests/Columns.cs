using System.Runtime.InteropServices;

namespace CdcSync.Arrow.Tests;

/// <summary>Columns of every type with random values and nulls, and a comparison row by row through the public members.</summary>
internal static class Columns
{
    internal static readonly ArrowType[] AllTypes =
    [
        NullType.Default, BooleanType.Default,
        Int8Type.Default, UInt8Type.Default, Int16Type.Default, UInt16Type.Default, Int32Type.Default, UInt32Type.Default, Int64Type.Default, UInt64Type.Default,
        HalfFloatType.Default, FloatType.Default, DoubleType.Default, StringType.Default, BinaryType.Default,
        new FixedSizeBinaryType(0), new FixedSizeBinaryType(3), new FixedSizeBinaryType(16), new Decimal128Type(38, 10), new Decimal128Type(9, -2),
        Date32Type.Default, new Time32Type(TimeUnit.Second), new Time32Type(TimeUnit.Millisecond), new Time64Type(TimeUnit.Microsecond),
        new Time64Type(TimeUnit.Nanosecond), new TimestampType(TimeUnit.Second, null), new TimestampType(TimeUnit.Millisecond, "UTC"),
        new TimestampType(TimeUnit.Microsecond, "Europe/Helsinki"), new TimestampType(TimeUnit.Nanosecond, null),
        LargeStringType.Default, LargeBinaryType.Default, new Decimal32Type(9, 2), new Decimal64Type(18, -3), new Decimal256Type(76, 10), Date64Type.Default,
        new DurationType(TimeUnit.Second), new DurationType(TimeUnit.Millisecond), new DurationType(TimeUnit.Microsecond), new DurationType(TimeUnit.Nanosecond),
    ];

    internal static ArrowArray Sample(ArrowType type, int length, int seed)
    {
        var builder = ArrayBuilder.For(type);
        Fill(builder, length, new Random(seed));
        return builder.Build();
    }

    internal static void Fill(ArrayBuilder builder, int length, Random random)
    {
        var nullsInTen = random.Next(4) switch { 0 => 0, 1 => 10, _ => 3 };
        for (var i = 0; i < length; i++)
            if (random.Next(10) < nullsInTen) builder.AppendNull();
            else AppendValue(builder, random);
    }

    private static void AppendValue(ArrayBuilder builder, Random random)
    {
        switch (builder)
        {
            case NullBuilder nulls: nulls.AppendNull(); break;
            case BoolBuilder bools: bools.Append(random.Next(2) == 1); break;
            case FixedWidthBuilder<sbyte> b: b.Append(Any<sbyte>(random)); break;
            case FixedWidthBuilder<byte> b: b.Append(Any<byte>(random)); break;
            case FixedWidthBuilder<short> b: b.Append(Any<short>(random)); break;
            case FixedWidthBuilder<ushort> b: b.Append(Any<ushort>(random)); break;
            case FixedWidthBuilder<int> b: b.Append(Any<int>(random)); break;
            case FixedWidthBuilder<uint> b: b.Append(Any<uint>(random)); break;
            case FixedWidthBuilder<long> b: b.Append(Any<long>(random)); break;
            case FixedWidthBuilder<ulong> b: b.Append(Any<ulong>(random)); break;
            case FixedWidthBuilder<Half> b: b.Append(Any<Half>(random)); break;
            case FixedWidthBuilder<float> b: b.Append(Any<float>(random)); break;
            case FixedWidthBuilder<double> b: b.Append(Any<double>(random)); break;
            case FixedWidthBuilder<Int128> b: b.Append(Any<Int128>(random)); break;
            case FixedWidthBuilder<Int256> b: b.Append(Any<Int256>(random)); break;
            case FixedSizeBinaryBuilder b: b.Append(AnyBytes(random, b.ByteWidth)); break;
            case VarLengthBuilder { Type: StringType or LargeStringType } b: b.Append(AnyText(random)); break;
            case VarLengthBuilder b: b.Append(AnyBytes(random, random.Next(20))); break;
            default: throw new InvalidOperationException($"no sample for {builder.Type}");
        }
    }

    internal static byte[] Bytes<T>(T[] values) where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    /// <summary>The column holds exactly those rows of another.</summary>
    internal static void AssertRows(ArrowArray actual, ArrowArray expected, IEnumerable<int> rows)
    {
        var wanted = rows.ToArray();
        Assert.Equal(expected.Type, actual.Type);
        Assert.Equal(wanted.Length, actual.Length);
        Assert.Equal(wanted.Count(expected.IsNull), actual.NullCount);
        for (var i = 0; i < wanted.Length; i++)
            if (!Same(expected, wanted[i], actual, i))
                Assert.Fail($"{expected.Type}: row {i} holds {Show(actual, i)}, row {wanted[i]} of the original {Show(expected, wanted[i])}");
    }

    internal static void AssertEqual(RecordBatch expected, RecordBatch actual)
    {
        Assert.Equal(expected.Schema, actual.Schema);
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.ColumnCount; i++) AssertRows(actual.Column(i), expected.Column(i), Enumerable.Range(0, expected.Length));
    }

    private static bool Same(ArrowArray left, int i, ArrowArray right, int j)
    {
        if (left.IsNull(i) != right.IsNull(j)) return false;
        return left.IsNull(i) || RowBytes(left, i).SequenceEqual(RowBytes(right, j));
    }

    private static string Show(ArrowArray column, int row) => column.IsNull(row) ? "null" : Convert.ToHexString(RowBytes(column, row));

    /// <summary>A value as its bytes in memory: NaN equals NaN, and minus zero is not zero.</summary>
    internal static ReadOnlySpan<byte> RowBytes(ArrowArray column, int row) => column switch
    {
        BoolArray a => new byte[] { a.GetValue(row) ? (byte)1 : (byte)0 },
        FixedWidthArray<sbyte> a => Bytes([a[row]]),
        FixedWidthArray<byte> a => Bytes([a[row]]),
        FixedWidthArray<short> a => Bytes([a[row]]),
        FixedWidthArray<ushort> a => Bytes([a[row]]),
        FixedWidthArray<int> a => Bytes([a[row]]),
        FixedWidthArray<uint> a => Bytes([a[row]]),
        FixedWidthArray<long> a => Bytes([a[row]]),
        FixedWidthArray<ulong> a => Bytes([a[row]]),
        FixedWidthArray<Half> a => Bytes([a[row]]),
        FixedWidthArray<float> a => Bytes([a[row]]),
        FixedWidthArray<double> a => Bytes([a[row]]),
        FixedWidthArray<Int128> a => Bytes([a[row]]),
        FixedWidthArray<Int256> a => Bytes([a[row]]),
        FixedSizeBinaryArray a => a.GetBytes(row),
        VarLengthArray a => a.GetBytes(row),
        _ => throw new InvalidOperationException($"no value in {column.Type}"),
    };

    private static T Any<T>(Random random) where T : unmanaged
    {
        var value = default(T);
        random.NextBytes(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    private static byte[] AnyBytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string AnyText(Random random)
    {
        string[] parts = ["", "a", "Zoë", "日本", "🙂", "'\"\\", "\0", " "];
        return string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => parts[random.Next(parts.Length)]));
    }
}
