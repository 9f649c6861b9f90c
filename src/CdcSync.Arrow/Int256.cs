using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;

namespace CdcSync.Arrow;

/// <summary>A 256-bit signed integer as it lies in a <see cref="Decimal256Type"/> column: two's complement, little-endian. It only carries the bits; to count
/// with it, take <see cref="ToBigInteger"/>.</summary>
/// <param name="Lower">The lower 128 bits.</param>
/// <param name="Upper">The upper 128 bits, which hold the sign.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Int256(UInt128 Lower, Int128 Upper)
{
    /// <summary>The number.</summary>
    public BigInteger ToBigInteger() => ((BigInteger)Upper << 128) + (BigInteger)Lower;

    /// <summary>The same number in 256 bits.</summary>
    /// <param name="value">The number.</param>
    /// <exception cref="OverflowException">It needs more than 256 bits.</exception>
    public static Int256 FromBigInteger(BigInteger value)
    {
        Span<byte> bytes = stackalloc byte[32];
        bytes.Fill(value.Sign < 0 ? (byte)0xFF : (byte)0);
        if (!value.TryWriteBytes(bytes, out _)) throw new OverflowException("The number needs more than 256 bits.");
        return new(BinaryPrimitives.ReadUInt128LittleEndian(bytes), BinaryPrimitives.ReadInt128LittleEndian(bytes[16..]));
    }

    /// <summary>Its decimal digits.</summary>
    public override string ToString() => ToBigInteger().ToString(CultureInfo.InvariantCulture);
}
