using Npgsql;

namespace CdcSync.TestServers;

/// <summary>A database of a <see cref="PostgresServer"/>; dropped when disposed, whoever is still connected.</summary>
public sealed class PostgresDatabase(PostgresServer server, string name) : IAsyncDisposable
{
    /// <summary>Its server.</summary>
    public PostgresServer Server => server;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>The superuser's connection to it, with password. Not pooled.</summary>
    public string ConnectionString { get; } = new NpgsqlConnectionStringBuilder(server.AdminConnectionString) { Database = name }.ConnectionString;

    /// <summary>Opens a connection of the superuser.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    // Looking on from outside is quick, so that a test that reads in a loop reads often.
    private readonly NpgsqlDataSource _pool = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.AdminConnectionString) { Database = name, Pooling = true });

    /// <summary>Closes the connections that are kept: those to a server that crashed since are of no use.</summary>
    public void ForgetConnections() => _pool.Clear();

    /// <summary>Runs statements as superuser.</summary>
    /// <returns>The number of rows the last one changed, as the driver counts.</returns>
    public async Task<int> ExecuteAsync(string sql)
    {
        await using var connection = await _pool.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>All rows of a query, values as the driver gives them, null as null.</summary>
    public async Task<List<object?[]>> QueryAsync(string sql)
    {
        await using var connection = await _pool.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        List<object?[]> rows = [];
        while (await reader.ReadAsync())
        {
            var row = new object?[reader.FieldCount];
            for (var i = 0; i < row.Length; i++) row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            rows.Add(row);
        }
        return rows;
    }

    /// <summary>The first value of a query's first row; null where it is null or there is no row.</summary>
    public async Task<T?> ScalarAsync<T>(string sql)
    {
        await using var connection = await _pool.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        await server.ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    }
}
