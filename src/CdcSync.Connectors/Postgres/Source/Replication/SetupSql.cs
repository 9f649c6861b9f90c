using CdcSync.Connectors.Postgres.Source.Catalog;
using static CdcSync.Connectors.Postgres.PostgresDialect;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>The statements that make and remove what change tracking needs; pure.</summary>
internal static class SetupSql
{
    /// <summary>Makes a publication of tables: all kinds of changes, those of partitions as their table's. Never FOR ALL TABLES.</summary>
    public static string CreatePublication(string publication, IReadOnlyList<PostgresObject> tables) => $"""
        CREATE PUBLICATION {Quote(publication)}{(tables.Count == 0 ? "" : $" FOR TABLE {Names(tables)}")}
            WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true);
        """;

    /// <summary>Has a publication tell all kinds of changes, and those of partitions as their table's.</summary>
    public static string MakeWhole(string publication) => $"ALTER PUBLICATION {Quote(publication)} SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = true);";

    /// <summary>Adds tables to a publication.</summary>
    public static string AddTables(string publication, IReadOnlyList<PostgresObject> tables) => $"ALTER PUBLICATION {Quote(publication)} ADD TABLE {Names(tables)};";

    /// <summary>Makes a slot. Not in a transaction that has written.</summary>
    public static string CreateSlot(string slot) => $"SELECT pg_catalog.pg_create_logical_replication_slot({Literal(slot)}, 'pgoutput');";

    /// <summary>Drops a slot.</summary>
    public static string DropSlot(string slot) => $"SELECT pg_catalog.pg_drop_replication_slot({Literal(slot)});";

    /// <summary>Drops a publication.</summary>
    public static string DropPublication(string publication) => $"DROP PUBLICATION {Quote(publication)};";

    /// <summary>Lets the following statements of the session write.</summary>
    public static string AllowWrites() => "SET default_transaction_read_only = off";

    private static string Names(IEnumerable<PostgresObject> tables) => string.Join(", ", tables.Select(t => $"{Quote(t.Schema)}.{Quote(t.Name)}"));

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
