using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Digests;

/// <summary>What a server can do for a comparison.</summary>
/// <param name="ReadsJson">True if it reads lists of values from JSON: compatibility level 130, SQL Server 2016. Else it hashes nothing.</param>
/// <param name="Utf8">A collation in which texts are UTF-8, as SQL Server has since 2019; null = it has none, and texts can't be hashed there.</param>
internal sealed record DigestServer(bool ReadsJson, string? Utf8)
{
    /// <summary>The collation: the bytes alone decide, and nothing is lost.</summary>
    public const string Utf8Collation = "Latin1_General_100_BIN2_UTF8";

    /// <summary>One that can do everything.</summary>
    public static DigestServer Newest { get; } = new(true, Utf8Collation);

    /// <summary>One that can do nothing.</summary>
    public static DigestServer None { get; } = new(false, null);

    /// <summary>Reads the row of <see cref="DigestSql.Server"/>.</summary>
    public static DigestServer Of(SqlDataReader row) => new(true, row.GetInt32(0) == 1 ? Utf8Collation : null);

    /// <summary>True of the error that says that there is no OPENJSON.</summary>
    public static bool IsMissing(SqlException e) => SqlServerErrors.Of(e) == SqlServerFault.ObjectMissing;
}
