using CdcSync.Connectors.SqlServer.Digests;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>The statements that read a target's rows, where they have to travel to be compared; pure. Rows that are marked as deleted are left out.</summary>
internal static class TargetRowsSql
{
    /// <summary>All rows.</summary>
    public static TSql All(SqlServerTable table) => new($"{Select(table)} FROM {table.Name} AS t{DigestSql.Where(Live(table))};", TSqlKinds.Select);

    /// <summary>The rows from one integer key to another, both included.</summary>
    /// <param name="table">The target.</param>
    /// <param name="key">The key's type.</param>
    public static TSql Between(SqlServerTable table, TSqlType key) => new($"{Select(table)} FROM {table.Name} AS t{DigestSql.Where([$"t.{table.Key[0].Name} BETWEEN @first AND @last", .. Live(table)])};",
        TSqlKinds.Select, new TSqlParameter("@first", key), new TSqlParameter("@last", key));

    /// <summary>The rows with certain keys. Parameters: <see cref="KeysSql.Parameters"/>.</summary>
    /// <param name="table">The target.</param>
    /// <param name="digests">The same, as T-SQL compares it.</param>
    /// <param name="keys">How many keys.</param>
    public static TSql Find(SqlServerTable table, DigestTable digests, int keys) =>
        new($"{Select(table)} FROM {KeysSql.Join(digests.From, digests.Key, keys)}{DigestSql.Where(Live(table))};", TSqlKinds.Select, [.. KeysSql.Parameters(digests.Key, keys)]);

    private static string Select(SqlServerTable table) => $"SELECT {string.Join(", ", table.Columns.Select(c => $"t.{c.Name}"))}";

    private static string[] Live(SqlServerTable table) => table.MarksDeletes ? [$"t.{SqlServerTable.DeletedAt} IS NULL"] : [];
}
