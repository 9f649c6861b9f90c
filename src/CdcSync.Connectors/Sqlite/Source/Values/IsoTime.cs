namespace CdcSync.Connectors.Sqlite.Source.Values;

/// <summary>A time as text, read exactly: <c>YYYY-MM-DD</c>, then <c>T</c> or a blank and <c>HH:MM[:SS[.fraction]]</c>, then nothing, <c>Z</c> or an offset.</summary>
/// <param name="Seconds">Seconds since 1970-01-01T00:00:00, the offset taken off.</param>
/// <param name="Nanoseconds">The fraction, 0 to 999,999,999.</param>
/// <param name="HasZone">True where <c>Z</c> or an offset is written.</param>
internal readonly record struct IsoTime(long Seconds, int Nanoseconds, bool HasZone)
{
    /// <summary>Days from 0001-01-01 to 1970-01-01.</summary>
    private const int EpochDays = 719_162;

    /// <summary>Reads a date, or a date and a time.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="time">The time; a date alone is its midnight.</param>
    /// <returns>False if it is none, or has a fraction finer than a nanosecond.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out IsoTime time)
    {
        time = default;
        if (!TryDays(ref text, out var days)) return false;
        var seconds = days * 86_400L;
        if (text.IsEmpty)
        {
            time = new IsoTime(seconds, 0, false);
            return true;
        }
        if (text[0] is not ((byte)'T' or (byte)' ' or (byte)'t')) return false;
        text = text[1..];
        if (!TryClock(ref text, out var ofDay, out var nanoseconds) || !TryOffset(text, out var offset, out var hasZone)) return false;
        time = new IsoTime(seconds + ofDay - offset, nanoseconds, hasZone);
        return true;
    }

    /// <summary>Reads a date that stands alone, or whose time is midnight without a zone: days since 1970-01-01.</summary>
    public static bool TryDate(ReadOnlySpan<byte> text, out int days)
    {
        var isDate = TryParse(text, out var time) && time is { HasZone: false, Nanoseconds: 0 } && time.Seconds % 86_400 == 0;
        days = (int)(time.Seconds / 86_400);
        return isDate;
    }

    /// <summary>Reads a time of day that stands alone, without a zone.</summary>
    public static bool TryTimeOfDay(ReadOnlySpan<byte> text, out int seconds, out int nanoseconds) =>
        TryClock(ref text, out seconds, out nanoseconds) && text.IsEmpty;

    private static bool TryDays(ref ReadOnlySpan<byte> text, out int days)
    {
        days = 0;
        if (text.Length < 10 || text[4] != '-' || text[7] != '-') return false;
        var century = Pair(text, 0);
        var (ofCentury, month, day) = (Pair(text, 2), Pair(text, 5), Pair(text, 8));
        var year = (century * 100) + ofCentury;
        if ((century | ofCentury | month | day) < 0 || year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month)) return false;
        days = new DateOnly(year, month, day).DayNumber - EpochDays;
        text = text[10..];
        return true;
    }

    private static bool TryClock(ref ReadOnlySpan<byte> text, out int seconds, out int nanoseconds)
    {
        seconds = nanoseconds = 0;
        if (text.Length < 5 || text[2] != ':') return false;
        var (hour, minute) = (Pair(text, 0), Pair(text, 3));
        if ((uint)hour > 23 || (uint)minute > 59) return false;
        seconds = (hour * 3_600) + (minute * 60);
        text = text[5..];
        if (text.IsEmpty || text[0] != ':') return true;
        if (text.Length < 3) return false;
        var second = Pair(text, 1);
        if ((uint)second > 59) return false;
        seconds += second;
        text = text[3..];
        return text.IsEmpty || text[0] != '.' || TryFraction(ref text, out nanoseconds);
    }

    private static bool TryFraction(ref ReadOnlySpan<byte> text, out int nanoseconds)
    {
        nanoseconds = 0;
        text = text[1..];
        var digits = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0) digits = text.Length;
        if (digits == 0) return false;
        var unit = 100_000_000;
        for (var i = 0; i < digits; i++, unit /= 10)
        {
            if (unit == 0 && text[i] != '0') return false;
            nanoseconds += (text[i] - '0') * unit;
        }
        text = text[digits..];
        return true;
    }

    // Z, +HH, +HHMM or +HH:MM, with a blank in front or without, as SQLite and PostgreSQL write them.
    private static bool TryOffset(ReadOnlySpan<byte> text, out int offset, out bool hasZone)
    {
        offset = 0;
        hasZone = !text.IsEmpty;
        if (!hasZone) return true;
        if (text is [(byte)' ', _, ..]) text = text[1..];
        if (text is [(byte)'Z' or (byte)'z']) return true;
        if (text is not [(byte)'+' or (byte)'-', _, _, ..]) return false;
        var isWest = text[0] == '-';
        var hours = Pair(text, 1);
        if ((uint)hours > 23) return false;
        text = text[3..];
        if (text is [(byte)':', ..]) text = text.Length == 3 ? text[1..] : [];
        else if (text.IsEmpty) return Signed(hours, 0, isWest, out offset);
        return text.Length == 2 && Pair(text, 0) is >= 0 and <= 59 and var minutes && Signed(hours, minutes, isWest, out offset);
    }

    private static bool Signed(int hours, int minutes, bool isWest, out int offset)
    {
        offset = ((hours * 3_600) + (minutes * 60)) * (isWest ? -1 : 1);
        return true;
    }

    // Two digits; below zero where they are none.
    private static int Pair(ReadOnlySpan<byte> text, int at)
    {
        var (tens, ones) = ((uint)text[at] - '0', (uint)text[at + 1] - '0');
        return tens > 9 || ones > 9 ? -1 : (int)((tens * 10) + ones);
    }
}
