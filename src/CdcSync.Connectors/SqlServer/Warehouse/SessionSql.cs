using System.Globalization;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What a session asks and sets when it begins; pure.</summary>
internal static class SessionSql
{
    /// <summary>An error ends the transaction, and a lock is not waited for without end.</summary>
    /// <param name="lockMilliseconds">How long it is.</param>
    public static TSql Settings(int lockMilliseconds) => new(
        string.Create(CultureInfo.InvariantCulture, $"SET NOCOUNT ON; SET XACT_ABORT ON; SET LOCK_TIMEOUT {lockMilliseconds}; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"), TSqlKinds.Set);

    /// <summary>The schema of names without one, and 1 where names do not differ by case.</summary>
    public static TSql Learn() => new(
        "SELECT SCHEMA_NAME() AS default_schema, CASE WHEN N'a' COLLATE DATABASE_DEFAULT = N'A' COLLATE DATABASE_DEFAULT THEN 1 ELSE 0 END AS ignores_case;", TSqlKinds.Select);
}
