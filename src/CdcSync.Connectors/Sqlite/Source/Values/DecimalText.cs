namespace CdcSync.Connectors.Sqlite.Source.Values;

/// <summary>A number as text, read into a scaled 128-bit integer without rounding: a sign, digits, a point, an exponent.</summary>
/// <param name="precision">Digits, 1 to 38.</param>
/// <param name="scale">Digits after the point; may be negative.</param>
internal sealed class DecimalText(int precision, int scale)
{
    // Any number of so many digits has a double of its own, and 10 to the power of 22 is a double exactly (IEEE 754).
    private const double ShortLimit = 1e15;
    private const int ExactPower = 22;

    private readonly Int128 _limit = Power(precision) - 1;
    private readonly double _shortLimit = Math.Min(ShortLimit, Math.Pow(10, precision));
    private readonly double _power = scale is >= 0 and <= ExactPower ? Math.Pow(10, scale) : 0;
    private readonly long _longPower = scale is >= 0 and <= 18 ? (long)Power(scale) : 0;
    private readonly long _longLimit = scale is >= 0 and <= 18 ? (long)((precision >= 19 ? long.MaxValue : (long)Power(precision) - 1) / Power(scale)) : -1;

    /// <summary>Reads a real number the quick way: where the decimal of this scale that is next to it has at most 15 digits and gives the same double, it is
    /// what the shortest text says, since no other decimal of so few digits has that double.</summary>
    /// <returns>False where that does not tell; the text then does.</returns>
    public bool TryShort(double number, out Int128 value)
    {
        var scaled = Math.Round(number * _power);
        var isShort = Math.Abs(scaled) < _shortLimit && scaled / _power == number;
        value = isShort ? (long)scaled : 0;
        return isShort;
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">ASCII.</param>
    /// <param name="value">The number times ten to the power of the scale.</param>
    public DecimalOutcome TryParse(ReadOnlySpan<byte> text, out Int128 value)
    {
        value = 0;
        var isNegative = text is [(byte)'-', ..];
        if (isNegative || text is [(byte)'+', ..]) text = text[1..];
        if (!TryExponent(ref text, out var exponent)) return DecimalOutcome.NoNumber;
        var point = text.IndexOf((byte)'.');
        var fraction = point < 0 ? 0 : text.Length - point - 1;
        var digits = text.Length - (point < 0 ? 0 : 1);
        if (digits == 0) return DecimalOutcome.NoNumber;

        // Zeros at the end are no digits that the scale would have to hold, and no overflow.
        var outcome = DecimalOutcome.Fits;
        var pending = 0;
        var isLarge = false;
        foreach (var c in text)
        {
            if (c == '.') continue;
            if (c is < (byte)'0' or > (byte)'9') return DecimalOutcome.NoNumber;
            if (c == '0')
            {
                pending++;
                continue;
            }
            isLarge = isLarge || !TryShift(ref value, pending + 1, Power(Decimal128Digits));
            value += isLarge ? 0 : c - '0';
            pending = 0;
        }
        if (text.Count((byte)'.') > 1) return DecimalOutcome.NoNumber;
        if (isLarge) return DecimalOutcome.OutOfRange;
        if (value == 0) return outcome;
        var shift = (long)scale + exponent - fraction + pending;
        if (shift < 0) return DecimalOutcome.TooFine;
        if (shift > Decimal128Digits || !TryShift(ref value, (int)shift, _limit)) return DecimalOutcome.OutOfRange;
        if (isNegative) value = -value;
        return outcome;
    }

    /// <summary>Scales an integer.</summary>
    public DecimalOutcome TryScale(long integer, out Int128 value)
    {
        if (integer <= _longLimit && integer >= -_longLimit)
        {
            value = integer * _longPower;
            return DecimalOutcome.Fits;
        }
        value = integer;
        if (scale < 0)
        {
            var (quotient, remainder) = Int128.DivRem(value, Power(Math.Min(-scale, Decimal128Digits)));
            value = quotient;
            if (remainder != 0) return DecimalOutcome.TooFine;
        }
        else if (scale > Decimal128Digits)
        {
            return integer == 0 ? DecimalOutcome.Fits : DecimalOutcome.OutOfRange;
        }
        else if (value > _limit / Power(scale) || value < -(_limit / Power(scale)))
        {
            return DecimalOutcome.OutOfRange;
        }
        else
        {
            value *= Power(scale);
        }
        return value <= _limit && value >= -_limit ? DecimalOutcome.Fits : DecimalOutcome.OutOfRange;
    }

    private const int Decimal128Digits = 38;

    private static bool TryShift(ref Int128 value, int digits, Int128 limit)
    {
        for (; digits > 0; digits--)
        {
            if (value > limit / 10) return false;
            value *= 10;
        }
        return value <= limit;
    }

    private static bool TryExponent(ref ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        var mark = text.IndexOfAny((byte)'e', (byte)'E');
        if (mark < 0) return true;
        var written = text[(mark + 1)..];
        text = text[..mark];
        var isNegative = written is [(byte)'-', ..];
        if (isNegative || written is [(byte)'+', ..]) written = written[1..];
        if (written.Length is 0 or > 6) return false;
        foreach (var digit in written)
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            exponent = (exponent * 10) + (digit - '0');
        }
        if (isNegative) exponent = -exponent;
        return true;
    }

    private static Int128 Power(int digits)
    {
        Int128 power = 1;
        for (; digits > 0; digits--) power *= 10;
        return power;
    }
}

/// <summary>Whether a number fits a decimal type.</summary>
internal enum DecimalOutcome
{
    /// <summary>It does, exactly.</summary>
    Fits,

    /// <summary>The text is no number.</summary>
    NoNumber,

    /// <summary>It has more digits after the point than the scale.</summary>
    TooFine,

    /// <summary>It has more digits than the precision.</summary>
    OutOfRange,
}
