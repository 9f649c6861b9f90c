using System.Globalization;
using System.Numerics;
using CdcSync.Arrow;
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
/// <param name="unit">Its unit.</param>
/// <param name="get">The driver's getter.</param>
internal sealed class TicksReader<T>(FixedWidthBuilder<T> builder, TimeUnit unit, Func<SqlDataReader, int, long> get) : ValueReader
    where T : unmanaged, IBinaryInteger<T>
{
    private const long NanosecondsPerTick = 100;

    private readonly long _ticksPerUnit = unit switch
    {
        TimeUnit.Second => TimeSpan.TicksPerSecond,
        TimeUnit.Millisecond => TimeSpan.TicksPerMillisecond,
        TimeUnit.Microsecond => TimeSpan.TicksPerMicrosecond,
        _ => 0,
    };

    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        var ticks = get(row, column);
        if (_ticksPerUnit == 0)
        {
            var nanoseconds = (Int128)ticks * NanosecondsPerTick;
            if (nanoseconds < long.MinValue || nanoseconds > long.MaxValue) return $"found an instant that {builder.Type} does not reach (years 1677 to 2262)";
            builder.Append(T.CreateTruncating(nanoseconds));
            return null;
        }
        var (units, rest) = Math.DivRem(ticks, _ticksPerUnit);
        if (rest != 0) return $"found a fraction of a second finer than {builder.Type}";
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
