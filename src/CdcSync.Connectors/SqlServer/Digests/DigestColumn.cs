using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>A column's values in their canonical form (<see cref="CanonicalType"/>), as T-SQL.</summary>
/// <param name="Column">The column, quoted and with its alias.</param>
/// <param name="Type">The form.</param>
/// <param name="Bytes">The bytes of a value that is not null.</param>
/// <param name="Length">How many they are; null = by the value.</param>
/// <param name="Limit">How many they can be; null = more than 8,000.</param>
internal sealed record DigestColumn(string Column, CanonicalType Type, string Bytes, int? Length, int? Limit)
{
    /// <summary>True where a value of a wider column has no canonical form, so that its row is equal to none; null = there is no such value.</summary>
    public string? Misfit { get; init; }

    /// <summary>Type, length and bytes, or the mark of null.</summary>
    public string Sql => $"CASE WHEN {Column} IS NULL THEN {TypeHex}FFFFFFFF ELSE {(Length is { } n ? $"{TypeHex}{Hex(n)}" : $"{TypeHex} + CAST(CAST(DATALENGTH({Bytes}) AS int) AS varbinary(4))")} + {Bytes} END";

    private string TypeHex => $"0x{Hex((int)Type)}";

    /// <summary>Four bytes, as a literal has them.</summary>
    public static string Hex(int number) => number.ToString("X8", CultureInfo.InvariantCulture);

    /// <summary>Maps a column.</summary>
    /// <param name="column">The column, quoted and with its alias.</param>
    /// <param name="type">The dataset's type for it.</param>
    /// <param name="found">The type that it really has.</param>
    /// <param name="server">What the server can do.</param>
    /// <returns>Null where T-SQL has no way to make the bytes.</returns>
    public static DigestColumn? Of(string column, ArrowType type, FoundType found, DigestServer server) => (found.Kind, type) switch
    {
        ("bit", BooleanType) => new(column, CanonicalType.Bool, $"CASE WHEN {column} = 1 THEN 0x01 ELSE 0x00 END", 1, 1),
        ("tinyint" or "smallint" or "int" or "bigint", _) when CanonicalTypes.Of(type) == CanonicalType.Int8 && type is not (Time64Type or TimestampType) => Int8(column, column),
        ("tinyint" or "smallint" or "int" or "bigint", UInt64Type or Decimal128Type { Scale: <= 0 }) => Text(column, $"CAST(CAST({column} AS varchar(41)) AS varbinary(41))", 41),
        ("decimal" or "numeric", UInt64Type) => Decimal(column, column, found.Scale, 0),
        ("decimal" or "numeric", Decimal128Type t) => Decimal(column, column, found.Scale, Math.Max(t.Scale, 0)),
        ("money" or "smallmoney", Decimal128Type t) => Decimal(column, $"CAST({column} AS decimal(19, 4))", 4, Math.Max(t.Scale, 0)),
        ("real", HalfFloatType or FloatType or DoubleType) or ("float", DoubleType) => Float(column),
        ("date", Date32Type) => Day(column, column),
        ("time", Time32Type or Time64Type) => Time(column, found.Scale, type),
        ("datetime2", TimestampType t) => Instant(column, column, found.Scale, t),
        // Its thirds of a hundredth of a second are read as milliseconds.
        ("datetime" or "smalldatetime", TimestampType t) => Instant(column, $"CAST({column} AS datetime2(3))", 3, t),
        ("datetimeoffset", TimestampType { Timezone: not null } t) => Instant(column, Utc(column), found.Scale, t),
        ("uniqueidentifier", StringType) => new(column, CanonicalType.Text, $"CAST(LOWER(CAST({column} AS char(36))) AS varbinary(36))", 36, 36),
        ("uniqueidentifier", FixedSizeBinaryType { ByteWidth: 16 }) => new(column, CanonicalType.Bytes, $"CONVERT(varbinary(16), REPLACE(CAST({column} AS char(36)), '-', ''), 2)", 16, 16),
        ("char" or "varchar" or "nchar" or "nvarchar" or "text" or "ntext" or "xml", StringType) => server.Utf8 is { } utf8 ? Unicode(column, column, found, utf8) : null,
        ("binary" or "varbinary" or "image" or "timestamp" or "rowversion", BinaryType or FixedSizeBinaryType) => Binary(column, found),
        _ => null,
    };

    /// <summary>The same without the blanks at the end.</summary>
    /// <inheritdoc cref="Of"/>
    public static DigestColumn? OfTrimmed(string column, FoundType found, DigestServer server) =>
        found.Kind is "char" or "varchar" or "nchar" or "nvarchar" && server.Utf8 is { } utf8 ? Unicode(column, $"RTRIM({column})", found, utf8) : null;

