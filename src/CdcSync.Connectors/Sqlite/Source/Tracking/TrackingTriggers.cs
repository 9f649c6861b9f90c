using CdcSync.Connectors.Sqlite.Source.Catalog;
using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Source.Tracking;

/// <summary>
/// The triggers that record the changes of a table, as text; exactly the text the catalogue keeps, so that an edited or missing one is noticed.
/// Rows are recorded by key only: a reader takes the values from the table. So a row recorded without need does no harm, and none may be missed.
/// </summary>
internal static class TrackingTriggers
{
    /// <summary>All triggers a table needs, by name.</summary>
    /// <param name="table">A table with a key.</param>
    public static IReadOnlyDictionary<string, string> For(SqliteTable table)
    {
        var triggers = new Dictionary<string, string>(SqliteNames.Comparer);
        Add(triggers, "insert_" + table.Name, name => Insert(name, table));
        Add(triggers, "update_" + table.Name, name => Update(name, table));
        Add(triggers, "delete_" + table.Name, name => Delete(name, table));
        Add(triggers, "cleanup_" + table.Name, name => Cleanup(name, table));
        foreach (var index in table.UniqueIndexes.Where(i => MayReplaceOtherKeys(i)))
        {
            Add(triggers, "replacing_insert_" + index.Name, name => Replacing.Insert(name, table, index));
            Add(triggers, "replacing_update_" + index.Name, name => Replacing.Update(name, table, index));
        }
        if (table.HiddenRowId is { } rowId)
        {
            Add(triggers, "replacing_rowid_insert_" + table.Name, name => Replacing.InsertRowId(name, table, rowId));
            Add(triggers, "replacing_rowid_update_" + table.Name, name => Replacing.UpdateRowId(name, table, rowId));
        }
        return triggers;
    }

    private static void Add(Dictionary<string, string> triggers, string name, Func<string, string> text) =>
        triggers.Add(TrackingNames.Prefix + name, text(TrackingNames.Prefix + name));

    // A row replaced through the primary key has the new row's key, so the insert records it, unless equal keys can differ in their bytes.
    private static bool MayReplaceOtherKeys(UniqueIndex index) => !index.IsPrimaryKey
        || index.Parts.Any(p => p.Collation != "BINARY" || p.Column is not { Affinity: not Affinity.Blob });

    private static string Insert(string name, SqliteTable table) => $"""
        CREATE TRIGGER {Quote(name)} AFTER INSERT ON {Quote(table.Name)} BEGIN
          INSERT INTO {TrackingNames.QuotedLog(table.Name)} (op, {TrackingNames.KeyColumns(table.Key.Count)}) VALUES ('I', {Row("NEW", table)});
        END
        """;

    private static string Update(string name, SqliteTable table) => $"""
        CREATE TRIGGER {Quote(name)} AFTER UPDATE ON {Quote(table.Name)} BEGIN
          INSERT INTO {TrackingNames.QuotedLog(table.Name)} (op, {TrackingNames.KeyColumns(table.Key.Count)}) SELECT 'D', {Row("OLD", table)} WHERE {Replacing.OtherKey("OLD", table)};
          INSERT INTO {TrackingNames.QuotedLog(table.Name)} (op, {TrackingNames.KeyColumns(table.Key.Count)}) VALUES ('U', {Row("NEW", table)});
        END
        """;

    private static string Delete(string name, SqliteTable table) => $"""
        CREATE TRIGGER {Quote(name)} AFTER DELETE ON {Quote(table.Name)} BEGIN
          INSERT INTO {TrackingNames.QuotedLog(table.Name)} (op, {TrackingNames.KeyColumns(table.Key.Count)}) VALUES ('D', {Row("OLD", table)});
        END
        """;

    // Every 256 changes at most 1,024 old ones go, so that no write of the application waits long. The row at the minimum valid version stays: it proves, by
    // its token, that a checkpoint there belongs to this history. The newest row is never older than itself, so the log is never empty again.
    private static string Cleanup(string name, SqliteTable table) => $"""
        CREATE TRIGGER {Quote(name)} AFTER INSERT ON {TrackingNames.QuotedLog(table.Name)} WHEN NEW.version % 256 = 0 BEGIN
          UPDATE {Quote(TrackingNames.Meta)} SET min_valid_version = max(min_valid_version, coalesce((
            SELECT max(l.version) FROM {TrackingNames.QuotedLog(table.Name)} AS l WHERE l.version <= min_valid_version + 1024 AND l.at < NEW.at - retention_ms), 0))
            WHERE table_name = {Literal(table.Name)};
          DELETE FROM {TrackingNames.QuotedLog(table.Name)} WHERE version < (SELECT m.min_valid_version FROM {Quote(TrackingNames.Meta)} AS m WHERE m.table_name = {Literal(table.Name)});
        END
        """;

    private static string Row(string row, SqliteTable table) => string.Join(", ", table.Key.Select(k => Quote(row, k.Name)));
}
