using System.Numerics;
using System.Runtime.InteropServices;
using CdcSync.Arrow;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Core.Tests.Shaping;

/// <summary>Random columns of every type a dataset can have, with nulls and with the values at the edges.</summary>
internal static class AnyColumn
{
    internal static readonly ArrowType[] Types =
    [
        BooleanType.Default, Int8Type.Default, UInt8Type.Default, Int16Type.Default, UInt16Type.Default, Int32Type.Default, UInt32Type.Default, Int64Type.Default,
        UInt64Type.Default, HalfFloatType.Default, FloatType.Default, DoubleType.Default, StringType.Default, BinaryType.Default, new FixedSizeBinaryType(16),
        new Decimal128Type(38, 0), new Decimal128Type(38, 10), new Decimal128Type(5, 2), new Decimal128Type(20, 20), Date32Type.Default,
        new Time32Type(TimeUnit.Second), new Time32Type(TimeUnit.Millisecond), new Time64Type(TimeUnit.Microsecond), new Time64Type(TimeUnit.Nanosecond),
        new TimestampType(TimeUnit.Second, null), new TimestampType(TimeUnit.Millisecond, null), new TimestampType(TimeUnit.Microsecond, "UTC"),
        new TimestampType(TimeUnit.Nanosecond, "Europe/Helsinki"),
    ];

    internal static Gen<ArrowType> Type => Gen.Elements(Types);

    internal static ArrowArray Make(ArrowType type, int rows, Random random)
    {
        var nullsInTen = random.Next(3) switch { 0 => 0, 1 => 2, _ => 9 };
        return TestColumns.Column(type, [.. Enumerable.Range(0, rows).Select(_ => random.Next(10) < nullsInTen ? null : Value(type, random))]);
    }

    internal static object Value(ArrowType type, Random random) => type switch
    {
        BooleanType => random.Next(2) == 1,
        Int8Type => Integer<sbyte>(random),
        UInt8Type => Integer<byte>(random),
        Int16Type => Integer<short>(random),
        UInt16Type => Integer<ushort>(random),
        Int32Type or Date32Type => Integer<int>(random),
        UInt32Type => Integer<uint>(random),
        Int64Type or TimestampType => Integer<long>(random),
        UInt64Type => Integer<ulong>(random),
        HalfFloatType => Number(random, BitConverter.Int16BitsToHalf((short)random.Next())),
        FloatType => Number(random, BitConverter.Int32BitsToSingle(random.Next())),
        DoubleType => Number(random, BitConverter.Int64BitsToDouble(random.NextInt64())),
        StringType => Text(random),
        BinaryType => Bytes(random, random.Next(9)),
        FixedSizeBinaryType binary => Bytes(random, binary.ByteWidth),
        Decimal128Type number => DecimalOf(random, number.Precision),
        Time32Type { Unit: TimeUnit.Second } => random.Next(86_400),
        Time32Type => random.Next(4) == 0 ? random.Next(86_400) * 1_000 : random.Next(86_400_000),
        Time64Type { Unit: TimeUnit.Microsecond } => random.Next(4) == 0 ? random.Next(86_400) * 1_000_000L : random.NextInt64(86_400_000_000),
        Time64Type => random.Next(4) == 0 ? random.Next(86_400_000) * 1_000_000L : random.NextInt64(86_400_000_000_000),
        _ => throw new InvalidOperationException($"no value for {type}"),
    };

    private static T Integer<T>(Random random) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var any = default(T);
        random.NextBytes(MemoryMarshal.AsBytes(new Span<T>(ref any)));
        return random.Next(6) switch
        {
            0 => T.CreateTruncating(random.Next(3)),
            1 => T.MinValue,
            2 => T.MaxValue,
            3 => T.CreateTruncating(random.Next(-100_000, 100_000)),
            _ => any >>> random.Next(8 * Marshal.SizeOf<T>()),
        };
    }

    private static T Number<T>(Random random, T any) where T : IBinaryFloatingPointIeee754<T> => random.Next(6) switch
    {
        0 => T.CreateTruncating(random.Next(-3, 4)),
        1 => T.CreateTruncating(random.Next(-1_000, 1_000)) / T.CreateTruncating(8),
        _ => T.IsNaN(any) ? T.Zero : any,
    };

    private static string Text(Random random)
    {
        string[] parts = ["", "a", "Zoë", "日本", "🙂", "'\"\\", "\0", " ", "0", "17", "-1.5", "true", "2026-01-31"];
        return string.Concat(Enumerable.Range(0, random.Next(3)).Select(_ => parts[random.Next(parts.Length)]));
    }

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static Int128 DecimalOf(Random random, int precision)
    {
        Int128 value = 0;
        for (var i = random.Next(precision + 1); i > 0; i--) value = (value * 10) + (random.Next(3) == 0 ? 0 : random.Next(10));
        return random.Next(2) == 0 ? value : -value;
    }
}
