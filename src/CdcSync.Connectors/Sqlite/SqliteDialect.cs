namespace CdcSync.Connectors.Sqlite;

/// <summary>How names and texts are written in SQLite's SQL. Everything else that reaches a statement is a parameter.</summary>
internal static class SqliteDialect
{
    /// <summary>A name as an identifier: <c>"name"</c>, quotes doubled.</summary>
    /// <remarks>SQLite reads a double-quoted name that it does not know as a text. So a column is always written with its table or alias in front
    /// (<c>b."name"</c>): then a missing column is an error, never a constant.</remarks>
    /// <param name="name">A name from the catalogue or the configuration.</param>
    /// <exception cref="ArgumentException">The name holds a NUL, which would end the statement.</exception>
    public static string Quote(string name) => $"\"{WithoutNul(name).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A column of a table alias: <c>b."name"</c>.</summary>
    /// <param name="alias">The alias, a plain word.</param>
    /// <param name="column">The column's name.</param>
    public static string Quote(string alias, string column) => $"{alias}.{Quote(column)}";

    /// <summary>A text as a literal, for DDL, where no parameter is possible: <c>'text'</c>, quotes doubled.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">The text holds a NUL, which would end the statement.</exception>
    public static string Literal(string text) => $"'{WithoutNul(text).Replace("'", "''", StringComparison.Ordinal)}'";

    private static string WithoutNul(string text) =>
        text.Contains('\0') ? throw new ArgumentException("A name or text in SQL can't hold a NUL.", nameof(text)) : text;
}
