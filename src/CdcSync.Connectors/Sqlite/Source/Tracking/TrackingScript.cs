using System.Globalization;
using CdcSync.Connectors.Sqlite.Source.Catalog;
using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Source.Tracking;

/// <summary>The statements that turn change tracking on and off for a table; pure. What is printed is what is applied.</summary>
internal static class TrackingScript
{
    /// <summary>Milliseconds since 1970-01-01 UTC by SQLite's clock; the same for all rows of one statement.</summary>
    public const string Now = "CAST((julianday('now') - 2440587.5) * 86400000.0 + 0.5 AS INTEGER)";

    /// <summary>The table with one row per tracked table, where it is missing.</summary>
    public const string CreateMeta = $"""
        CREATE TABLE IF NOT EXISTS "{TrackingNames.Meta}" (
          table_name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
          identity TEXT NOT NULL,
          enabled_at INTEGER NOT NULL DEFAULT ({Now}),
          retention_ms INTEGER NOT NULL,
          min_valid_version INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID;
        """;

    /// <summary>Everything a table needs, but the meta table.</summary>
    /// <param name="table">A table with a key, not tracked.</param>
    /// <param name="retention">How long changes are kept at least.</param>
    public static string Enable(SqliteTable table, TimeSpan retention) => $"""
        CREATE TABLE {TrackingNames.QuotedLog(table.Name)} (
          version INTEGER PRIMARY KEY AUTOINCREMENT,
          op TEXT NOT NULL,
          {TrackingNames.KeyColumns(table.Key.Count)},
          at INTEGER NOT NULL DEFAULT ({Now}),
          token INTEGER NOT NULL DEFAULT (random())
        );
        {string.Join('\n', TrackingTriggers.For(table).Values.Select(trigger => trigger + ";"))}
        INSERT INTO {Quote(TrackingNames.Meta)} (table_name, identity, retention_ms)
          VALUES ({Literal(table.Name)}, lower(hex(randomblob(16))), {Milliseconds(retention)});
        """;

    /// <summary>Changes how long changes are kept.</summary>
    public static string Retain(string table, TimeSpan retention) =>
        $"UPDATE {Quote(TrackingNames.Meta)} SET retention_ms = {Milliseconds(retention)} WHERE table_name = {Literal(table)};";

    /// <summary>Removes what tracks a table, in whatever state it is; the table itself may be gone.</summary>
    /// <param name="table">The table.</param>
    /// <param name="triggers">The triggers of change tracking that are on it.</param>
    /// <param name="hasMeta">Whether the meta table is there.</param>
    public static string Remove(string table, IEnumerable<string> triggers, bool hasMeta)
    {
        IEnumerable<string> statements = [.. triggers.Select(t => $"DROP TRIGGER {Quote(t)};"), $"DROP TABLE IF EXISTS {TrackingNames.QuotedLog(table)};"];
        if (hasMeta)
            statements = [.. statements, $"DELETE FROM {Quote(TrackingNames.Meta)} WHERE table_name = {Literal(table)};"];
        return string.Join('\n', statements);
    }

    private static string Milliseconds(TimeSpan retention) => ((long)retention.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
