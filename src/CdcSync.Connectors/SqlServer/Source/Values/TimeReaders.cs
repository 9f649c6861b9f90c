using System.Globalization;
using System.Numerics;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Source.Values;

/// <summary>Reads dates.</summary>
internal sealed class DateReader(FixedWidthBuilder<int> builder) : ValueReader
{
    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        builder.Append((int)((row.GetDateTime(column) - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerDay));
        return null;
    }
}

/// <summary>Reads times of day and timestamps: ticks of 100 ns, since midnight or since 1970.</summary>
/// <param name="builder">The column.</param>
/// <param name="scale">To its unit.</param>
/// <param name="get">The driver's getter.</param>
internal sealed class TicksReader<T>(FixedWidthBuilder<T> builder, TickScale scale, Func<SqlDataReader, int, long> get) : ValueReader
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly string _doesNotFit = $"found a time finer or further away than {builder.Type} holds";

    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        if (!scale.TryFrom(get(row, column), out var units)) return _doesNotFit;
        builder.Append(T.CreateTruncating(units));
        return null;
    }

    /// <summary>date, datetime, datetime2, smalldatetime: ticks since 1970 of a wall clock.</summary>
    public static long WallClock(SqlDataReader row, int column) => (row.GetDateTime(column) - DateTime.UnixEpoch).Ticks;

    /// <summary>datetimeoffset: ticks since 1970, UTC.</summary>
    public static long Instant(SqlDataReader row, int column) => (row.GetDateTimeOffset(column) - DateTimeOffset.UnixEpoch).Ticks;

    /// <summary>time: ticks since midnight.</summary>
    public static long TimeOfDay(SqlDataReader row, int column) => row.GetTimeSpan(column).Ticks;
}

/// <summary>Reads a datetimeoffset with its offset, as ISO 8601 text: <c>2026-01-31T13:05:00.25+01:00</c>.</summary>
internal sealed class OffsetReader(VarLengthBuilder builder) : ValueReader
{
    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        Span<char> text = stackalloc char[40];
        row.GetDateTimeOffset(column).TryFormat(text, out var length, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture);
        builder.Append((ReadOnlySpan<char>)text[..length]);
        return null;
    }
}

/// <summary>Ticks of 100 ns in another unit.</summary>
/// <param name="unit">The unit.</param>
/// <param name="precision">What happens to those that are finer.</param>
internal readonly struct TickScale(TimeUnit unit, TimePrecision precision)
{
    private const long NanosecondsPerTick = 100;

    private readonly long _perUnit = unit switch
    {
        TimeUnit.Second => TimeSpan.TicksPerSecond,
        TimeUnit.Millisecond => TimeSpan.TicksPerMillisecond,
        TimeUnit.Microsecond => TimeSpan.TicksPerMicrosecond,
        _ => 0,
    };

    /// <summary>The value, if the unit holds it in 64 bits (nanoseconds: the years 1677 to 2262), and exactly where that is asked for.</summary>
    public bool TryFrom(long ticks, out long units)
    {
        if (_perUnit == 0)
        {
            units = unchecked(ticks * NanosecondsPerTick);
            return ticks is >= long.MinValue / NanosecondsPerTick and <= long.MaxValue / NanosecondsPerTick;
        }
        (units, var rest) = Math.DivRem(ticks, _perUnit);
        // Digits are cut off the calendar's time, before 1970 too.
        if (rest < 0) units--;
        return rest == 0 || precision == TimePrecision.Truncate;
    }
}
