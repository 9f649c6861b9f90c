using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Postgres.Source.Ranges;

/// <summary>Bounds of a range as the server reads them, for columns whose values are read as they are.</summary>
internal static class RangeText
{
    /// <summary>What writes a bound; null where the column's values are not those of its type here, so that the server can't look for them.</summary>
    public static Func<long, string>? Of(DatasetColumn column, PostgresColumn found) => (found.Type.Oid, column.ReadType) switch
    {
        (PostgresOid.Int2 or PostgresOid.Int4 or PostgresOid.Int8, Int16Type or Int32Type or Int64Type) => value => value.ToString(CultureInfo.InvariantCulture),
        (PostgresOid.Date, Date32Type) => days => DateTime.UnixEpoch.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        (PostgresOid.Timestamp or PostgresOid.TimestampTz, TimestampType { Unit: TimeUnit.Microsecond }) => micros =>
            DateTime.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-dd HH:mm:ss.ffffff'+00'", CultureInfo.InvariantCulture),
        _ => null,
    };
}
