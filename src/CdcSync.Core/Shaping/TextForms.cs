using System.Globalization;
using System.Numerics;

namespace CdcSync.Core.Shaping;

/// <summary>Integers: digits, with a minus sign where negative.</summary>
internal readonly struct IntegerText<T> : ITextForm<T> where T : IBinaryInteger<T>
{
    public int MaxLength => 40;

    public int Write(T value, Span<byte> to)
    {
        value.TryFormat(to, out var written, default, CultureInfo.InvariantCulture);
        return written;
    }
}

/// <summary>Floating point: the shortest text that reads back as the same number; NaN, Infinity, -Infinity.</summary>
internal readonly struct FloatText<T> : ITextForm<T> where T : IBinaryFloatingPointIeee754<T>
{
    public int MaxLength => 40;

    public int Write(T value, Span<byte> to)
    {
        value.TryFormat(to, out var written, default, CultureInfo.InvariantCulture);
        return written;
    }
}

/// <summary>0 and 1 as <c>false</c> and <c>true</c>.</summary>
internal readonly struct BitText : ITextForm<byte>
{
    public int MaxLength => 5;

    public int Write(byte value, Span<byte> to)
    {
        var text = value == 0 ? "false"u8 : "true"u8;
        text.CopyTo(to);
        return text.Length;
    }
}

/// <summary>Decimals: without zeros that say nothing, so that a number has one text whatever its scale.</summary>
/// <param name="scale">Digits after the point; may be negative.</param>
internal readonly struct DecimalText(int scale) : ITextForm<Int128>
{
    public int MaxLength => 44 + Math.Abs(scale);

    public int Write(Int128 value, Span<byte> to)
    {
        Span<byte> digits = stackalloc byte[40];
        var size = UInt128.CreateTruncating(Int128.IsNegative(value) ? -value : value);
        size.TryFormat(digits, out var count, default, CultureInfo.InvariantCulture);
        digits = digits[..count];
        var text = new SpanWriter(to);
        if (Int128.IsNegative(value)) text.Put((byte)'-');
        if (value == 0 || scale <= 0)
        {
            text.Put(digits);
            if (value != 0) text.Fill((byte)'0', -scale);
            return text.Length;
        }
        var whole = count - scale;
        if (whole > 0) text.Put(digits[..whole]);
        else text.Put((byte)'0');
        var fraction = digits[Math.Max(whole, 0)..].TrimEnd((byte)'0');
        if (fraction.IsEmpty) return text.Length;
        text.Put((byte)'.');
        text.Fill((byte)'0', Math.Max(-whole, 0));
        text.Put(fraction);
        return text.Length;
    }
}

/// <summary>Dates: <c>2026-01-31</c>; years outside 0000 to 9999 with a sign, as ISO 8601 has it.</summary>
internal readonly struct DateText : ITextForm<int>
{
    public int MaxLength => 24;

    public int Write(int value, Span<byte> to)
    {
        var text = new SpanWriter(to);
        text.PutDate(value);
        return text.Length;
    }
}

/// <summary>Times of day: <c>13:05:00.25</c>, the fraction without final zeros.</summary>
/// <param name="perSecond">Units per second.</param>
internal readonly struct TimeText<T>(long perSecond) : ITextForm<T> where T : IBinaryInteger<T>
{
    public int MaxLength => 40;

    public int Write(T value, Span<byte> to)
    {
        var text = new SpanWriter(to);
        text.PutTime(long.CreateTruncating(value), perSecond);
        return text.Length;
    }
}

/// <summary>Timestamps: <c>2026-01-31T13:05:00.25</c>, with a final <c>Z</c> where they are instants.</summary>
/// <param name="perSecond">Units per second.</param>
/// <param name="isInstant">True if the type has a zone: values are in UTC.</param>
internal readonly struct TimestampText(long perSecond, bool isInstant) : ITextForm<long>
{
    public int MaxLength => 64;

    public int Write(long value, Span<byte> to)
    {
        var text = new SpanWriter(to);
        var perDay = perSecond * CivilTime.SecondsPerDay;
        var days = value / perDay;
        var rest = value % perDay;
        if (rest < 0)
        {
            days--;
            rest += perDay;
        }
        text.PutDate(days);
        text.Put((byte)'T');
        text.PutTime(rest, perSecond);
        if (isInstant) text.Put((byte)'Z');
        return text.Length;
    }
}

/// <summary>Writes ASCII into a span that is known to be long enough.</summary>
internal ref struct SpanWriter(Span<byte> to)
{
    private readonly Span<byte> _to = to;

    internal int Length { get; private set; }

    internal void Put(byte value) => _to[Length++] = value;

    internal void Put(scoped ReadOnlySpan<byte> text)
    {
        text.CopyTo(_to[Length..]);
        Length += text.Length;
    }

    internal void Fill(byte value, int count)
    {
        _to.Slice(Length, count).Fill(value);
        Length += count;
    }

    internal void PutDate(long days)
    {
        var (year, month, day) = CivilTime.Date(days);
        if (year is < 0 or > 9_999) Put(year < 0 ? (byte)'-' : (byte)'+');
        PutNumber(Math.Abs(year), 4);
        Put((byte)'-');
        PutNumber(month, 2);
        Put((byte)'-');
        PutNumber(day, 2);
    }

    internal void PutTime(long units, long perSecond)
    {
        // A time of day outside its range is shown as it is rather than hidden: hours then have more digits or a sign.
        if (units < 0) Put((byte)'-');
        var size = units < 0 ? (ulong)-units : (ulong)units;
        var seconds = (long)(size / (ulong)perSecond);
        PutNumber(seconds / 3_600, 2);
        Put((byte)':');
        PutNumber(seconds / 60 % 60, 2);
        Put((byte)':');
        PutNumber(seconds % 60, 2);
        PutFraction((long)(size % (ulong)perSecond), perSecond);
    }

    private void PutFraction(long rest, long perSecond)
    {
        if (rest == 0) return;
        Put((byte)'.');
        while (rest > 0)
        {
            perSecond /= 10;
            Put((byte)('0' + (rest / perSecond)));
            rest %= perSecond;
        }
    }

    private void PutNumber(long value, int digits)
    {
        var width = digits;
        for (var limit = Decimals.PowerOfTen(digits); value >= limit; limit *= 10) width++;
        for (var i = width - 1; i >= 0; i--)
        {
            _to[Length + i] = (byte)('0' + (value % 10));
            value /= 10;
        }
        Length += width;
    }
}
