using System.Globalization;
using System.Numerics;
using System.Text;

namespace CdcSync.Core.Shaping;

/// <summary>A sign and digits; no blanks, no grouping, no fraction.</summary>
internal readonly struct IntegerParser<T> : ITextParser<T> where T : IBinaryInteger<T>
{
    // The check for other characters is needed: the runtime's parser lets final NULs pass.
    public bool TryParse(ReadOnlySpan<byte> text, out T value) =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value!) && NumberText.IsPlain(text);
}

/// <summary>A number with a point and exponent, or NaN, Infinity, -Infinity. Rounds to the nearest; what is too large does not fit.</summary>
internal readonly struct FloatParser<T> : ITextParser<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    public bool TryParse(ReadOnlySpan<byte> text, out T value) =>
        T.TryParse(text, Style, CultureInfo.InvariantCulture, out value) && NumberText.IsPlain(text)
        && (!T.IsInfinity(value) || text.IndexOfAnyInRange((byte)'0', (byte)'9') < 0);
}

internal static class NumberText
{
    /// <summary>No blanks, no control characters, nothing beyond ASCII.</summary>
    internal static bool IsPlain(ReadOnlySpan<byte> text) => text.IndexOfAnyExceptInRange((byte)'!', (byte)'~') < 0;
}

/// <summary><c>true</c>, <c>false</c> in any case, <c>1</c>, <c>0</c>.</summary>
internal readonly struct BitParser : ITextParser<byte>
{
    public bool TryParse(ReadOnlySpan<byte> text, out byte value)
    {
        value = text.SequenceEqual("1"u8) || Ascii.EqualsIgnoreCase(text, "true"u8) ? (byte)1 : (byte)0;
        return value == 1 || text.SequenceEqual("0"u8) || Ascii.EqualsIgnoreCase(text, "false"u8);
    }
}

/// <summary>A sign, digits, and a fraction that the scale holds exactly; no blanks, no exponent.</summary>
/// <param name="precision">Digits, 1 to 38.</param>
/// <param name="scale">Digits after the point, 0 to 38.</param>
internal readonly struct DecimalParser(int precision, int scale) : ITextParser<Int128>
{
    private readonly Int128 _limit = Decimals.Largest(precision);

    public bool TryParse(ReadOnlySpan<byte> text, out Int128 value)
    {
        value = 0;
        var isNegative = text is [(byte)'-', ..];
        if (isNegative || text is [(byte)'+', ..]) text = text[1..];
        var point = text.IndexOf((byte)'.');
        var whole = point < 0 ? text : text[..point];
        var fraction = point < 0 ? default : text[(point + 1)..];
        if (whole.IsEmpty && fraction.IsEmpty) return false;
        if (fraction.Length > scale)
        {
            if (fraction[scale..].IndexOfAnyExcept((byte)'0') >= 0) return false;
            fraction = fraction[..scale];
        }
        if (!Add(whole, ref value) || !Add(fraction, ref value)) return false;
        var factor = Decimals.PowerOfTen(scale - fraction.Length);
        if (value > _limit / factor) return false;
        value *= isNegative ? -factor : factor;
        return true;
    }

    private bool Add(ReadOnlySpan<byte> digits, ref Int128 value)
    {
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9' || value > _limit / 10) return false;
            value = (value * 10) + (digit - '0');
        }
        return value <= _limit;
    }
}

/// <summary><c>yyyy-MM-dd</c>; years outside 0000 to 9999 with a sign.</summary>
internal readonly struct DateParser : ITextParser<int>
{
    public bool TryParse(ReadOnlySpan<byte> text, out int value)
    {
        var reader = new TimeTextReader(text);
        value = 0;
        if (!reader.TryDate(out var days) || !reader.IsAtEnd || days != (int)days) return false;
        value = (int)days;
        return true;
    }
}

/// <summary><c>HH:mm</c>, <c>HH:mm:ss</c> or with a fraction that the unit holds exactly.</summary>
/// <param name="perSecond">Units per second.</param>
internal readonly struct TimeParser<T>(long perSecond) : ITextParser<T> where T : IBinaryInteger<T>
{
    public bool TryParse(ReadOnlySpan<byte> text, out T value)
    {
        var reader = new TimeTextReader(text);
        var isTime = reader.TryTime(perSecond, out var units) && reader.IsAtEnd;
        value = T.CreateTruncating(units);
        return isTime;
    }
}

