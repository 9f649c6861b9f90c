using System.Numerics;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Sqlite.Source.Values;

/// <summary>Dates as text, alone or with midnight.</summary>
internal sealed class DateReader(FixedWidthBuilder<int> builder) : ValueReader(builder.Type)
{
    public override ArrayBuilder Builder => builder;

    protected override string? Text(ReadOnlySpan<byte> utf8)
    {
        if (!IsoTime.TryDate(utf8, out var days)) return "found a text that is no date (YYYY-MM-DD), expected date32";
        builder.Append(days);
        return null;
    }
}

/// <summary>Times of day as text.</summary>
internal sealed class TimeReader<T>(FixedWidthBuilder<T> builder, TimeUnit unit, TimePrecision precision) : ValueReader(builder.Type) where T : unmanaged, IBinaryInteger<T>
{
    private readonly long _perSecond = TimeUnits.PerSecond(unit);
    private readonly string _noTime = $"found a text that is no time of day (HH:MM:SS), expected {builder.Type}";
    private readonly string _tooFine = $"found a finer fraction of a second than {builder.Type} holds";

    public override ArrayBuilder Builder => builder;

    protected override string? Text(ReadOnlySpan<byte> utf8)
    {
        if (!IsoTime.TryTimeOfDay(utf8, out var seconds, out var nanoseconds)) return _noTime;
        if (!TimeUnits.TryScale(seconds, nanoseconds, _perSecond, precision, out var value)) return _tooFine;
        builder.Append(T.CreateTruncating(value));
        return null;
    }
}

/// <summary>
/// Timestamps: ISO 8601 texts; integers, counted in the column's own unit since 1970; real numbers, as SQLite has them: Julian days, to the millisecond.
/// A text without a zone is UTC where the type has a zone (SQLite's own rule); a text with a zone does not fit a type without one.
/// </summary>
internal sealed class TimestampReader(FixedWidthBuilder<long> builder, TimestampType type, TimePrecision precision) : ValueReader(type)
{
    private readonly long _perSecond = TimeUnits.PerSecond(type.Unit);
    private readonly string _noTime = $"found a text that is no ISO 8601 time, expected {type}";
    private readonly string _zone = $"found a time with a zone, expected {type}, a wall-clock time without one";
    private readonly string _doesNotFit = $"found a time finer or further away than {type} holds";
    private readonly string _noJulianDay = $"found a real number that is no Julian day, expected {type}";

    public override ArrayBuilder Builder => builder;

    protected override string? Text(ReadOnlySpan<byte> utf8)
    {
        if (!IsoTime.TryParse(utf8, out var time)) return _noTime;
        return time.HasZone && type.Timezone is null ? _zone : Take(time.Seconds, time.Nanoseconds);
    }

    protected override string? Integer(long value)
    {
        builder.Append(value);
        return null;
    }

    protected override string? Real(double value) =>
        TimeUnits.TryJulian(value, out var milliseconds)
            ? Take(Math.DivRem(milliseconds, 1_000, out var rest) - (rest < 0 ? 1 : 0), (int)(rest < 0 ? rest + 1_000 : rest) * 1_000_000)
            : _noJulianDay;

    private string? Take(long seconds, int nanoseconds)
    {
        if (!TimeUnits.TryScale(seconds, nanoseconds, _perSecond, precision, out var value)) return _doesNotFit;
        builder.Append(value);
        return null;
    }
}

/// <summary>Between the forms in which SQLite's applications keep times.</summary>
internal static class TimeUnits
{
    private const long EpochInJulianMilliseconds = 210_866_760_000_000;

    /// <summary>How many of the unit make a second.</summary>
    public static long PerSecond(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => 1,
        TimeUnit.Millisecond => 1_000,
        TimeUnit.Microsecond => 1_000_000,
        _ => 1_000_000_000,
    };

    /// <summary>Seconds and nanoseconds (0 and more) in a unit, if it holds them in 64 bits, and exactly where that is asked for.</summary>
    public static bool TryScale(long seconds, int nanoseconds, long perSecond, TimePrecision precision, out long value)
    {
        var step = (uint)(1_000_000_000 / perSecond);
        if (Math.Abs(seconds) < long.MaxValue / 1_000_000_000 - 1)
        {
            value = (seconds * perSecond) + ((uint)nanoseconds / step);
            return precision == TimePrecision.Truncate || (uint)nanoseconds % step == 0;
        }
        var total = ((Int128)seconds * perSecond) + (nanoseconds / step);
        value = (long)total;
        return (precision == TimePrecision.Truncate || nanoseconds % step == 0) && value == total;
    }

    /// <summary>A Julian day as milliseconds since 1970, rounded as SQLite rounds it (date.c keeps whole milliseconds).</summary>
    public static bool TryJulian(double day, out long milliseconds)
    {
        milliseconds = (long)((day * 86_400_000.0) + 0.5) - EpochInJulianMilliseconds;
        return day is >= 0 and < 5_373_484.5;
    }
}
