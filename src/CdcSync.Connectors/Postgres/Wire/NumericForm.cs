using System.Buffers.Binary;
using System.Text;

namespace CdcSync.Connectors.Postgres.Wire;

/// <summary>What came of reading a numeric.</summary>
internal enum NumericOutcome
{
    /// <summary>It was read.</summary>
    Fits,

    /// <summary>It has more digits after the point than there is room for.</summary>
    TooFine,

    /// <summary>It has more digits before the point than there is room for.</summary>
    OutOfRange,

    /// <summary>It is NaN or an infinity.</summary>
    Special,

    /// <summary>The bytes are no numeric.</summary>
    NoNumeric,
}

/// <summary>Reads PostgreSQL's binary form of <c>numeric</c>; see <see cref="PostgresNumeric"/>, which writes it.</summary>
internal static class NumericForm
{
    private const int Header = 4 * sizeof(short);
    private const ushort Positive = 0x0000;
    private const ushort Negative = 0x4000;
    private const ushort NaN = 0xC000;
    private const ushort PositiveInfinity = 0xD000;
    private const ushort NegativeInfinity = 0xF000;
    private const int Base = 10_000;
    private const int BaseDigits = 4;
    // Up to so many groups, and what aligns them to the scale, an unsigned 64-bit integer holds.
    private const int QuickGroups = 3;

    private static readonly Int128[] Powers = [.. Enumerable.Range(0, 39).Select(n => Enumerable.Repeat((Int128)10, n).Aggregate((Int128)1, (a, b) => a * b))];
    private static readonly ulong[] SmallPowers = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

    /// <summary>10ⁿ, n from 0 to 38.</summary>
    public static Int128 PowerOf10(int n) => Powers[n];

    /// <summary>Reads it as an integer times a power of ten.</summary>
    /// <param name="value">The bytes.</param>
    /// <param name="precision">Digits there is room for, 1 to 38.</param>
    /// <param name="scale">How many of them stand after the point, 0 to 38.</param>
    /// <param name="unscaled">The digits.</param>
    public static NumericOutcome TryRead(ReadOnlySpan<byte> value, int precision, int scale, out Int128 unscaled)
    {
        unscaled = 0;
        if (!TryHeader(value, out var groups, out var weight, out var sign, out _)) return NumericOutcome.NoNumeric;
        if (sign is not (Positive or Negative)) return NumericOutcome.Special;
        var digits = Trimmed(value.Slice(Header, groups * sizeof(short)), ref weight);
        groups = digits.Length / sizeof(short);
        if (groups == 0) return NumericOutcome.Fits;
        // The value is digits × 10^exponent; what is wanted is value × 10^scale.
        var exponent = ((weight - groups + 1) * BaseDigits) + scale;
        var outcome = groups <= QuickGroups && exponent is >= -BaseDigits and < BaseDigits ? Quick(digits, exponent, out unscaled) : Long(digits, exponent, out unscaled);
        if (outcome != NumericOutcome.Fits) return outcome;
        if (unscaled >= Powers[precision]) return NumericOutcome.OutOfRange;
        if (sign == Negative) unscaled = -unscaled;
        return NumericOutcome.Fits;
    }

    /// <summary>Writes it as the server would as text: all digits, those after the point as many as its display scale says.</summary>
    /// <returns>False if the bytes are no numeric.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> value, StringBuilder text)
    {
        if (!TryHeader(value, out var groups, out var weight, out var sign, out var scale)) return false;
        switch (sign)
        {
            case NaN: text.Append("NaN"); return true;
            case PositiveInfinity: text.Append("Infinity"); return true;
            case NegativeInfinity: text.Append("-Infinity"); return true;
            case Negative: text.Append('-'); break;
        }
        int Group(ReadOnlySpan<byte> v, int place) => place >= 0 && place < groups ? BinaryPrimitives.ReadInt16BigEndian(v[(Header + (place * sizeof(short)))..]) : 0;
        var whole = text.Length;
        for (var place = 0; place <= weight; place++) AppendGroup(text, Group(value, place), isFirst: text.Length == whole);
        if (text.Length == whole) text.Append('0');
        if (scale == 0) return true;
        text.Append('.');
        var end = text.Length + scale;
        for (var place = weight + 1; text.Length < end; place++) AppendGroup(text, Group(value, place), isFirst: false);
        text.Length = end;
        return true;
    }

    private static void AppendGroup(StringBuilder text, int group, bool isFirst)
    {
        if (isFirst)
        {
            if (group > 0) text.Append(group);
            return;
        }
        for (var unit = Base / 10; unit > 0; unit /= 10) text.Append((char)('0' + (group / unit % 10)));
    }

    private static bool TryHeader(ReadOnlySpan<byte> value, out int groups, out int weight, out ushort sign, out int scale)
    {
        (groups, weight, sign, scale) = (0, 0, 0, 0);
        if (value.Length < Header) return false;
        groups = BinaryPrimitives.ReadInt16BigEndian(value);
        weight = BinaryPrimitives.ReadInt16BigEndian(value[2..]);
        sign = BinaryPrimitives.ReadUInt16BigEndian(value[4..]);
        scale = BinaryPrimitives.ReadUInt16BigEndian(value[6..]);
        return groups >= 0 && value.Length == Header + (groups * sizeof(short)) && sign is Positive or Negative or NaN or PositiveInfinity or NegativeInfinity;
    }

    // The server leaves zeros at neither end; nothing here depends on it.
    private static ReadOnlySpan<byte> Trimmed(ReadOnlySpan<byte> digits, ref int weight)
    {
        while (digits is [0, 0, ..])
        {
            digits = digits[sizeof(short)..];
            weight--;
        }
        while (digits is [.., 0, 0]) digits = digits[..^sizeof(short)];
        return digits;
    }

    private static NumericOutcome Quick(ReadOnlySpan<byte> digits, int exponent, out Int128 unscaled)
    {
        var all = 0UL;
        for (; !digits.IsEmpty; digits = digits[sizeof(short)..]) all = (all * Base) + BinaryPrimitives.ReadUInt16BigEndian(digits);
        if (exponent < 0)
        {
            var (quotient, rest) = Math.DivRem(all, SmallPowers[-exponent]);
            unscaled = quotient;
            return rest == 0 ? NumericOutcome.Fits : NumericOutcome.TooFine;
        }
        unscaled = all * SmallPowers[exponent];
        return NumericOutcome.Fits;
    }

    private static NumericOutcome Long(ReadOnlySpan<byte> digits, int exponent, out Int128 unscaled)
    {
        unscaled = 0;
        // The last group's zeros are taken off: they could be what is beyond 38 digits.
        var last = (uint)BinaryPrimitives.ReadUInt16BigEndian(digits[^sizeof(short)..]);
        var room = BaseDigits;
        for (; last % 10 == 0; last /= 10, room--) exponent++;
        if (exponent < 0) return NumericOutcome.TooFine;
        var all = Int128.Zero;
        for (var rest = digits[..^sizeof(short)]; !rest.IsEmpty; rest = rest[sizeof(short)..])
        {
            if (all >= Powers[34]) return NumericOutcome.OutOfRange;
            all = (all * Base) + BinaryPrimitives.ReadUInt16BigEndian(rest);
        }
        if (all >= Powers[38 - room]) return NumericOutcome.OutOfRange;
        all = (all * Powers[room]) + last;
        if (exponent > 37 || all >= Powers[38 - exponent]) return NumericOutcome.OutOfRange;
        unscaled = all * Powers[exponent];
        return NumericOutcome.Fits;
    }
}
