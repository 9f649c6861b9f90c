using System.Buffers.Binary;

namespace CdcSync.Connectors.Postgres.Wire;

/// <summary>
/// PostgreSQL's binary form of <c>numeric</c>: four 16-bit words (number of digits, weight, sign, display scale), then the digits in base 10,000 without zeros at
/// either end. Source: numeric_recv in PostgreSQL's utils/adt/numeric.c.
/// </summary>
internal static class PostgresNumeric
{
    private const int Header = 4 * sizeof(short);
    // 38 digits, up to 3 of them moved by the alignment to groups of four.
    private const int MaxGroups = 11;
    private const ushort Negative = 0x4000;

    /// <summary>The bytes that <see cref="Write"/> will write.</summary>
    /// <param name="unscaled">The digits.</param>
    /// <param name="scale">How many of them stand after the point; negative = so many zeros before it.</param>
    public static int Size(Int128 unscaled, int scale)
    {
        Span<short> groups = stackalloc short[MaxGroups];
        return Header + (Groups(unscaled, scale, groups, out _) * sizeof(short));
    }

    /// <summary>Writes the value without a length in front.</summary>
    /// <returns>The bytes written.</returns>
    public static int Write(Int128 unscaled, int scale, Span<byte> destination)
    {
        Span<short> groups = stackalloc short[MaxGroups];
        var count = Groups(unscaled, scale, groups, out var lowest);
        BinaryPrimitives.WriteInt16BigEndian(destination, (short)count);
        BinaryPrimitives.WriteInt16BigEndian(destination[2..], count == 0 ? (short)0 : (short)(lowest + count - 1));
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], Int128.IsNegative(unscaled) ? Negative : (ushort)0);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)Math.Max(scale, 0));
        for (var i = 0; i < count; i++)
            BinaryPrimitives.WriteInt16BigEndian(destination[(Header + (i * sizeof(short)))..], groups[count - 1 - i]);
        return Header + (count * sizeof(short));
    }

    // The groups of four digits, lowest first, without zeros at either end; the first one stands for units of 10,000 to the power of lowest.
    private static int Groups(Int128 unscaled, int scale, Span<short> groups, out int lowest)
    {
        lowest = Math.DivRem(-scale, 4, out var zeros);
        if (zeros < 0)
        {
            lowest--;
            zeros += 4;
        }
        var left = Int128.IsNegative(unscaled) ? (UInt128)(-unscaled) : (UInt128)unscaled;
        var count = 0;
        // The lowest group takes only what the alignment leaves of it; after it all are whole.
        var (divisor, factor) = zeros switch { 1 => (1_000u, 10u), 2 => (100u, 100u), 3 => (10u, 1_000u), _ => (10_000u, 1u) };
        while (left > ulong.MaxValue)
        {
            var quotient = left / divisor;
            Add((uint)(left - (quotient * divisor)) * factor, groups, ref count, ref lowest);
            (left, divisor, factor) = (quotient, 10_000u, 1u);
        }
        for (var small = (ulong)left; small != 0;)
        {
            var quotient = small / divisor;
            Add((uint)(small - (quotient * divisor)) * factor, groups, ref count, ref lowest);
            (small, divisor, factor) = (quotient, 10_000u, 1u);
        }
        return count;

        static void Add(uint group, Span<short> groups, ref int count, ref int lowest)
        {
            if (count == 0 && group == 0) lowest++;
            else groups[count++] = (short)group;
        }
    }
}
