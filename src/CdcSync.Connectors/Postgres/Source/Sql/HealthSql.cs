namespace CdcSync.Connectors.Postgres.Source.Sql;

/// <summary>The statements behind diagnostics; pure.</summary>
internal static class HealthSql
{
    /// <summary>What a session sees of its server. Columns: version, database, role, encrypted, local, may see others' transactions, what a slot may keep at the most in MB (−1 = all).</summary>
    public static string Server() => """
        SELECT current_setting('server_version'), current_database()::text, current_user::text,
               coalesce((SELECT s.ssl FROM pg_catalog.pg_stat_ssl AS s WHERE s.pid = pg_catalog.pg_backend_pid()), false),
               inet_client_addr() IS NULL OR inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1',
               pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'),
               (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size')
        """;

    /// <summary>What a slot keeps, in bytes; NULL on a standby. Parameter: the slot.</summary>
    public static string Retained() => """
        SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::bigint END
          FROM pg_catalog.pg_replication_slots WHERE slot_name = $1
        """;

    /// <summary>Whether an index of a table begins with a column. Parameters: the table's number, the column's.</summary>
    public static string IsLeading() => """
        SELECT EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = $1::oid AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = $2::smallint)
        """;
}
