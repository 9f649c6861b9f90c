using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>What has to be done so that a target takes its dataset: nothing, create it, or add columns. Never drops, never narrows.</summary>
internal static class TargetDdl
{
    /// <summary>The statements, each with a line for the log; empty = the target is as it should be.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.TargetMismatch"/> if the table there can't take the dataset.</exception>
    public static IReadOnlyList<(string Sql, string Did)> For(SqliteTable table, FoundTable? found)
    {
        if (found is null) return [(Create(table), $"created table {table.Dataset.Target}")];
        if (found.Kind != "table") throw Mismatch(table, $"found a {found.Kind}, expected a table");
        CheckKey(table, found);
        CheckForeignColumns(table, found);
        return [.. Missing(table, found)];
    }

    /// <summary>
    /// Creates the table. Only the key refuses null: what the contract requires the row gate enforces before, and a tombstone has nothing but its key.
    /// </summary>
    public static string Create(SqliteTable table)
    {
        List<string> lines = [.. table.Columns.Select(c => $"{c.Name} {c.Declared}{(c.IsKey ? " NOT NULL" : "")}")];
        if (table.MarksDeletes) lines.Add($"{SqliteTable.DeletedAt} TEXT");
        if (table.Key.Count > 0) lines.Add($"PRIMARY KEY ({string.Join(", ", table.Key.Select(c => c.Name))})");
        return $"""
            CREATE TABLE {table.Name} (
                {string.Join(",\n    ", lines)}
            )
            """;
    }

    private static IEnumerable<(string Sql, string Did)> Missing(SqliteTable table, FoundTable found)
    {
        var there = found.Columns.ToDictionary(c => SqliteTable.Folded(c.Name), StringComparer.Ordinal);
        foreach (var column in table.Columns)
        {
            if (there.TryGetValue(SqliteTable.Folded(column.Plain), out var existing)) CheckColumn(table, column, existing);
            else yield return (Add(table, $"{column.Name} {column.Declared}"), $"added column {column.Plain} to {table.Dataset.Target}");
        }
        if (table.MarksDeletes && !there.ContainsKey(SqliteTable.DeletedAt))
            yield return (Add(table, $"{SqliteTable.DeletedAt} TEXT"), $"added column {SqliteTable.DeletedAt} to {table.Dataset.Target}");
    }

    private static string Add(SqliteTable table, string column) => $"ALTER TABLE {table.Name} ADD COLUMN {column}";

    private static void CheckKey(SqliteTable table, FoundTable found)
    {
        var expected = table.Key.Select(c => SqliteTable.Folded(c.Plain)).ToHashSet(StringComparer.Ordinal);
        var actual = found.Columns.Where(c => c.KeyOrdinal > 0).OrderBy(c => c.KeyOrdinal).Select(c => c.Name).ToList();
        if (!expected.SetEquals(actual.Select(SqliteTable.Folded)))
            throw Mismatch(table, $"found {Named(actual)}, expected {Named([.. table.Key.Select(c => c.Plain)])}");

        static string Named(IReadOnlyList<string> key) => key.Count == 0 ? "no primary key" : $"the primary key ({string.Join(", ", key)})";
    }

    private static void CheckColumn(SqliteTable table, SqliteColumn column, FoundColumn found)
    {
        if (found.IsComputed) throw Mismatch(table, $"column '{column.Plain}': found a generated column, expected one that can be written");
        if (!ColumnType.Holds(column.Type, found.Declared))
            throw Mismatch(table, $"column '{column.Plain}': found {(found.Declared.Length == 0 ? "no type" : found.Declared)}, expected {column.Declared} for {column.Type}");
        if (found.IsNotNull && !column.IsKey && (table.MarksDeletes || !column.IsRequired))
            throw Mismatch(table, $"column '{column.Plain}': found NOT NULL, expected that it takes null{(column.IsRequired ? " (a tombstone of a soft delete has only its key)" : "")}");
    }

    private static void CheckForeignColumns(SqliteTable table, FoundTable found)
    {
        var ours = table.Columns.Select(c => SqliteTable.Folded(c.Plain)).ToHashSet(StringComparer.Ordinal);
        foreach (var column in found.Columns)
        {
            if (column.IsNotNull && !column.HasDefault && !column.IsComputed && !ours.Contains(SqliteTable.Folded(column.Name)))
                throw Mismatch(table, $"column '{column.Name}' is not the dataset's: found NOT NULL without a default, expected one or the other");
        }
    }

    private static CdcSyncException Mismatch(SqliteTable table, string what) => new(ErrorCodes.TargetMismatch,
        $"{table.Dataset.Id}: target {table.Dataset.Target}: {what}.", "Change the table, the contract, or name another target. Run: cdcsync validate");
}
