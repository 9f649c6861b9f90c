using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.Postgres.Source.Replication;

/// <summary>A PostgreSQL whose log can be decoded; one for all tests of this process.</summary>
internal static class LogicalServer
{
    /// <summary>Commits are safe when they are answered, as nearly everywhere; nothing else is.</summary>
    public static readonly string[] Settings =
        ["wal_level=logical", "max_replication_slots=300", "max_wal_senders=20", "wal_writer_delay=10ms", "bgwriter_delay=10ms", "fsync=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=300", "max_prepared_transactions=10", "TimeZone=America/St_Johns"];

    private static readonly Lazy<Task<PostgresServer>> Server = new(() => PostgresServer.StartAsync(Settings));

    public static Task<PostgresServer> SharedAsync() => Server.Value;

    /// <summary>Drops the slots of a database, whoever reads from them; only then can it be dropped itself.</summary>
    public static async Task DropSlotsAsync(PostgresServer server, string database)
    {
        await server.ExecuteAsync($"""
            DO $$ BEGIN
                PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}';
                WHILE EXISTS (SELECT FROM pg_replication_slots WHERE database = '{database}' AND active) LOOP PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); END LOOP;
                PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '{database}';
            END $$
            """);
    }
}
