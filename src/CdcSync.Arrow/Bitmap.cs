using System.Buffers.Binary;
using System.Numerics;

namespace CdcSync.Arrow;

/// <summary>Arrow's bitmaps: bit i is bit (i mod 8) of byte (i / 8), least significant first. Bitmaps in this library always start at bit 0.</summary>
public static class Bitmap
{
    /// <summary>Bytes needed for that many bits.</summary>
    /// <param name="bits">0 or more.</param>
    public static int ByteCount(int bits) => (int)(((uint)bits + 7) >> 3);

    /// <summary>Whether a bit is set.</summary>
    /// <param name="bits">The bitmap.</param>
    /// <param name="index">The bit's place.</param>
    public static bool Get(ReadOnlySpan<byte> bits, int index) => ((bits[index >> 3] >> (index & 7)) & 1) != 0;

    /// <summary>Sets one bit to one.</summary>
    /// <param name="bits">The bitmap.</param>
    /// <param name="index">The bit's place.</param>
    public static void Set(Span<byte> bits, int index) => bits[index >> 3] |= (byte)(1 << (index & 7));

    /// <summary>Sets a run of bits to one.</summary>
    /// <param name="bits">The bitmap.</param>
    /// <param name="start">The first bit.</param>
    /// <param name="count">How many.</param>
    public static void SetRange(Span<byte> bits, int start, int count)
    {
        var end = start + count;
        while (start < end && (start & 7) != 0) Set(bits, start++);
        var whole = (end - start) >> 3;
        if (whole > 0) bits.Slice(start >> 3, whole).Fill(0xFF);
        for (start += whole << 3; start < end; start++) Set(bits, start);
    }

    /// <summary>How many of the first <paramref name="length"/> bits are set; what follows them is not looked at.</summary>
    /// <param name="bits">The bitmap.</param>
    /// <param name="length">Bits to count.</param>
    public static int CountOnes(ReadOnlySpan<byte> bits, int length)
    {
        var count = 0;
        var bytes = bits[..ByteCount(length)];
        var left = length;
        for (; left >= 64; left -= 64, bytes = bytes[8..])
            count += BitOperations.PopCount(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        for (; left >= 8; left -= 8, bytes = bytes[1..])
            count += BitOperations.PopCount(bytes[0]);
        return left == 0 ? count : count + BitOperations.PopCount((uint)bytes[0] & ((1u << left) - 1));
    }

    /// <summary>A copy of a run of bits that starts at bit 0; the bits after it in its last byte are zero.</summary>
    /// <param name="bits">The bitmap.</param>
    /// <param name="offset">The first bit to copy.</param>
    /// <param name="length">How many.</param>
    public static byte[] Extract(ReadOnlySpan<byte> bits, int offset, int length)
    {
        var result = new byte[ByteCount(length)];
        var source = bits[(offset >> 3)..];
        var shift = offset & 7;
        for (var i = 0; i < result.Length; i++)
        {
            var low = source[i] >> shift;
            var high = i + 1 < source.Length ? source[i + 1] << (8 - shift) : 0;
            result[i] = (byte)(low | high);
        }
        if ((length & 7) != 0) result[^1] &= (byte)((1 << (length & 7)) - 1);
        return result;
    }

    /// <summary>A bitmap of the bits at the given places, in that order.</summary>
    /// <param name="bits">The bitmap.</param>
    /// <param name="rows">Places in it.</param>
    public static byte[] Take(ReadOnlySpan<byte> bits, ReadOnlySpan<int> rows)
    {
        var result = new byte[ByteCount(rows.Length)];
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            result[i >> 3] |= (byte)(((bits[row >> 3] >> (row & 7)) & 1) << (i & 7));
        }
        return result;
    }
}
