using System.Globalization;
using CdcSync.Arrow;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>A column type of SQL Server that holds every value of an Arrow type (but single values that <see cref="ValueGate"/> rejects).</summary>
/// <param name="Kind">Its name: <c>decimal</c>.</param>
/// <param name="Size">Digits, characters, bytes, or digits of a second; -1 = max; 0 where the type has none.</param>
/// <param name="Scale">Digits after the point of a decimal.</param>
internal sealed record ColumnType(string Kind, int Size = 0, int Scale = 0)
{
    /// <summary>The length of <c>(max)</c>.</summary>
    public const int Max = -1;

    /// <summary>The bytes of a clustered index's key, of which a row of the target's key has its part.</summary>
    public const int KeyBytes = 900;

    private static readonly string[] Seconds = ["time", "datetime2", "datetimeoffset"];

    /// <summary>As SQL writes it: <c>decimal(12, 2)</c>.</summary>
    public string Sql => Kind switch
    {
        "decimal" => string.Create(CultureInfo.InvariantCulture, $"decimal({Size}, {Scale})"),
        "nvarchar" or "varchar" or "varbinary" when Size == Max => $"{Kind}(max)",
        "nvarchar" or "varchar" or "nchar" or "char" or "varbinary" or "binary" or "time" or "datetime2" or "datetimeoffset" => string.Create(CultureInfo.InvariantCulture, $"{Kind}({Size})"),
        _ => Kind,
    };

    /// <summary>True if it is text, which has a collation.</summary>
    public bool IsText => Kind is "nvarchar" or "varchar" or "nchar" or "char";

    /// <summary>True if its values differ in length, and two that differ only in blanks or zeros at the end are equal to SQL Server.</summary>
    public bool IsPadded => IsText || Kind is "varbinary";

    /// <summary>The type for an Arrow type; null where SQL Server has none.</summary>
    /// <param name="type">Arrow's.</param>
    /// <param name="isKey">True for a column of the key, which must fit an index.</param>
    public static ColumnType? For(ArrowType type, bool isKey) => type switch
    {
        BooleanType => new("bit"),
        UInt8Type => new("tinyint"),
        Int8Type or Int16Type => new("smallint"),
        UInt16Type or Int32Type => new("int"),
        UInt32Type or Int64Type => new("bigint"),
        UInt64Type => new("decimal", 20),
        HalfFloatType or FloatType => new("real"),
        DoubleType => new("float"),
        StringType => new("nvarchar", isKey ? KeyBytes / 2 : Max),
        BinaryType => new("varbinary", isKey ? KeyBytes : Max),
        FixedSizeBinaryType t when t.ByteWidth is > 0 and <= 8_000 => new("binary", t.ByteWidth),
        FixedSizeBinaryType => new("varbinary", isKey ? KeyBytes : Max),
        Decimal128Type { Scale: >= 0 } t => new("decimal", t.Precision, t.Scale),
        Decimal128Type t when t.Precision - t.Scale <= 38 => new("decimal", t.Precision - t.Scale),
        Date32Type => new("date"),
        Time32Type t => new("time", Digits(t.Unit)),
        Time64Type t => new("time", Digits(t.Unit)),
        TimestampType t => new(t.Timezone is null ? "datetime2" : "datetimeoffset", Digits(t.Unit)),
        _ => null,
    };

    /// <summary>A column's type as the catalogue has it.</summary>
    /// <param name="name">The base type's name.</param>
    /// <param name="maxLength">Bytes; -1 = max.</param>
    /// <param name="precision">Of decimals.</param>
    /// <param name="scale">Of decimals and times.</param>
    public static ColumnType Found(string name, int maxLength, int precision, int scale) => name switch
    {
        "decimal" or "numeric" => new("decimal", precision, scale),
        "nvarchar" or "nchar" => new(name, maxLength < 0 ? Max : maxLength / 2),
        "varchar" or "char" or "varbinary" or "binary" => new(name, maxLength < 0 ? Max : maxLength),
        _ when Seconds.Contains(name) => new(name, scale),
        _ => new(name),
    };

    /// <summary>Why <see cref="For"/> has no answer, and what to do.</summary>
    public static (string Reason, string Remedy) WhyNot(ArrowType type) => type switch
    {
        NullType => ("a column without any type can't be created", "Give the column a type in the contract."),
        Decimal128Type => ("SQL Server keeps 38 digits", "Give the column fewer digits in the contract."),
        _ => ("SQL Server has no such type", "Cast the column to another type in the contract."),
    };

    /// <summary>True if every value of this type is also one of <paramref name="other"/>, so that a column may be widened to it, or left as wide as it is.</summary>
    public bool FitsInto(ColumnType other)
    {
        if (this == other) return true;
        if (other.Kind == "decimal") return Digits() is { } digits && other.Scale >= Scale && other.Size - other.Scale >= digits - Scale;
        return (Kind, other.Kind) switch
        {
            ("tinyint", "smallint" or "int" or "bigint" or "real" or "float") => true,
            ("smallint", "int" or "bigint" or "real" or "float") => true,
            ("int", "bigint" or "float") => true,
            ("real", "float") => true,
            ("nvarchar" or "nchar" or "varchar" or "char", "nvarchar") => IsWithin(other),
            ("varchar" or "char", "varchar") => IsWithin(other),
            ("varbinary" or "binary", "varbinary") => IsWithin(other),
            _ => Kind == other.Kind && Seconds.Contains(Kind) && other.Size >= Size,
        };
    }

    private bool IsWithin(ColumnType other) => other.Size == Max || (Size != Max && Size <= other.Size);

    /// <summary>The decimal digits an exact number can have; null for other types.</summary>
    private int? Digits() => Kind switch
    {
        "tinyint" => 3,
        "smallint" => 5,
        "int" => 10,
        "bigint" => 19,
        "decimal" => Size,
        _ => null,
    };

    /// <summary>The digits of a second that hold a unit; of nanoseconds SQL Server keeps the hundreds.</summary>
    private static int Digits(TimeUnit unit) => Math.Min(3 * (int)unit, 7);
}
