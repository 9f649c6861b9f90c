using System.Globalization;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What a session asks and sets when it begins; pure.</summary>
internal static class SessionSql
{
    /// <summary>An error ends the transaction, and a lock is not waited for without end.</summary>
    /// <param name="lockMilliseconds">How long it is.</param>
    public static TSql Settings(int lockMilliseconds) => new(
        string.Create(CultureInfo.InvariantCulture, $"SET NOCOUNT ON; SET XACT_ABORT ON; SET LOCK_TIMEOUT {lockMilliseconds}; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"), TSqlKinds.Set);

    /// <summary>What diagnostics ask. Columns: product version, compatibility level, READ_COMMITTED_SNAPSHOT, the database's name, may create tables.</summary>
    public static TSql Health() => new("""
        SELECT CONVERT(nvarchar(128), SERVERPROPERTY(N'ProductVersion')) AS [version], CONVERT(int, d.compatibility_level) AS [compatibility],
          CONVERT(int, d.is_read_committed_snapshot_on) AS [versioned], d.name, HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'CREATE TABLE') AS [may_create]
        FROM sys.databases AS d WHERE d.database_id = DB_ID();
        """, TSqlKinds.Select);

    /// <summary>The schema of names without one, and 1 where names do not differ by case.</summary>
    public static TSql Learn() => new(
        "SELECT SCHEMA_NAME() AS default_schema, CASE WHEN N'a' COLLATE DATABASE_DEFAULT = N'A' COLLATE DATABASE_DEFAULT THEN 1 ELSE 0 END AS ignores_case;", TSqlKinds.Select);
}
