namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>The statements that make and widen a target; pure.</summary>
internal static class TargetSql
{
    /// <summary>The collation of text in a key that is created, and of every comparison of contents.</summary>
    public const string Bytewise = "Latin1_General_100_BIN2";

    private const string DeletedAt = $"{SqlServerTable.DeletedAt} datetime2(6) NULL";

    /// <summary>The target's schema.</summary>
    public static TSql CreateSchema(SqlServerTable table) => new($"CREATE SCHEMA {SqlServerDialect.Quote(table.Schema)};", TSqlKinds.Ddl);

    /// <summary>The target. Only the key refuses null.</summary>
    public static TSql CreateTable(SqlServerTable table)
    {
        // Equal to SQL Server are also texts that differ in blanks at their end, and bytes that differ in zeros there: their length is part of the key.
        var lengths = table.Key.Select((c, i) => (Column: c, Name: SqlServerTable.LengthOf(i + 1))).Where(k => k.Column.Type.IsPadded).ToArray();
        string[] lines =
        [
            .. table.Columns.Select(c => $"    {c.Name} {c.Type.Sql}{(c.IsKey && c.Type.IsText ? $" COLLATE {Bytewise}" : "")} {(c.IsKey ? "NOT NULL" : "NULL")}"),
            .. lengths.Select(k => $"    {k.Name} AS DATALENGTH({k.Column.Name}) PERSISTED NOT NULL"),
            .. table.MarksDeletes ? [$"    {DeletedAt}"] : Array.Empty<string>(),
            .. table.Key.Count > 0 ? [$"    PRIMARY KEY CLUSTERED ({string.Join(", ", table.Key.Select(c => c.Name).Concat(lengths.Select(k => k.Name)))})"] : Array.Empty<string>(),
        ];
        return new($"CREATE TABLE {table.Name} (\n{string.Join(",\n", lines)}\n);", TSqlKinds.Ddl);
    }

    /// <summary>A column that is missing.</summary>
    public static TSql AddColumn(SqlServerTable table, TargetColumn column) => new($"ALTER TABLE {table.Name} ADD {column.Name} {column.Type.Sql} NULL;", TSqlKinds.AlterTable);

    /// <summary>The mark of deleted rows.</summary>
    public static TSql AddDeletedAt(SqlServerTable table) => new($"ALTER TABLE {table.Name} ADD {DeletedAt};", TSqlKinds.AlterTable);

    /// <summary>A wider type for a column; what else it is, it stays.</summary>
    public static TSql Widen(SqlServerTable table, TargetColumn column, FoundColumn there) => new(
        $"ALTER TABLE {table.Name} ALTER COLUMN {column.Name} {column.Type.Sql}{(there.Collation is null ? "" : $" COLLATE {there.Collation}")} {(there.IsNotNull ? "NOT NULL" : "NULL")};", TSqlKinds.AlterTable);
}
