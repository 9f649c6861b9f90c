using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Source.Catalog;

namespace CdcSync.Connectors.SqlServer.Source.Values;

/// <summary>Which Arrow types hold SQL Server's types.</summary>
internal static class SqlServerTypes
{
    /// <summary>The type that holds every value of a column without loss; null = none does, and then why, and the cast that a view would use.</summary>
    public static (ArrowType? Type, string? Problem) Natural(SqlServerColumn column) => column switch
    {
        { Hiding: Hiding.Masked } => (null, "its values are masked for this login: grant UNMASK"),
        { Hiding: Hiding.Encrypted } => (null, "it is encrypted by the client (Always Encrypted)"),
        _ => column.TypeName switch
        {
            "bit" => (BooleanType.Default, null),
            "tinyint" or "smallint" => (Int16Type.Default, null),
            "int" => (Int32Type.Default, null),
            "bigint" => (Int64Type.Default, null),
            "decimal" or "numeric" => (new Decimal128Type(column.Precision, column.Scale), null),
            "money" => (new Decimal128Type(19, 4), null),
            "smallmoney" => (new Decimal128Type(10, 4), null),
            "real" => (FloatType.Default, null),
            "float" => (DoubleType.Default, null),
            "date" => (Date32Type.Default, null),
            "time" => (new Time64Type(column.Scale > 6 ? TimeUnit.Nanosecond : TimeUnit.Microsecond), null),
            "smalldatetime" => (new TimestampType(TimeUnit.Second, null), null),
            "datetime" => (new TimestampType(TimeUnit.Millisecond, null), null),
            "datetime2" => (new TimestampType(UnitOf(column.Scale), null), null),
            "datetimeoffset" => (new TimestampType(UnitOf(column.Scale), "UTC"), null),
            "char" or "varchar" or "nchar" or "nvarchar" or "text" or "ntext" or "xml" or "uniqueidentifier" => (StringType.Default, null),
            "binary" => (new FixedSizeBinaryType(column.MaxLength), null),
            "varbinary" or "image" => (BinaryType.Default, null),
            "timestamp" or "rowversion" => (new FixedSizeBinaryType(8), null),
            _ => (null, Cast(column)),
        },
    };

    /// <summary>Why a column can't be read as a type; null = it can. A value that does not fit is then a fault of its row.</summary>
    public static string? WhyNot(SqlServerColumn column, ArrowType wanted)
    {
        if (Natural(column) is (null, { } problem)) return $"{problem}.";
        var can = column.TypeName switch
        {
            "bit" => wanted is BooleanType || IsInteger(wanted),
            "tinyint" or "smallint" or "int" or "bigint" or "decimal" or "numeric" or "money" or "smallmoney" => IsInteger(wanted) || wanted is Decimal128Type,
            "real" or "float" => wanted is FloatType or DoubleType,
            "date" => wanted is Date32Type or TimestampType,
            "time" => wanted is Time32Type or Time64Type,
            "smalldatetime" or "datetime" or "datetime2" => wanted is TimestampType,
            "datetimeoffset" => wanted is TimestampType { Timezone: not null } or StringType,
            "uniqueidentifier" => wanted is StringType or FixedSizeBinaryType { ByteWidth: 16 },
            "binary" or "varbinary" or "image" => wanted is BinaryType or FixedSizeBinaryType,
            "timestamp" or "rowversion" => wanted is BinaryType or FixedSizeBinaryType { ByteWidth: 8 } or Int64Type or UInt64Type,
            _ => wanted is StringType,
        };
        return can ? null : $"it can't be read as {wanted}; {Natural(column).Type} holds its values.";
    }

    private static string Cast(SqlServerColumn column)
    {
        var name = SqlServerDialect.Quote(column.Name);
        return column.TypeName switch
        {
            "geography" or "geometry" => $"no type holds a {column.TypeName}; in a view: {name}.STAsBinary() AS {name}, {name}.STSrid AS {SqlServerDialect.Quote($"{column.Name}_srid"[..Math.Min(SqlServerDialect.NameLimit, column.Name.Length + 5)])}",
            "hierarchyid" => $"no type holds a hierarchyid; in a view: {name}.ToString() AS {name}",
            "sql_variant" => $"no type holds a sql_variant; in a view: CONVERT(nvarchar(4000), {name}) AS {name}, CONVERT(nvarchar(128), SQL_VARIANT_PROPERTY({name}, N'BaseType')) AS {SqlServerDialect.Quote($"{column.Name}_type"[..Math.Min(SqlServerDialect.NameLimit, column.Name.Length + 5)])}",
            "json" or "vector" => $"no type holds a {column.TypeName}; in a view: CONVERT(nvarchar(max), {name}) AS {name}",
            _ => $"no type holds a {column.TypeName}; convert it in a view, as in: CONVERT(nvarchar(max), {name}) AS {name}",
        };
    }

    private static TimeUnit UnitOf(int scale) => scale switch
    {
        0 => TimeUnit.Second,
        <= 3 => TimeUnit.Millisecond,
        <= 6 => TimeUnit.Microsecond,
        _ => TimeUnit.Nanosecond,
    };

    private static bool IsInteger(ArrowType type) => type.TypeId is >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64;
}