    /// <summary>The day of a date or a timestamp: what control totals group by.</summary>
    /// <param name="column">The column.</param>
    /// <param name="value">The date, or the timestamp in UTC.</param>
    public static DigestColumn Day(string column, string value) => new(column, CanonicalType.Date, $"CAST(DATEDIFF(day, CAST('2000-01-01' AS date), {value}) AS varbinary(4))", 4, 4);

    /// <summary>A datetimeoffset as the wall clock of UTC.</summary>
    public static string Utc(string column) => $"CAST(SWITCHOFFSET({column}, '+00:00') AS datetime2(7))";

    private static DigestColumn Int8(string column, string value) => new(column, CanonicalType.Int8, $"CAST(CAST({value} AS bigint) AS varbinary(8))", 8, 8);

    private static DigestColumn Text(string column, string bytes, int? limit) => new(column, CanonicalType.Text, bytes, null, limit);

    // Minus zero is zero; a column holds neither NaN nor infinity.
    private static DigestColumn Float(string column) =>
        new(column, CanonicalType.Float8, $"CASE WHEN {column} = 0 THEN 0x0000000000000000 ELSE CAST(CAST({column} AS float) AS varbinary(8)) END", 8, 8);

    private static DigestColumn Decimal(string column, string value, int has, int wanted)
    {
        var digits = $"CAST({value} AS varchar(41))";
        if (has > wanted)
        {
            // The point goes too where no digit is left behind it.
            var more = has - wanted;
            var cut = more + (wanted == 0 ? 1 : 0);
            return Text(column, $"CAST(LEFT({digits}, LEN({digits}) - {cut}) AS varbinary(41))", 41) with { Misfit = $"RIGHT({digits}, {more}) <> '{new string('0', more)}'" };
        }

        var zeros = has == wanted ? "" : $" + '{(has == 0 ? "." : "")}{new string('0', wanted - has)}'";
        return Text(column, $"CAST({digits}{zeros} AS varbinary(80))", 80);
    }

    private static DigestColumn Time(string column, int digits, ArrowType type)
    {
        var from = "CAST('00:00:00' AS time(7))";
        return type is Time64Type { Unit: TimeUnit.Nanosecond } ? Int8(column, $"DATEDIFF_BIG(nanosecond, {from}, {column})")
            : new DigestColumn(column, CanonicalType.Time, $"CAST(DATEDIFF_BIG(microsecond, {from}, {column}) AS varbinary(8))", 8, 8) { Misfit = Finer(column, digits) };
    }

    private static DigestColumn Instant(string column, string wall, int digits, TimestampType type)
    {
        if (type.Unit != TimeUnit.Nanosecond)
            return new DigestColumn(column, CanonicalTypes.Of(type)!.Value, $"CAST(DATEDIFF_BIG(microsecond, CAST('2000-01-01T00:00:00' AS datetime2(7)), {wall}) AS varbinary(8))", 8, 8) { Misfit = Finer(wall, digits) };
        // What 64 bits of nanoseconds can't hold would be an error.
        var isWithin = $"{wall} >= '1677-09-22T00:00:00' AND {wall} < '2262-04-11T00:00:00'";
        return new DigestColumn(column, CanonicalType.Int8,
            $"CASE WHEN {isWithin} THEN CAST(DATEDIFF_BIG(nanosecond, CAST('1970-01-01T00:00:00' AS datetime2(7)), {wall}) AS varbinary(8)) ELSE 0x0000000000000000 END", 8, 8)
        {
            Misfit = $"NOT ({isWithin})",
        };
    }

    // Of the seventh digit microseconds know nothing.
    private static string? Finer(string value, int digits) => digits > 6 ? $"DATEPART(nanosecond, {value}) % 1000 <> 0" : null;

    private static DigestColumn Unicode(string column, string value, FoundType found, string utf8)
    {
        // A UTF-16 unit takes three bytes of UTF-8 at the most.
        var isShort = found.Kind is "char" or "varchar" or "nchar" or "nvarchar" && found.Length is > 0 and <= 2_666;
        var (units, bytes) = isShort ? (Number(found.Length), Number(found.Length * 3)) : ("max", "max");
        var unicode = found.Kind is "nchar" or "nvarchar" ? value : $"CAST({value} AS nvarchar({units}))";
        return Text(column, $"CAST(CAST({unicode} COLLATE {utf8} AS varchar({bytes})) AS varbinary({bytes}))", isShort ? found.Length * 3 : null);
    }

    private static DigestColumn Binary(string column, FoundType found) => found.Kind switch
    {
        "binary" => new(column, CanonicalType.Bytes, $"CAST({column} AS varbinary({Number(found.Length)}))", found.Length, found.Length),
        "timestamp" or "rowversion" => new(column, CanonicalType.Bytes, $"CAST({column} AS varbinary(8))", 8, 8),
        "varbinary" when found.Length > 0 => new(column, CanonicalType.Bytes, column, null, found.Length),
        _ => new(column, CanonicalType.Bytes, $"CAST({column} AS varbinary(max))", null, null),
    };

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
