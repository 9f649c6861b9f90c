using CdcSync.Arrow;

namespace CdcSync.Connectors.Postgres.Wire;

/// <summary>PostgreSQL's days and microseconds, which count from 2000-01-01, and the ranges it takes (utils/datetime.h, datatype/timestamp.h).</summary>
internal static class PostgresTime
{
    /// <summary>Days from 1970-01-01 to 2000-01-01.</summary>
    public const int EpochDays = 10_957;

    /// <summary>Microseconds from 1970-01-01 to 2000-01-01.</summary>
    public const long EpochMicroseconds = EpochDays * MicrosecondsPerDay;

    /// <summary>24:00:00 is a time of day, later ones are not.</summary>
    public const long MicrosecondsPerDay = 86_400_000_000;

    // From 4713-11-24 BC; up to 5874897-12-31 for dates, 294276-12-31 for timestamps.
    private const int FirstDay = -2_451_545;
    private const int LastDay = 2_145_031_948;
    private const long FirstMicrosecond = -211_813_488_000_000_000;
    private const long EndMicrosecond = 9_223_371_331_200_000_000;

    /// <summary>How many microseconds a unit has.</summary>
    public static long Microseconds(TimeUnit unit) => unit switch { TimeUnit.Second => 1_000_000, TimeUnit.Millisecond => 1_000, _ => 1 };

    /// <summary>A timestamp since 1970 in a unit as microseconds since 2000. The epochs are apart in the unit first: at the end of the range the other way overflows.</summary>
    public static long FromUnix(long value, TimeUnit unit) => checked((value - (EpochMicroseconds / Microseconds(unit))) * Microseconds(unit));

    /// <summary>A day since 2000 as the server takes it; beyond its range infinity.</summary>
    public static int DayAt(long days) => days < FirstDay ? int.MinValue : days > LastDay ? int.MaxValue : (int)days;

    /// <summary>A microsecond since 2000 as the server takes it; beyond its range infinity.</summary>
    public static long InstantAt(long microseconds) => microseconds < FirstMicrosecond ? long.MinValue : microseconds >= EndMicrosecond ? long.MaxValue : microseconds;

    /// <summary>True if a day since 1970 is one PostgreSQL has.</summary>
    public static bool HasDay(int days) => (long)days - EpochDays is >= FirstDay and <= LastDay;

    /// <summary>True if an instant or wall clock since 1970 is one PostgreSQL has.</summary>
    public static bool HasInstant(long value, TimeUnit unit) => HasInstants([value], unit);

    /// <summary>True if all of them are.</summary>
    public static bool HasInstants(ReadOnlySpan<long> values, TimeUnit unit)
    {
        var (first, last) = Instants(unit);
        foreach (var value in values)
            if (value < first || value > last) return false;
        return true;
    }

    // The first and the last instant of a unit, since 1970.
    private static (long First, long Last) Instants(TimeUnit unit)
    {
        var (us, epoch) = (Microseconds(unit), (Int128)EpochMicroseconds);
        return ((long)((FirstMicrosecond + epoch) / us), (long)Int128.Min(long.MaxValue, (EndMicrosecond + epoch - 1) / us));
    }

    /// <summary>True if a time of day is one PostgreSQL has.</summary>
    public static bool HasTime(long value, TimeUnit unit) => value >= 0 && value <= MicrosecondsPerDay / Microseconds(unit);
}
