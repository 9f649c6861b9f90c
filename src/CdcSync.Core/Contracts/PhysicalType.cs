using System.Globalization;
using System.Text.RegularExpressions;
using CdcSync.Arrow;

namespace CdcSync.Core.Contracts;

/// <summary>SQL types as contracts name them, and the Arrow types that hold them. docs/contracts.md has the table.</summary>
internal static partial class PhysicalType
{
    /// <summary>The names that people mostly mean.</summary>
    internal static IReadOnlyList<string> UsualNames { get; } =
    [
        "bigint", "integer", "int", "smallint", "boolean", "real", "double precision", "float", "numeric", "decimal", "money", "varchar", "nvarchar", "char", "text", "uuid", "uniqueidentifier",
        "json", "xml", "bytea", "varbinary", "binary", "date", "time", "timestamp", "timestamptz", "datetime", "datetime2", "datetimeoffset",
    ];

    /// <summary>Reads a type's name.</summary>
    /// <returns>The type, or what is wrong with it, or (where the name is unknown) null.</returns>
    internal static TypeReading? Read(string text)
    {
        if (Form().Match(text.Trim().ToLowerInvariant()) is not { Success: true } match) return null;
        var name = Blanks().Replace(match.Groups["name"].Value.Trim(), " ");
        var suffix = Blanks().Replace(match.Groups["suffix"].Value.Trim(), " ");
        int? first = Number(match.Groups["first"]), second = Number(match.Groups["second"]);
        if (suffix.Length > 0) name = $"{name} {suffix}";
        return name switch
        {
            "bigint" or "int8" or "bigserial" => Plain(Int64Type.Default),
            "int" or "integer" or "int4" or "mediumint" or "serial" => Plain(Int32Type.Default),
            "smallint" or "int2" or "tinyint" or "smallserial" => Plain(Int16Type.Default),
            "boolean" or "bool" or "bit" => first is > 1 ? Wrong("strings of bits can't be held: cast them in a view") : Plain(BooleanType.Default),
            "real" or "float4" => Plain(FloatType.Default),
            "double" or "double precision" or "float8" => Plain(DoubleType.Default),
            "float" => Plain(first is <= 24 ? FloatType.Default : DoubleType.Default),
            "numeric" or "decimal" or "dec" or "number" => Decimal(first, second ?? 0),
            "money" => Plain(new Decimal128Type(19, 4)),
            "smallmoney" => Plain(new Decimal128Type(10, 4)),
            "varchar" or "nvarchar" or "varchar2" or "character varying" or "char" or "nchar" or "character" or "bpchar" or "text" or "ntext" or "tinytext" or "mediumtext"
                or "longtext" or "string" or "clob" or "citext" or "uuid" or "uniqueidentifier" or "json" or "jsonb" or "xml" => Plain(StringType.Default),
            "bytea" or "blob" or "tinyblob" or "mediumblob" or "longblob" or "varbinary" or "image" => Plain(BinaryType.Default),
            "binary" => first switch { null => Plain(BinaryType.Default), 0 => Wrong("expected binary(n) with n from 1"), { } n => Plain(new FixedSizeBinaryType(n)) },
            "date" => Plain(Date32Type.Default),
            "time" or "time without time zone" => Unit(first ?? 6) is { } unit ? Plain(new Time64Type(unit is TimeUnit.Nanosecond ? unit : TimeUnit.Microsecond)) : NoPrecision(name),
            "timestamp" or "timestamp without time zone" or "datetime" => Timestamp(first ?? 6, null),
            "datetime2" => Timestamp(first ?? 7, null),
            "smalldatetime" => Timestamp(0, null),
            "timestamptz" or "timestamp with time zone" => Timestamp(first ?? 6, "UTC"),
            "datetimeoffset" => Timestamp(first ?? 7, "UTC"),
            "timetz" or "time with time zone" or "interval" => Wrong("there is no type that holds it: cast it in a view"),
            _ => null,
        };
    }

    /// <summary>The name under which a type is written into a contract; read again it gives the same type.</summary>
    internal static string NameOf(ArrowType type) => type switch
    {
        BooleanType => "boolean",
        Int8Type or UInt8Type or Int16Type => "smallint",
        UInt16Type or Int32Type => "integer",
        UInt32Type or Int64Type => "bigint",
        UInt64Type => "numeric(20,0)",
        HalfFloatType or FloatType => "real",
        DoubleType => "double precision",
        StringType => "text",
        BinaryType => "bytea",
        FixedSizeBinaryType f => string.Create(CultureInfo.InvariantCulture, $"binary({f.ByteWidth})"),
        Decimal128Type d => string.Create(CultureInfo.InvariantCulture, $"numeric({d.Precision},{d.Scale})"),
        Date32Type => "date",
        Time32Type => "time(6)",
        Time64Type t => $"time({Digits(t.Unit)})",
        TimestampType t => $"{(t.Timezone is null ? "timestamp" : "timestamptz")}({Digits(t.Unit)})",
        _ => throw new ArgumentException($"{type} has no name in a contract", nameof(type)),
    };

    private static TypeReading Plain(ArrowType type) => new(type, null);

    private static TypeReading Wrong(string problem) => new(null, problem);

    private static TypeReading Decimal(int? precision, int scale) => precision switch
    {
        null => Wrong("expected numeric(p,s): without a precision any number fits, and no type holds any number"),
        < 1 or > Decimal128Type.MaxPrecision => Wrong($"expected a precision from 1 to {Decimal128Type.MaxPrecision}"),
        { } p when scale > p => Wrong("expected a scale up to the precision"),
        { } p => Plain(new Decimal128Type(p, scale)),
    };

    private static TypeReading Timestamp(int precision, string? zone) => Unit(precision) is { } unit ? Plain(new TimestampType(unit, zone)) : NoPrecision("timestamp");

    private static TypeReading NoPrecision(string name) => Wrong($"expected {name}(p) with p from 0 to 9");

    private static TimeUnit? Unit(int precision) => precision switch
    {
        0 => TimeUnit.Second,
        <= 3 => TimeUnit.Millisecond,
        <= 6 => TimeUnit.Microsecond,
        <= 9 => TimeUnit.Nanosecond,
        _ => null,
    };

    private static int Digits(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => 0,
        TimeUnit.Millisecond => 3,
        TimeUnit.Microsecond => 6,
        _ => 9,
    };

    private static int? Number(Group group) => group.Success && int.TryParse(group.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    [GeneratedRegex(@"^(?<name>[a-z][a-z0-9_ ]*?)\s*(\(\s*((?<first>[0-9]{1,9})(\s*,\s*(?<second>[0-9]{1,9}))?|max)\s*\)\s*(?<suffix>[a-z ]*))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Blanks();
}

/// <summary>What came of reading a type.</summary>
/// <param name="Type">The type; null = it is known and can't be held.</param>
/// <param name="Problem">Why not.</param>
internal sealed record TypeReading(ArrowType? Type, string? Problem);
