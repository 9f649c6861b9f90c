namespace CdcSync.Connectors.Postgres.Source.Sql;

/// <summary>The statements of a session; pure.</summary>
internal static class SessionSql
{
    /// <summary>
    /// What is asked before the snapshot: the clock, in UTC; whether the server is a standby; which server and database it is, and on which timeline. A standby's clock is the commit it replayed
    /// last: what the primary committed since is not there yet. And the server is told to look whether this client is still there: a statement of a worker that is gone
    /// must not go on. (Servers on Windows can't look.)
    /// </summary>
    public static string Facts() => """
        SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_xact_replay_timestamp() ELSE pg_catalog.clock_timestamp() END,
               pg_catalog.pg_is_in_recovery(), (SELECT system_identifier FROM pg_catalog.pg_control_system())::text, pg_catalog.current_database()::text,
               CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) END,
               CASE WHEN pg_catalog.version() !~* 'visual c|msvc|mingw' THEN pg_catalog.set_config('client_connection_check_interval', '5s', false) END
        """;

    /// <summary>Begins the transaction of a pass. Its snapshot is taken by the first statement that follows.</summary>
    public static string Begin() => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    /// <summary>What one dataset does wrong must not end the transaction for the others.</summary>
    public static string Save() => "SAVEPOINT dataset";

    /// <summary>Forgets what went wrong since <see cref="Save"/>; the snapshot stays.</summary>
    public static string Restore() => "ROLLBACK TO SAVEPOINT dataset";

    /// <summary>Sets what a COPY compares with: it takes no parameters of its own. Parameters: a name and a text, for each.</summary>
    /// <param name="count">How many.</param>
    public static string Set(int count) =>
        $"SELECT {string.Join(", ", Enumerable.Range(0, count).Select(i => $"pg_catalog.set_config('cdcsync.p{i}', ${i + 1}, true)"))}";

    /// <summary>
    /// A relation this transaction has read that got new storage since its snapshot began: TRUNCATE, and what rewrites a table, do not respect older snapshots, which
    /// see it empty then. No row = none. The catalogue's row is as old as the snapshot; pg_relation_filenode answers as of now.
    /// </summary>
    public static string Rewritten() => """
        SELECT l.relation::regclass::text
        FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
        WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
          AND c.relkind IN ('r', 'm', 't') AND c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)
        LIMIT 1
        """;
}
