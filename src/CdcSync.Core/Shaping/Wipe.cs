using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CdcSync.Arrow;

namespace CdcSync.Core.Shaping;

/// <summary>Takes values out of columns for good: a null row's bytes are written to files with the others, so they must be zero.</summary>
internal static class Wipe
{
    /// <summary>The column with the blank rows null and their bytes zero; the column itself where they were so already.</summary>
    internal static ArrowArray Rows(ArrowArray column, ReadOnlySpan<byte> blank) => column switch
    {
        FixedWidthArray<sbyte> a => Fixed(a, blank),
        FixedWidthArray<byte> a => Fixed(a, blank),
        FixedWidthArray<short> a => Fixed(a, blank),
        FixedWidthArray<ushort> a => Fixed(a, blank),
        FixedWidthArray<int> a => Fixed(a, blank),
        FixedWidthArray<uint> a => Fixed(a, blank),
        FixedWidthArray<long> a => Fixed(a, blank),
        FixedWidthArray<ulong> a => Fixed(a, blank),
        FixedWidthArray<Half> a => Fixed(a, blank),
        FixedWidthArray<float> a => Fixed(a, blank),
        FixedWidthArray<double> a => Fixed(a, blank),
        FixedWidthArray<Int128> a => Fixed(a, blank),
        FixedSizeBinaryArray a => ZeroRows(a.Values, a.ByteWidth, a, blank) is { } bytes ? new FixedSizeBinaryArray((FixedSizeBinaryType)a.Type, a.Length, bytes, RowBits.Live(a, blank)) : a,
        BoolArray a => Bools(a, blank),
        VarLengthArray a => VarLength(a, blank),
        NullArray a => a,
        _ => throw new InvalidOperationException($"no way to wipe {column.Type}"),
    };

    private static FixedWidthArray<T> Fixed<T>(FixedWidthArray<T> column, ReadOnlySpan<byte> blank) where T : unmanaged =>
        ZeroRows(MemoryMarshal.AsBytes(column.Values), Unsafe.SizeOf<T>(), column, blank) is { } bytes
            ? new FixedWidthArray<T>(column.Type, column.Length, bytes, RowBits.Live(column, blank)) : column;

    /// <summary>A copy of the values with the blank rows zeroed; null if they are null and zero already.</summary>
    private static byte[]? ZeroRows(ReadOnlySpan<byte> values, int width, ArrowArray column, ReadOnlySpan<byte> blank)
    {
        byte[]? copy = null;
        var validity = column.Validity.Span;
        for (var i = 0; i < column.Length; i++)
        {
            if (!Bitmap.Get(blank, i)) continue;
            var isClean = column.NullCount > 0 && !Bitmap.Get(validity, i) && values.Slice(i * width, width).IndexOfAnyExcept((byte)0) < 0;
            if (isClean) continue;
            copy ??= values.ToArray();
            copy.AsSpan(i * width, width).Clear();
        }
        return copy;
    }

    private static BoolArray Bools(BoolArray column, ReadOnlySpan<byte> blank)
    {
        var bits = column.Bits.ToArray();
        for (var i = 0; i < bits.Length; i++) bits[i] &= (byte)~blank[i];
        return new BoolArray(column.Length, bits, RowBits.Live(column, blank));
    }

    private static VarLengthArray VarLength(VarLengthArray column, ReadOnlySpan<byte> blank)
    {
        if (IsClean(column, blank)) return column;
        var builder = new VarLengthBuilder(column.Type, column.Length);
        var live = RowBits.Live(column, blank).Span;
        for (var i = 0; i < column.Length; i++)
        {
            if (RowBits.Has(live, i)) builder.Append(column.GetBytes(i));
            else builder.AppendNull();
        }
        return (VarLengthArray)builder.Build();
    }

    private static bool IsClean(VarLengthArray column, ReadOnlySpan<byte> blank)
    {
        var offsets = column.Offsets;
        for (var i = 0; i < column.Length; i++)
            if (Bitmap.Get(blank, i) && (offsets[i + 1] > offsets[i] || column.IsValid(i))) return false;
        return true;
    }
}
