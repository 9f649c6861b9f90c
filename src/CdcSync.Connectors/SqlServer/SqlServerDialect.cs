using CdcSync.Core.Errors;

namespace CdcSync.Connectors.SqlServer;

/// <summary>How names and literals are written in T-SQL.</summary>
internal static class SqlServerDialect
{
    /// <summary>The characters (UTF-16 units) SQL Server allows in a name.</summary>
    public const int NameLimit = 128;

    /// <summary>The parameters a statement may have at the most; a few are the driver's own.</summary>
    public const int ParameterLimit = 2_000;

    /// <summary>A name as an identifier: <c>[or]]ders]</c>.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.InvalidName"/> if SQL Server can't have such a name.</exception>
    public static string Quote(string name)
    {
        if (!IsName(name))
            throw new CdcSyncException(ErrorCodes.InvalidName, $"the name '{name.Replace("\0", "\\0", StringComparison.Ordinal)}' has {name.Length} characters; SQL Server takes 1 to {NameLimit}, without NUL.", "Give it a shorter name in the contract. Run: cdcsync validate");
        return $"[{name.Replace("]", "]]", StringComparison.Ordinal)}]";
    }

    /// <summary>A table, view or function with its schema: <c>[sales].[orders]</c>.</summary>
    public static string Quote(string schema, string name) => $"{Quote(schema)}.{Quote(name)}";

    /// <summary>A text as a literal, for statements that take no parameter (DDL): <c>N'it''s'</c>.</summary>
    public static string Literal(string text) => $"N'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>True if SQL Server can have such a name.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= NameLimit && !name.Contains('\0');
}
