using System.Numerics;
using System.Runtime.InteropServices;

namespace CdcSync.Arrow;

/// <summary>What buffers must hold before an array may be laid over them.</summary>
internal static class Validation
{
    internal static ReadOnlyMemory<byte> Bits(ReadOnlyMemory<byte> validity, int length, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (!validity.IsEmpty) AtLeast(validity.Length, Bitmap.ByteCount(length), name);
        return validity;
    }

    internal static void AtLeast(long found, long expected, string name)
    {
        if (found < expected) throw new ArgumentException($"The buffer has {found} bytes, the rows need {expected}.", name);
    }

    internal static ArrowType ElementIs<T>(ArrowType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return type.ElementType == typeof(T) ? type : throw new ArgumentException($"{type} is not held as {typeof(T).Name} in memory.", nameof(type));
    }

    internal static ArrowType IsVarLength(ArrowType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return HasOffsets(type) ? type : throw new ArgumentException($"{type} is not held with offsets in memory.", nameof(type));
    }

    internal static bool HasOffsets(ArrowType type) => type.TypeId is ArrowTypeId.String or ArrowTypeId.Binary or ArrowTypeId.LargeString or ArrowTypeId.LargeBinary;

    internal static long OffsetBytes(int rows) => ((long)rows + 1) * sizeof(int);

    /// <summary>A buffer is one array of bytes: 2 GiB at most.</summary>
    internal static int BufferSize(long bytes) => bytes <= Array.MaxLength
        ? (int)bytes : throw new ArrowNotSupportedException($"a buffer of {bytes} bytes (at most {Array.MaxLength})", "Arrow column");

    /// <summary>The first offset that goes down or outside 0..<paramref name="valueLength"/>, or -1.</summary>
    internal static int FirstWrongOffset(ReadOnlySpan<int> offsets, int valueLength)
    {
        if (offsets[0] < 0) return 0;
        var next = 1;
        if (Vector.IsHardwareAccelerated)
        {
            ref var first = ref MemoryMarshal.GetReference(offsets);
            for (; next + Vector<int>.Count <= offsets.Length; next += Vector<int>.Count)
                if (Vector.LessThanAny(Vector.LoadUnsafe(ref first, (nuint)next), Vector.LoadUnsafe(ref first, (nuint)next - 1))) break;
        }
        for (; next < offsets.Length; next++)
            if (offsets[next] < offsets[next - 1]) return next;
        return offsets[^1] <= valueLength ? -1 : offsets.Length - 1;
    }
}
