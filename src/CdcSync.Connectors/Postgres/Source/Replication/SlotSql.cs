using System.Globalization;
using static CdcSync.Connectors.Postgres.PostgresDialect;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>The statements that read from slots and publications; pure.</summary>
internal static class SlotSql
{
    /// <summary>
    /// The server as it is: the clock first, then where the next record will be written, then how far the log is safe. What was committed before the clock was read is
    /// before the second. A standby has none of them.
    /// </summary>
    public static string Server() => """
        SELECT pg_catalog.clock_timestamp(),
               CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_current_wal_insert_lsn()::text END,
               CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_current_wal_flush_lsn()::text END,
               CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) END,
               (SELECT system_identifier FROM pg_catalog.pg_control_system())::text,
               (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()), pg_catalog.current_database()::text,
               pg_catalog.current_setting('wal_level'), extract(epoch FROM pg_catalog.current_setting('wal_writer_delay')::interval)::float8
        """;

    /// <summary>How far the log is safe now.</summary>
    public static string Flushed() => "SELECT pg_catalog.pg_current_wal_flush_lsn()::text";

    /// <summary>A slot. Parameter: its name.</summary>
    public static string Slot() => """
        SELECT plugin::text, datoid, active_pid, restart_lsn::text, confirmed_flush_lsn::text, wal_status
        FROM pg_catalog.pg_replication_slots WHERE slot_name = $1
        """;

    /// <summary>A publication. Its row is another one after each ALTER. Parameter: its name.</summary>
    public static string Publication() => """
        SELECT oid, xmin::text, puballtables, pubinsert AND pubupdate AND pubdelete AND pubtruncate, pubviaroot
        FROM pg_catalog.pg_publication WHERE pubname = $1
        """;

    /// <summary>The tables that were added to a publication by name. Parameter: the publication's name.</summary>
    public static string Members() => """
        SELECT r.prrelid, r.oid, r.prqual IS NOT NULL, r.prattrs::int2[]
        FROM pg_catalog.pg_publication_rel AS r JOIN pg_catalog.pg_publication AS p ON p.oid = r.prpubid
        WHERE p.pubname = $1
        """;

    /// <summary>The columns of tables as the log tells them, with the types of domains. Parameter: the tables' numbers.</summary>
    public static string Columns() => """
        SELECT attrelid, attname::text, atttypid, atttypmod
        FROM pg_catalog.pg_attribute WHERE attrelid = ANY ($1::oid[]) AND attnum > 0 AND NOT attisdropped
        """;

    /// <summary>What a role needs to read a slot. The attribute is not inherited; managed servers give it by a role of their own.</summary>
    public static string MayReplicate() => """
        SELECT coalesce(bool_or(r.rolreplication OR r.rolsuper OR r.rolname IN ('rds_replication', 'cloudsqlreplica')), false)
        FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user OR pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER') AND r.rolname IN ('rds_replication', 'cloudsqlreplica')
        """;

    /// <summary>
    /// The transactions that may have written their commit but not be visible yet: any that has a number and was not seen idle. A session that waits for its client's next
    /// statement is not committing; where its state is hidden from the role, it may be.
    /// </summary>
    public static string Unsettled() => """
        SELECT l.transactionid::text, l.pid
        FROM pg_catalog.pg_locks AS l
        LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
          AND (a.pid IS NULL OR a.datid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
          AND (a.state IS NULL OR a.state NOT IN ('idle in transaction', 'idle in transaction (aborted)'))
        """;

    /// <summary>Those of these transactions that have not ended. Parameter: their numbers, as texts.</summary>
    public static string Running() => """
        SELECT transactionid::text FROM pg_catalog.pg_locks
        WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted AND transactionid::text = ANY ($1)
        """;

    /// <summary>Makes a copy of a slot that ends with the session, and says where it stands. Parameters: both names.</summary>
    public static string Copy() => "SELECT lsn::text FROM pg_catalog.pg_copy_logical_replication_slot($1, $2, true)";

    /// <summary>Moves a slot forward without reading. Parameters: its name and the place.</summary>
    public static string Advance() => "SELECT end_lsn::text FROM pg_catalog.pg_replication_slot_advance($1, $2::pg_lsn)";

    /// <summary>Has the server end the session after a quarter of an hour without a statement.</summary>
    public static string EndWhenIdle() => "SET idle_session_timeout = '15min'";

    /// <summary>Ends a transaction that only read.</summary>
    public static string End() => "COMMIT";

    /// <summary>Drops a slot. Parameter: its name.</summary>
    public static string Drop() => "SELECT pg_catalog.pg_drop_replication_slot($1)";

    /// <summary>
    /// What a slot has up to a place, whole transactions in the order of their commits; the slot then stands behind them. After so many messages no further transaction is begun.
    /// </summary>
    public static string Changes(string slot, string publication, Lsn upTo, int limit) => $"""
        SELECT data FROM pg_catalog.pg_logical_slot_get_binary_changes({Literal(slot)}, {Literal(upTo.ToString())}, {limit.ToString(CultureInfo.InvariantCulture)},
            'proto_version', '1', 'publication_names', {Literal(Quote(publication))}, 'binary', 'true')
        """;

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
