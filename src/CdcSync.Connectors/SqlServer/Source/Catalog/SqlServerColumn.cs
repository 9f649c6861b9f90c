using System.Data;
using System.Globalization;

namespace CdcSync.Connectors.SqlServer.Source.Catalog;

/// <summary>A column as the catalogue describes it.</summary>
/// <param name="Ordinal">Its number in the table, never given twice; in a query its place.</param>
/// <param name="Name">Its name.</param>
/// <param name="TypeName">The system type below any alias: <c>nvarchar</c>, <c>timestamp</c>, <c>geography</c>.</param>
/// <param name="MaxLength">In bytes; −1 = max.</param>
/// <param name="Precision">Digits of a number.</param>
/// <param name="Scale">Digits after the point, of a number or of a second.</param>
/// <param name="IsNullable">True if it may hold NULL.</param>
/// <param name="Collation">Of a text; else null.</param>
/// <param name="Definition">The expression of a computed column; else null.</param>
/// <param name="Hiding">Why the server would not show its values as they are; else null.</param>
/// <param name="KeyOrdinal">Its place in the primary key, from 1; 0 = not in it.</param>
internal sealed record SqlServerColumn(int Ordinal, string Name, string TypeName, int MaxLength = 0, byte Precision = 0, byte Scale = 0, bool IsNullable = true,
    string? Collation = null, string? Definition = null, Hiding Hiding = Hiding.None, int KeyOrdinal = 0)
{
    /// <summary>Characters of a text, bytes of a binary; −1 = max.</summary>
    public int Length => MaxLength < 0 ? -1 : TypeName is "nchar" or "nvarchar" or "sysname" ? MaxLength / 2 : MaxLength;

    /// <summary>The type as T-SQL writes it. The old name <c>timestamp</c> is written as what it is: <c>rowversion</c>.</summary>
    public string DeclaredType => TypeName switch
    {
        "timestamp" or "rowversion" => "rowversion",
        "decimal" or "numeric" => string.Create(CultureInfo.InvariantCulture, $"{TypeName}({Precision},{Scale})"),
        "time" or "datetime2" or "datetimeoffset" => string.Create(CultureInfo.InvariantCulture, $"{TypeName}({Scale})"),
        "char" or "varchar" or "nchar" or "nvarchar" or "binary" or "varbinary" => MaxLength < 0 ? $"{TypeName}(max)" : string.Create(CultureInfo.InvariantCulture, $"{TypeName}({Length})"),
        _ => TypeName,
    };

    /// <summary>The type of a parameter that is compared with it: the same, so that an index on it serves.</summary>
    /// <returns>Null if values of it can't be compared.</returns>
    public TSqlType? ParameterType => TypeName switch
    {
        "bigint" => TSqlType.BigInt,
        "int" => new(SqlDbType.Int),
        "smallint" => new(SqlDbType.SmallInt),
        "tinyint" => new(SqlDbType.TinyInt),
        "bit" => new(SqlDbType.Bit),
        "decimal" or "numeric" => new(SqlDbType.Decimal, 0, Precision, Scale),
        "money" => new(SqlDbType.Money),
        "smallmoney" => new(SqlDbType.SmallMoney),
        "float" => new(SqlDbType.Float),
        "real" => new(SqlDbType.Real),
        "date" => new(SqlDbType.Date),
        "time" => new(SqlDbType.Time, 0, 0, Scale),
        "datetime" => new(SqlDbType.DateTime),
        "smalldatetime" => new(SqlDbType.SmallDateTime),
        "datetime2" => new(SqlDbType.DateTime2, 0, 0, Scale),
        "datetimeoffset" => new(SqlDbType.DateTimeOffset, 0, 0, Scale),
        "char" => new(SqlDbType.Char, Length),
        "varchar" => new(SqlDbType.VarChar, Length),
        "nchar" => new(SqlDbType.NChar, Length),
        "nvarchar" => new(SqlDbType.NVarChar, Length),
        "binary" => new(SqlDbType.Binary, Length),
        "varbinary" => new(SqlDbType.VarBinary, Length),
        "timestamp" or "rowversion" => TSqlType.RowVersion,
        "uniqueidentifier" => new(SqlDbType.UniqueIdentifier),
        _ => null,
    };
}

/// <summary>Why a column's values would not come as they are.</summary>
internal enum Hiding
{
    /// <summary>They would.</summary>
    None = 0,

    /// <summary>Dynamic data masking, and the login may not see through it.</summary>
    Masked = 1,

    /// <summary>Always Encrypted.</summary>
    Encrypted = 2,
}
