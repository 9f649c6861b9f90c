using System.Data;
using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>The bounds of a range as a column's own type has them: what lies beyond all its values bounds nothing, or leaves nothing.</summary>
/// <param name="Bounds">Which there are.</param>
/// <param name="From">The first value.</param>
/// <param name="To">The value behind the last.</param>
internal sealed record DigestBounds(RangeBounds Bounds, object? From, object? To)
{
    /// <summary>No range.</summary>
    public static DigestBounds None { get; } = new(RangeBounds.None, null, null);

    /// <summary>The bounds of a range.</summary>
    /// <param name="table">Of what; it can compare the range's column.</param>
    /// <param name="range">The range; null = all rows.</param>
    public static DigestBounds Of(DigestTable table, RowRange? range)
    {
        if (range is null) return None;
        var column = table.Columns[range.Column];
        var type = column.Compared!.Value.Type;
        var (least, most) = column.Found.Integers ?? (type.DbType is SqlDbType.Date ? (0L, DateTime.MaxValue.Ticks / TimeSpan.TicksPerDay) : (0L, DateTime.MaxValue.Ticks));
        // The first value at or above a bound is where it begins.
        Int128? from = range.From is { } f ? Grain(column.Type, f, type) : null, to = range.To is { } t ? Grain(column.Type, t, type) : null;
        if (from > most || to <= least) return new(RangeBounds.From | RangeBounds.To, Value(most, type), Value(least, type));
        var bounds = (from > least ? RangeBounds.From : RangeBounds.None) | (to <= most ? RangeBounds.To : RangeBounds.None);
        return new(bounds, bounds.HasFlag(RangeBounds.From) ? Value((long)from!, type) : null, bounds.HasFlag(RangeBounds.To) ? Value((long)to!, type) : null);
    }

    /// <summary>Integers as they are; days and ticks since the year 1.</summary>
    private static Int128 Grain(ArrowType type, Int128 bound, TSqlType column)
    {
        if (type is Date32Type) return bound + (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerDay);
        if (type is not TimestampType t) return bound;
        var ticks = t.Unit switch { TimeUnit.Second => bound * TimeSpan.TicksPerSecond, TimeUnit.Millisecond => bound * TimeSpan.TicksPerMillisecond, TimeUnit.Microsecond => bound * TimeSpan.TicksPerMicrosecond, _ => Ceiling(bound, 100) };
        var grain = 1L;
        for (var digits = column.Scale; digits < 7; digits++) grain *= 10;
        return Ceiling(ticks + DateTime.UnixEpoch.Ticks, grain) * grain;
    }

    private static Int128 Ceiling(Int128 value, Int128 unit) => (value / unit) + (value % unit > 0 ? 1 : 0);

    private static object Value(long value, TSqlType type) => type.DbType switch
    {
        SqlDbType.Date => new DateTime(value * TimeSpan.TicksPerDay, DateTimeKind.Unspecified),
        SqlDbType.DateTime2 => new DateTime(value, DateTimeKind.Unspecified),
        SqlDbType.DateTimeOffset => new DateTimeOffset(value, TimeSpan.Zero),
        _ => value,
    };
}
