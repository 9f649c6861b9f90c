using static CdcSync.Connectors.SqlServer.SqlServerDialect;

namespace CdcSync.Connectors.SqlServer.Source.Sql;

/// <summary>The statements that prepare a database for change tracking; pure. Run only when a person asks for it.</summary>
internal static class SetupSql
{
    /// <summary>Whether tracking is on in the database, and how long changes are kept. Columns: on, retention in minutes, SNAPSHOT's state, the database's name.</summary>
    public static TSql State() => new("""
        SELECT CASE WHEN t.database_id IS NULL THEN 0 ELSE 1 END AS [is_on],
          CASE t.retention_period_units WHEN 1 THEN t.retention_period WHEN 2 THEN t.retention_period * 60 WHEN 3 THEN t.retention_period * 1440 END AS [minutes],
          CONVERT(int, d.snapshot_isolation_state) AS [snapshot], d.name
        FROM sys.databases AS d LEFT JOIN sys.change_tracking_databases AS t ON t.database_id = d.database_id
        WHERE d.database_id = DB_ID();
        """, TSqlKinds.Select);

    /// <summary>Lets readers have SNAPSHOT transactions. Waits for no one's transaction to end before it works, but comes into force only then.</summary>
    public static TSql AllowSnapshot(string database) => new($"ALTER DATABASE {Quote(database)} SET ALLOW_SNAPSHOT_ISOLATION ON;", TSqlKinds.AlterDatabase);

    /// <summary>Switches tracking on in the database, or changes how long it keeps changes.</summary>
    public static TSql TrackDatabase(string database, TimeSpan retention, DatabaseTracking state) => new(state == DatabaseTracking.Off
        ? $"ALTER DATABASE {Quote(database)} SET CHANGE_TRACKING = ON (CHANGE_RETENTION = {Retention(retention)}, AUTO_CLEANUP = ON);"
        : $"ALTER DATABASE {Quote(database)} SET CHANGE_TRACKING (CHANGE_RETENTION = {Retention(retention)}, AUTO_CLEANUP = ON);", TSqlKinds.AlterDatabase);

    /// <summary>Switches tracking on for a table. Columns are not recorded: a change is read with all its columns anyway.</summary>
    public static TSql TrackTable(string schema, string table) => new($"ALTER TABLE {Quote(schema, table)} ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);", TSqlKinds.AlterTable);

    /// <summary>Switches tracking off for a table.</summary>
    public static TSql UntrackTable(string schema, string table) => new($"ALTER TABLE {Quote(schema, table)} DISABLE CHANGE_TRACKING;", TSqlKinds.AlterTable);

    /// <summary>Lets a login into the database.</summary>
    public static TSql CreateUser(string login) => new($"CREATE USER {Quote(login)} FOR LOGIN {Quote(login)};", TSqlKinds.User);

    /// <summary>The rights that reading a table's changes needs, and no more.</summary>
    public static TSql Grant(string schema, string table, string user, SourceRights rights) => new(
        $"GRANT SELECT{(rights == SourceRights.Changes ? ", VIEW CHANGE TRACKING" : "")} ON OBJECT::{Quote(schema, table)} TO {Quote(user)};", TSqlKinds.Grant);

    /// <summary>The right to see what change tracking keeps; on Azure SQL Database open transactions too.</summary>
    public static TSql GrantDiagnostics(string user) => new($"GRANT VIEW DATABASE STATE TO {Quote(user)};", TSqlKinds.Grant);

    /// <summary>The right to see open transactions; run in master, and not on Azure SQL Database.</summary>
    public static TSql GrantServerDiagnostics(string login) => new($"GRANT VIEW SERVER STATE TO {Quote(login)};", TSqlKinds.Grant);

    // Whole minutes, hours or days, rounded up: kept rather too long.
    private static string Retention(TimeSpan retention)
    {
        var minutes = (long)Math.Max(1, Math.Ceiling(retention.TotalMinutes));
        return minutes % 1440 == 0 ? $"{minutes / 1440} DAYS" : minutes % 60 == 0 ? $"{minutes / 60} HOURS" : $"{minutes} MINUTES";
    }
}

/// <summary>Whether a database tracks changes.</summary>
internal enum DatabaseTracking
{
    /// <summary>It does not.</summary>
    Off,

    /// <summary>It does.</summary>
    On,
}

/// <summary>What a login is to read.</summary>
internal enum SourceRights
{
    /// <summary>Rows.</summary>
    Rows,

    /// <summary>Rows and changes.</summary>
    Changes,
}
