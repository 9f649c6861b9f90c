namespace CdcSync.Connectors.SqlServer.Source.Sql;

/// <summary>The statements that open and close a reading of a database; pure.</summary>
internal static class SessionSql
{
    /// <summary>
    /// What is asked before the read transaction begins. Columns: clock, state of SNAPSHOT (1 = on), updateability, the broker's id, name, minutes for which changes are kept; then,
    /// as a second result, the recovery fork.
    /// </summary>
    /// <remarks>sys.database_recovery_status is not in every edition; a name that is not there is only looked for where the branch is taken.</remarks>
    public static TSql Facts() => new("""
        SELECT SYSUTCDATETIME() AS [clock], CONVERT(int, d.snapshot_isolation_state) AS [snapshot],
          CONVERT(nvarchar(60), DATABASEPROPERTYEX(DB_NAME(), N'Updateability')) AS [updateability], CONVERT(nvarchar(36), d.service_broker_guid) AS [broker], d.name,
          CASE t.retention_period_units WHEN 1 THEN t.retention_period WHEN 2 THEN t.retention_period * 60 WHEN 3 THEN t.retention_period * 1440 END AS [minutes]
        FROM sys.databases AS d LEFT JOIN sys.change_tracking_databases AS t ON t.database_id = d.database_id WHERE d.database_id = DB_ID();
        IF OBJECT_ID(N'sys.database_recovery_status') IS NOT NULL
          SELECT CONVERT(nvarchar(36), r.recovery_fork_guid) AS [fork] FROM sys.database_recovery_status AS r WHERE r.database_id = DB_ID();
        """, TSqlKinds.Select | TSqlKinds.Control);

    /// <summary>The lowest rowversion that an open transaction may still write. It ignores isolation: asked inside the read transaction, a commit in between would be below
    /// it and yet invisible.</summary>
    public static TSql Ceiling() => new("SELECT MIN_ACTIVE_ROWVERSION() AS [ceiling];", TSqlKinds.Select);

    /// <summary>Begins the read transaction. It can't be switched to SNAPSHOT midway (3951).</summary>
    public static TSql Begin() => new("SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;", TSqlKinds.Set | TSqlKinds.Transaction);

    /// <summary>For a database that does not allow SNAPSHOT: each statement for itself.</summary>
    public static TSql BeginCommitted() => new("SET TRANSACTION ISOLATION LEVEL READ COMMITTED;", TSqlKinds.Set);

    /// <summary>Ends the read transaction; nothing was written.</summary>
    public static TSql Commit() => new("IF @@TRANCOUNT > 0 COMMIT TRANSACTION; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;", TSqlKinds.Set | TSqlKinds.Transaction | TSqlKinds.Control);
}
