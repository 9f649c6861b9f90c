using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Values;
using CdcSync.Connectors.Postgres.Wire;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>Writes a key's value from its binary form as a text that the server reads as the same value: how rows are looked up by the keys the log names.</summary>
internal static class KeyText
{
    // PostgreSQL reads a date written as J and its Julian day, whatever its year; 2000-01-01 is this one.
    private const int JulianOf2000 = 2_451_545;
    private const long MicrosPerDay = 86_400_000_000;

    /// <summary>True for the types that can be written.</summary>
    public static bool Has(PostgresTypeInfo type) => type.Kind == 'e' || type.Oid is PostgresOid.Bool or PostgresOid.Int2 or PostgresOid.Int4 or PostgresOid.Int8 or PostgresOid.Oid or PostgresOid.Numeric
        or PostgresOid.Date or PostgresOid.Timestamp or PostgresOid.TimestampTz or PostgresOid.Bytea or PostgresOid.Uuid or PostgresOid.Text or PostgresOid.VarChar or PostgresOid.BpChar or PostgresOid.Name;

    /// <summary>The text.</summary>
    /// <exception cref="Core.Errors.CdcSyncException">The bytes are not of that type.</exception>
    public static string Of(PostgresTypeInfo type, ReadOnlySpan<byte> value) => type.Oid switch
    {
        PostgresOid.Bool => Fixed(value, 1)[0] != 0 ? "true" : "false",
        PostgresOid.Int2 => Number(BinaryPrimitives.ReadInt16BigEndian(Fixed(value, 2))),
        PostgresOid.Int4 => Number(BinaryPrimitives.ReadInt32BigEndian(Fixed(value, 4))),
        PostgresOid.Int8 => Number(BinaryPrimitives.ReadInt64BigEndian(Fixed(value, 8))),
        PostgresOid.Oid => Number(BinaryPrimitives.ReadUInt32BigEndian(Fixed(value, 4))),
        PostgresOid.Numeric => Numeric(value),
        PostgresOid.Date => Day(BinaryPrimitives.ReadInt32BigEndian(Fixed(value, 4))),
        PostgresOid.Timestamp => Instant(BinaryPrimitives.ReadInt64BigEndian(Fixed(value, 8)), ""),
        PostgresOid.TimestampTz => Instant(BinaryPrimitives.ReadInt64BigEndian(Fixed(value, 8)), "+00"),
        PostgresOid.Bytea => @"\x" + Convert.ToHexStringLower(value),
        PostgresOid.Uuid => new Guid(Fixed(value, 16), bigEndian: true).ToString("D"),
        _ => Encoding.UTF8.GetString(value),
    };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Numeric(ReadOnlySpan<byte> value)
    {
        var text = new StringBuilder();
        return NumericForm.TryWrite(value, text) ? text.ToString() : throw ValueReader.OtherType();
    }

    private static string Day(int days) => days switch
    {
        int.MaxValue => "infinity",
        int.MinValue => "-infinity",
        _ => $"J{Number((long)days + JulianOf2000)}",
    };

    private static string Instant(long micros, string zone)
    {
        if (micros is long.MaxValue or long.MinValue) return micros > 0 ? "infinity" : "-infinity";
        var (days, time) = Math.DivRem(micros, MicrosPerDay);
        if (time < 0) (days, time) = (days - 1, time + MicrosPerDay);
        return $"J{Number(days + JulianOf2000)} {new TimeSpan(time * TimeSpan.TicksPerMicrosecond).ToString(@"hh\:mm\:ss\.ffffff", CultureInfo.InvariantCulture)}{zone}";
    }

    private static ReadOnlySpan<byte> Fixed(ReadOnlySpan<byte> value, int length) => value.Length == length ? value : throw ValueReader.OtherType();
}
