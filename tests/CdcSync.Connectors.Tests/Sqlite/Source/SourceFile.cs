using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Connectors.Sqlite.Source.Tracking;
using Microsoft.Data.Sqlite;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>A database file of the test's own, written to as an application would: with plain SQL.</summary>
internal sealed class SourceFile : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cdcsync-source-").FullName;

    public SourceFile(string? schema = null, string journal = "WAL")
    {
        Path = System.IO.Path.Combine(_folder, "source.db");
        Application = Connect();
        Run($"PRAGMA journal_mode={journal}; PRAGMA synchronous=OFF");
        if (schema is not null) Run(schema);
    }

    public string Path { get; }

    /// <summary>The application's connection.</summary>
    public SqliteConnection Application { get; }

    public SqliteSourceOptions Options => new() { Path = Path, BusyTimeout = TimeSpan.FromMilliseconds(200) };

    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false, DefaultTimeout = 5 }.ToString());
        connection.Open();
        return connection;
    }

    public int Run(string sql, params object?[] values)
    {
        using var command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    /// <summary>Rows as texts that show type and every byte: <c>i:1</c>, <c>r:1.5</c>, <c>t:abc</c>, <c>b:FF</c>, <c>null</c>.</summary>
    public List<string> Rows(string sql, params object?[] values)
    {
        using var command = Command(sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Show(reader.GetValue(i)))));
        return rows;
    }

    public void Track(params string[] tables) => Track(TimeSpan.FromDays(7), tables);

    public void Track(TimeSpan retention, params string[] tables)
    {
        using var connection = SourceConnection.Open(Options, "shop", SourceAccess.Write);
        SqliteTracking.Enable(connection, tables, retention);
    }

    public void Untrack(params string[] tables)
    {
        using var connection = SourceConnection.Open(Options, "shop", SourceAccess.Write);
        SqliteTracking.Remove(connection, tables);
    }

    public void Dispose()
    {
        Application.Dispose();
        Directory.Delete(_folder, true);
    }

    private SqliteCommand Command(string sql, object?[] values)
    {
        var command = Application.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
            command.Parameters.AddWithValue($"${i + 1}", values[i] ?? DBNull.Value);
        return command;
    }

    private static string Show(object value) => value switch
    {
        DBNull => "null",
        long l => FormattableString.Invariant($"i:{l}"),
        double d => FormattableString.Invariant($"r:{d:R}"),
        string s => $"t:{s}",
        byte[] b => $"b:{Convert.ToHexString(b)}",
        _ => throw new InvalidOperationException(value.GetType().Name),
    };
}
