using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Source.Catalog;
using static CdcSync.Connectors.Postgres.PostgresDialect;

namespace CdcSync.Connectors.Postgres.Source.Values;

/// <summary>Which Arrow types hold PostgreSQL's types.</summary>
internal static class PostgresTypes
{
    /// <summary>The type that holds every value of a column without loss; null = none does, and then why, and the cast that a view would use.</summary>
    public static (ArrowType? Type, string? Problem) Natural(PostgresColumn column) => column.Type.Oid switch
    {
        PostgresOid.Bool => (BooleanType.Default, null),
        PostgresOid.Int2 => (Int16Type.Default, null),
        PostgresOid.Int4 => (Int32Type.Default, null),
        PostgresOid.Int8 or PostgresOid.Oid => (Int64Type.Default, null),
        PostgresOid.Float4 => (FloatType.Default, null),
        PostgresOid.Float8 => (DoubleType.Default, null),
        PostgresOid.Numeric => (Decimal(column.Digits) ?? (ArrowType)StringType.Default, null),
        PostgresOid.Date => (Date32Type.Default, null),
        PostgresOid.Time => (new Time64Type(TimeUnit.Microsecond), null),
        PostgresOid.Timestamp => (new TimestampType(UnitOf(column.SecondDigits), null), null),
        PostgresOid.TimestampTz => (new TimestampType(UnitOf(column.SecondDigits), "UTC"), null),
        PostgresOid.Bytea => (BinaryType.Default, null),
        PostgresOid.Money => (null, $"money has as many digits after the point as the server's locale says; in a view: {Quote(column.Name)}::numeric(19,2) AS {Quote(column.Name)}"),
        _ when column.Type.Kind == 'p' => (null, $"no column can hold a {column.Type.Name}; convert it in the query, as in: {Quote(column.Name)}::text AS {Quote(column.Name)}"),
        _ => (StringType.Default, null),
    };

    /// <summary>Why a column can't be read as a type; null = it can. A value that does not fit is then a fault of its row.</summary>
    public static string? WhyNot(PostgresColumn column, ArrowType wanted)
    {
        if (Natural(column) is (null, { } problem)) return $"{problem}.";
        var can = column.Type.Oid switch
        {
            PostgresOid.Bool => wanted is BooleanType,
            PostgresOid.Int2 or PostgresOid.Int4 or PostgresOid.Int8 or PostgresOid.Oid => IsInteger(wanted) || IsDecimal(wanted),
            PostgresOid.Float4 or PostgresOid.Float8 => wanted is FloatType or DoubleType,
            PostgresOid.Numeric => IsInteger(wanted) || IsDecimal(wanted) || wanted is StringType,
            PostgresOid.Date => wanted is Date32Type,
            PostgresOid.Time => wanted is Time32Type or Time64Type,
            PostgresOid.Timestamp => wanted is TimestampType { Timezone: null },
            PostgresOid.TimestampTz => wanted is TimestampType { Timezone: not null },
            PostgresOid.Uuid => wanted is StringType or FixedSizeBinaryType { ByteWidth: 16 },
            PostgresOid.Bytea => wanted is BinaryType or FixedSizeBinaryType,
            _ => wanted is StringType,
        };
        return can ? null : $"it can't be read as {wanted}; {Natural(column).Type} holds its values.";
    }

    /// <summary>True for types without a reader of their binary form: a SELECT has the server write them as text.</summary>
    public static bool IsReadAsText(PostgresTypeInfo type) => type.Kind != 'e' && type.Oid is not (PostgresOid.Bool or PostgresOid.Int2 or PostgresOid.Int4 or PostgresOid.Int8 or PostgresOid.Oid
        or PostgresOid.Float4 or PostgresOid.Float8 or PostgresOid.Numeric or PostgresOid.Date or PostgresOid.Time or PostgresOid.Timestamp or PostgresOid.TimestampTz or PostgresOid.Bytea
        or PostgresOid.Uuid or PostgresOid.Json or PostgresOid.JsonB or PostgresOid.Xml or PostgresOid.Text or PostgresOid.VarChar or PostgresOid.BpChar or PostgresOid.Name);

    /// <summary>The decimal of a numeric's digits; null = there is none that holds them all.</summary>
    private static Decimal128Type? Decimal((int Precision, int Scale)? digits) => digits switch
    {
        // A negative scale has zeros before the point; a scale above the precision has them after it.
        (var p, < 0 and var s) when p - s <= Decimal128Type.MaxPrecision => new Decimal128Type(p - s, 0),
        (var p, >= 0 and var s) when Math.Max(p, s) <= Decimal128Type.MaxPrecision => new Decimal128Type(Math.Max(p, s), s),
        _ => null,
    };

    private static TimeUnit UnitOf(int digits) => digits switch
    {
        0 => TimeUnit.Second,
        <= 3 => TimeUnit.Millisecond,
        _ => TimeUnit.Microsecond,
    };

    private static bool IsDecimal(ArrowType type) => type is Decimal128Type { Scale: >= 0 and var scale, Precision: var precision } && scale <= precision;

    private static bool IsInteger(ArrowType type) => type.TypeId is >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64;
}
