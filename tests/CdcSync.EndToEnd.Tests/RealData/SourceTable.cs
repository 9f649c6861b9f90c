using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.RealData;

/// <summary>A table of a SQLite source, as the tests themselves see it: read from the catalogue, not through the engine.</summary>
internal sealed record SourceTable(string Name, IReadOnlyList<SourceColumn> Columns)
{
    public IReadOnlyList<SourceColumn> Key { get; } = [.. Columns.Where(c => c.KeyPlace > 0).OrderBy(c => c.KeyPlace)];

    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"")}\"";

    /// <summary>All tables but the engine's own and SQLite's.</summary>
    public static IReadOnlyList<SourceTable> ReadAll(SqliteConnection connection)
    {
        var names = Rows(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")
            .Select(r => (string)r[0]!)
            .Where(n => !n.StartsWith("_cdc", StringComparison.OrdinalIgnoreCase) && !n.StartsWith("cdcsync", StringComparison.OrdinalIgnoreCase));
        return [.. names.Select(n => new SourceTable(n, [.. Rows(connection, $"PRAGMA table_info({Quote(n)})")
            .Select(r => new SourceColumn((string)r[1]!, ((string)r[2]!).ToUpperInvariant(), (long)r[3]! == 1, (int)(long)r[5]!))]))];
    }

    /// <summary>All rows of a query, null as null.</summary>
    public static List<object?[]> Rows(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        List<object?[]> rows = [];
        while (reader.Read())
        {
            var row = new object?[reader.FieldCount];
            for (var i = 0; i < row.Length; i++)
                row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            rows.Add(row);
        }

        return rows;
    }
}

/// <summary>A column of a source table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Declared">Its declared type in upper case.</param>
/// <param name="NotNull">True if it is declared so.</param>
/// <param name="KeyPlace">Its place in the primary key from 1; 0 = not in it.</param>
internal sealed record SourceColumn(string Name, string Declared, bool NotNull, int KeyPlace);
