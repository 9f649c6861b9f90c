namespace CdcSync.Connectors.SqlServer.Source.Sql;

/// <summary>The statements behind diagnostics; pure. Those that need VIEW DATABASE STATE say so.</summary>
internal static class HealthSql
{
    /// <summary>What any login can ask of its database. Columns: product version, engine edition, compatibility level, SNAPSHOT's state, collation, may view database state, may view open transactions.</summary>
    public static TSql Server() => new("""
        SELECT CONVERT(nvarchar(128), SERVERPROPERTY(N'ProductVersion')) AS [version], CONVERT(int, SERVERPROPERTY(N'EngineEdition')) AS [edition], CONVERT(int, d.compatibility_level) AS [compatibility],
          CONVERT(int, d.snapshot_isolation_state) AS [snapshot], d.collation_name, HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'VIEW DATABASE STATE') AS [may_diagnose],
          CASE WHEN CONVERT(int, SERVERPROPERTY(N'EngineEdition')) = 5 THEN HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'VIEW DATABASE STATE')
            ELSE HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER STATE') END AS [may_see_transactions]
        FROM sys.databases AS d WHERE d.database_id = DB_ID();
        """, TSqlKinds.Select);

    /// <summary>The age in seconds of the oldest open transaction that has written: it holds the ceiling of rowversions. Needs VIEW SERVER STATE.</summary>
    public static TSql OldestWriter() => new("""
        SELECT TOP (1) s.session_id, DATEDIFF(second, d.database_transaction_begin_time, SYSDATETIME()) AS [age]
        FROM sys.dm_tran_database_transactions AS d JOIN sys.dm_tran_session_transactions AS s ON s.transaction_id = d.transaction_id
        WHERE d.database_id = DB_ID() AND d.database_transaction_begin_time IS NOT NULL
        ORDER BY d.database_transaction_begin_time;
        """, TSqlKinds.Select);

    /// <summary>The age in seconds of the oldest SNAPSHOT transaction: it holds the version store. Needs VIEW SERVER STATE.</summary>
    public static TSql OldestSnapshot() => new("""
        SELECT TOP (1) s.session_id, s.elapsed_time_seconds AS [age] FROM sys.dm_tran_active_snapshot_database_transactions AS s
        WHERE s.is_snapshot = 1 ORDER BY s.elapsed_time_seconds DESC;
        """, TSqlKinds.Select);

    /// <summary>The backlog of the clean-up: how many commits are kept, and the oldest's age in seconds. Needs VIEW DATABASE STATE.</summary>
    public static TSql CommitTable() => new("""
        SELECT COUNT_BIG(*) AS [commits], DATEDIFF(second, MIN(t.commit_time), GETDATE()) AS [age] FROM sys.dm_tran_commit_table AS t;
        """, TSqlKinds.Select);
}
