using System.Data;
using System.Globalization;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer;

/// <summary>A batch of T-SQL as it goes to the server. Everything that is sent goes through one of these, made by a pure function of a class named …Sql; so that a
/// test can parse and bind every statement there is.</summary>
/// <param name="Text">The statements.</param>
/// <param name="Kinds">The kinds of statements it may hold. A misspelt keyword parses as a procedure call: what was not meant is found by its kind.</param>
/// <param name="Parameters">Its parameters, each used in the text.</param>
internal sealed record TSql(string Text, TSqlKinds Kinds, params IReadOnlyList<TSqlParameter> Parameters);

/// <summary>Kinds of statements.</summary>
[Flags]
internal enum TSqlKinds
{
    /// <summary>SELECT; reads only.</summary>
    Select = 1,

    /// <summary>BEGIN, COMMIT, ROLLBACK.</summary>
    Transaction = 2,

    /// <summary>SET of an option or the isolation level.</summary>
    Set = 4,

    /// <summary>IF, DECLARE and SET of a variable, RETURN.</summary>
    Control = 8,

    /// <summary>ALTER DATABASE.</summary>
    AlterDatabase = 16,

    /// <summary>ALTER TABLE.</summary>
    AlterTable = 32,

    /// <summary>INSERT.</summary>
    Insert = 64,

    /// <summary>UPDATE.</summary>
    Update = 128,

    /// <summary>DELETE, TRUNCATE.</summary>
    Delete = 256,

    /// <summary>CREATE and DROP of tables, indexes and schemas.</summary>
    Ddl = 512,

    /// <summary>A call of a procedure.</summary>
    Execute = 1024,

    /// <summary>THROW, RAISERROR.</summary>
    Throw = 2048,

    /// <summary>MERGE.</summary>
    Merge = 4096,

    /// <summary>GRANT.</summary>
    Grant = 8192,

    /// <summary>CREATE USER.</summary>
    User = 16384,

    /// <summary>EXECUTE AS, REVERT.</summary>
    Impersonate = 32768,
}

/// <summary>A parameter of a <see cref="TSql"/>, typed as the column it is compared with: another type would cost the index.</summary>
/// <param name="Name">With its @.</param>
/// <param name="Type">Its type.</param>
internal sealed record TSqlParameter(string Name, TSqlType Type)
{
    /// <summary>The driver's form, with a value; null = NULL.</summary>
    public SqlParameter With(object? value)
    {
        var parameter = new SqlParameter(Name, Type.DbType) { Value = value ?? DBNull.Value };
        if (Type.Size != 0) parameter.Size = Type.Size;
        if (Type.DbType is SqlDbType.Decimal) (parameter.Precision, parameter.Scale) = (Type.Precision, Type.Scale);
        if (Type.DbType is SqlDbType.DateTime2 or SqlDbType.DateTimeOffset or SqlDbType.Time) parameter.Scale = Type.Scale;
        return parameter;
    }
}

/// <summary>A parameter's type.</summary>
/// <param name="DbType">The driver's name of it.</param>
/// <param name="Size">Characters or bytes; −1 = max; 0 = the type has none.</param>
/// <param name="Precision">Of a decimal.</param>
/// <param name="Scale">Of a decimal, a time, a timestamp.</param>
internal sealed record TSqlType(SqlDbType DbType, int Size = 0, byte Precision = 0, byte Scale = 0)
{
    /// <summary>A whole number of 8 bytes.</summary>
    public static TSqlType BigInt { get; } = new(SqlDbType.BigInt);

    /// <summary>A name of an object.</summary>
    public static TSqlType Name { get; } = new(SqlDbType.NVarChar, SqlServerDialect.NameLimit);

    /// <summary>A text of any length.</summary>
    public static TSqlType Text { get; } = new(SqlDbType.NVarChar, -1);

    /// <summary>A rowversion.</summary>
    public static TSqlType RowVersion { get; } = new(SqlDbType.Binary, 8);

    /// <summary>As T-SQL declares it: <c>nvarchar(128)</c>.</summary>
    public override string ToString() => DbType switch
    {
        SqlDbType.Decimal => string.Create(CultureInfo.InvariantCulture, $"decimal({Precision},{Scale})"),
        SqlDbType.DateTime2 or SqlDbType.DateTimeOffset or SqlDbType.Time => string.Create(CultureInfo.InvariantCulture, $"{DbType.ToString().ToLowerInvariant()}({Scale})"),
        _ when Size < 0 => $"{DbType.ToString().ToLowerInvariant()}(max)",
        _ when Size > 0 => string.Create(CultureInfo.InvariantCulture, $"{DbType.ToString().ToLowerInvariant()}({Size})"),
        _ => DbType.ToString().ToLowerInvariant(),
    };
}