/// <summary>Date, <c>T</c> or a blank, time; then <c>Z</c> or an offset where the type is an instant, and none where it is a wall clock: neither is guessed.</summary>
/// <param name="perSecond">Units per second.</param>
/// <param name="isInstant">True if the type has a zone.</param>
internal readonly struct TimestampParser(long perSecond, bool isInstant) : ITextParser<long>
{
    public bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        var reader = new TimeTextReader(text);
        if (!reader.TryDate(out var days) || !(reader.TrySkip((byte)'T') || reader.TrySkip((byte)' ')) || !reader.TryTime(perSecond, out var units)) return false;
        var offset = 0;
        if (isInstant && !reader.TryOffset(out offset)) return false;
        if (!reader.IsAtEnd) return false;
        var total = ((((Int128)days * CivilTime.SecondsPerDay) - offset) * perSecond) + units;
        value = (long)total;
        return value == total;
    }
}

/// <summary>Reads dates, times and offsets from the front of a text.</summary>
internal ref struct TimeTextReader(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    internal readonly bool IsAtEnd => _rest.IsEmpty;

    internal bool TrySkip(byte mark)
    {
        if (_rest.IsEmpty || _rest[0] != mark) return false;
        _rest = _rest[1..];
        return true;
    }

    internal bool TryDate(out long days)
    {
        days = 0;
        var isNegative = TrySkip((byte)'-');
        var hasSign = isNegative || TrySkip((byte)'+');
        var digits = _rest.IndexOf((byte)'-');
        if (hasSign ? digits is < 4 or > 12 : digits != 4) return false;
        if (!TryNumber(digits, out var year) || !TrySkip((byte)'-') || !TryNumber(2, out var month) || !TrySkip((byte)'-') || !TryNumber(2, out var day)) return false;
        if (isNegative) year = -year;
        if (month is < 1 or > 12 || day < 1 || day > CivilTime.DaysInMonth(year, (int)month)) return false;
        days = CivilTime.Days(year, (int)month, (int)day);
        return true;
    }

    internal bool TryTime(long perSecond, out long units)
    {
        units = 0;
        if (!TryNumber(2, out var hour) || !TrySkip((byte)':') || !TryNumber(2, out var minute) || hour > 23 || minute > 59) return false;
        long second = 0;
        var hasSecond = TrySkip((byte)':');
        if (hasSecond && (!TryNumber(2, out second) || second > 59)) return false;
        units = ((hour * 3_600) + (minute * 60) + second) * perSecond;
        return !hasSecond || !TrySkip((byte)'.') || TryFraction(perSecond, ref units);
    }

    internal bool TryOffset(out int seconds)
    {
        seconds = 0;
        if (TrySkip((byte)'Z') || TrySkip((byte)'z')) return true;
        var isWest = TrySkip((byte)'-');
        if (!isWest && !TrySkip((byte)'+')) return false;
        if (!TryNumber(2, out var hours) || hours > 23) return false;
        long minutes = 0;
        if (!IsAtEnd)
        {
            TrySkip((byte)':');
            if (!TryNumber(2, out minutes) || minutes > 59) return false;
        }
        seconds = (int)((hours * 3_600) + (minutes * 60)) * (isWest ? -1 : 1);
        return true;
    }

    private bool TryFraction(long perSecond, ref long units)
    {
        var digits = _rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0) digits = _rest.Length;
        for (var i = 0; i < digits; i++)
        {
            perSecond /= 10;
            var digit = _rest[i] - '0';
            if (perSecond == 0 && digit != 0) return false;
            units += digit * perSecond;
        }
        _rest = _rest[digits..];
        return digits > 0;
    }

    private bool TryNumber(int digits, out long value)
    {
        value = 0;
        if (_rest.Length < digits) return false;
        foreach (var digit in _rest[..digits])
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            value = (value * 10) + (digit - '0');
        }
        _rest = _rest[digits..];
        return true;
    }
}
