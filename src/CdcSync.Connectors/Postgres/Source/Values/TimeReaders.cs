using System.Buffers.Binary;
using System.Numerics;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Wire;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Postgres.Source.Values;

/// <summary>date: days since 2000-01-01. The infinities are no days.</summary>
internal sealed class DateReader(FixedWidthBuilder<int> builder) : ValueReader
{
    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        var days = BinaryPrimitives.ReadInt32BigEndian(Exactly(value, sizeof(int)));
        if (days is int.MinValue or int.MaxValue) return "found an infinity, expected date32";
        // Dates reach to the year 5874897: days since 1970 are in 32 bits all the same.
        builder.Append(days + PostgresTime.EpochDays);
        return null;
    }
}

/// <summary>time: microseconds since midnight; 24:00:00 is one.</summary>
internal sealed class TimeReader<T>(FixedWidthBuilder<T> builder, TimeUnit unit, TimePrecision precision) : ValueReader where T : unmanaged, IBinaryInteger<T>
{
    private readonly MicrosecondScale _scale = new(unit, precision);
    private readonly string _tooFine = $"found a finer fraction of a second than {builder.Type} holds";

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        if (!_scale.TryFrom(BinaryPrimitives.ReadInt64BigEndian(Exactly(value, sizeof(long))), out var units)) return _tooFine;
        builder.Append(T.CreateTruncating(units));
        return null;
    }
}

/// <summary>timestamp and timestamptz: microseconds since 2000-01-01, of a wall clock or in UTC. The infinities are no instants.</summary>
internal sealed class TimestampReader(FixedWidthBuilder<long> builder, TimestampType type, TimePrecision precision) : ValueReader
{
    private readonly MicrosecondScale _scale = new(type.Unit, precision);
    private readonly string _infinity = $"found an infinity, expected {type}";
    private readonly string _doesNotFit = $"found a time finer or further away than {type} holds";

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        var since2000 = BinaryPrimitives.ReadInt64BigEndian(Exactly(value, sizeof(long)));
        if (since2000 is long.MinValue or long.MaxValue) return _infinity;
        // The last year of PostgreSQL, 294276, is beyond 64 bits of microseconds since 1970.
        if (since2000 > long.MaxValue - PostgresTime.EpochMicroseconds || !_scale.TryFrom(since2000 + PostgresTime.EpochMicroseconds, out var units)) return _doesNotFit;
        builder.Append(units);
        return null;
    }
}

/// <summary>Microseconds in another unit.</summary>
internal readonly struct MicrosecondScale(TimeUnit unit, TimePrecision precision)
{
    private const long NanosecondsPerMicrosecond = 1_000;

    private readonly long _perUnit = unit == TimeUnit.Nanosecond ? 0 : PostgresTime.Microseconds(unit);

    /// <summary>The value, if the unit holds it in 64 bits, and exactly where that is asked for.</summary>
    public bool TryFrom(long microseconds, out long units)
    {
        if (_perUnit == 0)
        {
            units = unchecked(microseconds * NanosecondsPerMicrosecond);
            return microseconds is >= long.MinValue / NanosecondsPerMicrosecond and <= long.MaxValue / NanosecondsPerMicrosecond;
        }
        (units, var rest) = Math.DivRem(microseconds, _perUnit);
        // Digits are cut off the calendar's time, before 1970 too.
        if (rest < 0) units--;
        return rest == 0 || precision == TimePrecision.Truncate;
    }
}
