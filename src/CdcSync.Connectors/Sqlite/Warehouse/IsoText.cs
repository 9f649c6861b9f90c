using CdcSync.Arrow;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>Dates and times as ISO 8601 text with every digit of their unit, so that text order is time order. Years 0001 to 9999.</summary>
internal static class IsoText
{
    /// <summary>Room for the longest: a timestamp in nanoseconds with its Z.</summary>
    public const int MaxLength = 32;

    private const long SecondsPerDay = 86_400;
    private const long FirstDay = -719_162;
    private const long LastDay = 2_932_896;

    public static bool IsDate(int days) => days is >= (int)FirstDay and <= (int)LastDay;

    public static bool IsTime(long value, TimeUnit unit) => value >= 0 && value < SecondsPerDay * PerSecond(unit);

    public static bool IsTimestamp(long value, TimeUnit unit) => Floor(value, PerSecond(unit)) is >= FirstDay * SecondsPerDay and < (LastDay + 1) * SecondsPerDay;

    public static int WriteDate(int days, Span<byte> to)
    {
        var date = DateOnly.FromDayNumber(days - (int)FirstDay);
        Put(date.Year, 4, to);
        to[4] = (byte)'-';
        Put(date.Month, 2, to[5..]);
        to[7] = (byte)'-';
        Put(date.Day, 2, to[8..]);
        return 10;
    }

    public static int WriteTime(long value, TimeUnit unit, Span<byte> to)
    {
        var perSecond = PerSecond(unit);
        var seconds = (int)(value / perSecond);
        Put(seconds / 3_600, 2, to);
        to[2] = (byte)':';
        Put(seconds / 60 % 60, 2, to[3..]);
        to[5] = (byte)':';
        Put(seconds % 60, 2, to[6..]);
        if (unit == TimeUnit.Second) return 8;
        to[8] = (byte)'.';
        Put(value % perSecond, 3 * (int)unit, to[9..]);
        return 9 + (3 * (int)unit);
    }

    public static int WriteTimestamp(long value, TimestampType type, Span<byte> to)
    {
        var perDay = SecondsPerDay * PerSecond(type.Unit);
        var days = Floor(value, perDay);
        var length = WriteDate((int)days, to);
        to[length++] = (byte)'T';
        length += WriteTime(value - (days * perDay), type.Unit, to[length..]);
        if (type.Timezone is not null) to[length++] = (byte)'Z';
        return length;
    }

    private static long PerSecond(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => 1,
        TimeUnit.Millisecond => 1_000,
        TimeUnit.Microsecond => 1_000_000,
        _ => 1_000_000_000,
    };

    private static long Floor(long value, long by)
    {
        var quotient = Math.DivRem(value, by, out var rest);
        return rest < 0 ? quotient - 1 : quotient;
    }

    private static void Put(long value, int digits, Span<byte> to)
    {
        for (var i = digits - 1; i >= 0; i--)
        {
            to[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }
}
