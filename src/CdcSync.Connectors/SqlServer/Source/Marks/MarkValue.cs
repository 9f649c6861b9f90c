using System.Data.SqlTypes;
using System.Globalization;
using CdcSync.Connectors.SqlServer.Source.Catalog;

namespace CdcSync.Connectors.SqlServer.Source.Marks;

/// <summary>Marks as the driver's values and back: nanoseconds since 1970, or the number.</summary>
internal static class MarkValue
{
    private const long NanosecondsPerTick = 100;

    private static readonly DateTime DateTimeLeast = new(1753, 1, 1);
    private static readonly DateTime SmallLeast = new(1900, 1, 1);
    private static readonly DateTime SmallMost = new(2079, 6, 6);

    /// <summary>A value of the column as a mark.</summary>
    public static Int128 Of(object value) => value switch
    {
        DateTime t => (Int128)(t - DateTime.UnixEpoch).Ticks * NanosecondsPerTick,
        DateTimeOffset t => (Int128)(t - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick,
        SqlDecimal d => Int128.Parse(d.ToString(), CultureInfo.InvariantCulture),
        _ => (Int128)Convert.ToInt64(value, CultureInfo.InvariantCulture),
    };

    /// <summary>A mark as a value to compare the column with: of its type, at its ends where it is beyond them.</summary>
    public static object For(SqlServerColumn column, Int128 mark) => column.TypeName switch
    {
        "tinyint" => (byte)Int128.Clamp(mark, byte.MinValue, byte.MaxValue),
        "smallint" => (short)Int128.Clamp(mark, short.MinValue, short.MaxValue),
        "int" => (int)Int128.Clamp(mark, int.MinValue, int.MaxValue),
        "bigint" => (long)Int128.Clamp(mark, long.MinValue, long.MaxValue),
        "decimal" or "numeric" => SqlDecimal.Parse(mark.ToString(CultureInfo.InvariantCulture)),
        "datetimeoffset" => new DateTimeOffset(Instant(mark, DateTime.MinValue, DateTime.MaxValue), TimeSpan.Zero),
        "datetime" => Instant(mark, DateTimeLeast, DateTime.MaxValue.AddSeconds(-1)),
        "smalldatetime" => Instant(mark, SmallLeast, SmallMost),
        _ => Instant(mark, DateTime.MinValue, DateTime.MaxValue),
    };

    private static DateTime Instant(Int128 nanoseconds, DateTime least, DateTime most)
    {
        var ticks = Int128.Clamp((nanoseconds / NanosecondsPerTick) + DateTime.UnixEpoch.Ticks, least.Ticks, most.Ticks);
        return new DateTime((long)ticks);
    }
}
