using CdcSync.Connectors.Sqlite.Source.Catalog;
using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Source.Tracking;

/// <summary>
/// Triggers for what SQLite does not tell: REPLACE deletes the rows that stand in a new row's way without firing their delete triggers. Before each insert and
/// update they record the rows that one unique index (or the row id) would have replaced. Those that stay after all (IGNORE, an upsert, an error that is caught)
/// are recorded without need, which the reader sees from the table.
/// </summary>
internal static class Replacing
{
    /// <summary>Before an insert, through a unique index.</summary>
    public static string Insert(string name, SqliteTable table, UniqueIndex index) => $"""
        CREATE TRIGGER {Quote(name)} BEFORE INSERT ON {Quote(table.Name)} BEGIN
          {Record(table)}
            WHERE {Conflict(table, index)} AND {OtherKey("o", table)};
        END
        """;

    /// <summary>Before an update, through a unique index; the row itself is none of those.</summary>
    public static string Update(string name, SqliteTable table, UniqueIndex index) => $"""
        CREATE TRIGGER {Quote(name)} BEFORE UPDATE ON {Quote(table.Name)} BEGIN
          {Record(table)}
            WHERE {Conflict(table, index)} AND {OtherRow(table)};
        END
        """;

    /// <summary>Before an insert that names the hidden row id.</summary>
    public static string InsertRowId(string name, SqliteTable table, string rowId) => $"""
        CREATE TRIGGER {Quote(name)} BEFORE INSERT ON {Quote(table.Name)} BEGIN
          {Record(table)}
            WHERE o.{rowId} = NEW.{rowId} AND {OtherKey("o", table)};
        END
        """;

    /// <summary>Before an update of the hidden row id.</summary>
    public static string UpdateRowId(string name, SqliteTable table, string rowId) => $"""
        CREATE TRIGGER {Quote(name)} BEFORE UPDATE ON {Quote(table.Name)} WHEN NEW.{rowId} IS NOT OLD.{rowId} BEGIN
          {Record(table)}
            WHERE o.{rowId} = NEW.{rowId};
        END
        """;

    /// <summary>True where the key differs from NEW's in any byte or type: a key that is only equal by its collation is another one in a warehouse.</summary>
    /// <param name="row">The row compared with NEW.</param>
    /// <param name="table">The table.</param>
    public static string OtherKey(string row, SqliteTable table) => $"({string.Join(" OR ", table.Key.Select(k =>
        k.Affinity == Affinity.Blob
            ? $"{Quote(row, k.Name)} IS NOT {Quote("NEW", k.Name)} COLLATE BINARY OR typeof({Quote(row, k.Name)}) <> typeof({Quote("NEW", k.Name)})"
            : $"{Quote(row, k.Name)} IS NOT {Quote("NEW", k.Name)} COLLATE BINARY"))})";

    private static string Record(SqliteTable table) => $"""
        INSERT INTO {TrackingNames.QuotedLog(table.Name)} (op, {TrackingNames.KeyColumns(table.Key.Count)})
            SELECT 'D', {string.Join(", ", table.Key.Select(k => Quote("o", k.Name)))} FROM {Quote(table.Name)} AS o
        """;

    private static string OtherRow(SqliteTable table) => table switch
    {
        { HiddenRowId: { } rowId } => $"o.{rowId} <> OLD.{rowId}",
        { KeyIsRowId: true } => $"{Quote("o", table.Key[0].Name)} <> {Quote("OLD", table.Key[0].Name)}",
        _ => $"({string.Join(" OR ", table.Key.Select(k => $"{Quote("o", k.Name)} IS NOT {Quote("OLD", k.Name)} COLLATE BINARY"))})",
    };

    // NULLs never conflict, and never equal.
    private static string Conflict(SqliteTable table, UniqueIndex index)
    {
        var parts = index.Parts.Select(p => p.Column is { } column
            ? Equal(table, column, $"{Quote("o", column.Name)} = {New(column)} COLLATE {Quote(p.Collation)}")
            : $"({p.Expression}) = (SELECT ({p.Expression}) FROM ({NewRow(table)})) COLLATE {Quote(p.Collation)}");
        if (index.Predicate is { } predicate)
            parts = [.. parts, $"({predicate})", $"(SELECT ({predicate}) FROM ({NewRow(table)}))"];
        if (index.Parts.Any(p => p.Column is { IsGenerated: true }))
            parts = [.. parts, Loaded(table)];
        return string.Join(" AND ", parts);
    }

    // A generated column was computed before REPLACE puts in defaults: where one will come, any row may be in the way.
    private static string Equal(SqliteTable table, SqliteColumn column, string equal) =>
        column.IsGenerated && table.Columns.Where(c => c is { NotNull: true, Default: not null }).Select(c => $" OR {Quote("NEW", c.Name)} IS NULL").ToList() is { Count: > 0 } defaults
            ? $"({equal}{string.Concat(defaults)})"
            : equal;

    // Of columns that an UPDATE leaves alone SQLite loads those alone that a trigger names, before it computes the generated columns of NEW: from NULL where it did not.
    private static string Loaded(SqliteTable table) => $"(1 OR coalesce({string.Join(", ", table.Columns.Where(c => !c.IsGenerated).Select(c => Quote("NEW", c.Name)))}, 0))";

    // Index expressions and predicates hold bare column names only (SQLite forbids qualified ones): over this subquery they speak of the new row.
    private static string NewRow(SqliteTable table) => $"SELECT {string.Join(", ", table.Columns.Select(c => $"{New(c)} AS {Quote(c.Name)}"))}";

    // REPLACE puts the default where a NOT NULL column is given NULL, after this trigger has run.
    private static string New(SqliteColumn column) => column is { NotNull: true, Default: { } fallback }
        ? $"coalesce({Quote("NEW", column.Name)}, ({fallback}))"
        : Quote("NEW", column.Name);
}
