using System.Data;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer;

/// <summary>A connection that sends statements; the one place where a <see cref="TSql"/> becomes a command. One statement at a time, used synchronously: the driver's
/// asynchronous reading costs twice as much. Errors are the driver's, for the caller to translate.</summary>
internal sealed class SqlServerConnection : IAsyncDisposable
{
    private readonly SqlConnection _connection;
    private readonly SqlCommand _command;

    private SqlServerConnection(SqlConnection connection, TimeSpan commandTimeout)
    {
        _connection = connection;
        _command = connection.CreateCommand();
        _command.CommandTimeout = (int)commandTimeout.TotalSeconds;
    }

    /// <summary>Connects.</summary>
    /// <param name="connectionString">As <see cref="SqlServerConnectionString"/> completed it.</param>
    /// <param name="commandTimeout">How long the server may take before the first and between any two packets of an answer.</param>
    /// <param name="ct">Cancels the connecting.</param>
    public static async Task<SqlServerConnection> OpenAsync(string connectionString, TimeSpan commandTimeout, CancellationToken ct)
    {
        var connection = new SqlConnection(connectionString);
        try
        {
            await connection.OpenAsync(ct);
            return new SqlServerConnection(connection, commandTimeout);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a statement and reads what it returns. To be disposed before the next is sent.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="values">One value per parameter, in the same order.</param>
    public SqlDataReader Query(TSql sql, params ReadOnlySpan<object?> values)
    {
        Prepare(sql, values);
        return _command.ExecuteReader(CommandBehavior.SequentialAccess);
    }

    /// <summary>Sends a statement that returns nothing.</summary>
    public void Execute(TSql sql, params ReadOnlySpan<object?> values)
    {
        Prepare(sql, values);
        _command.ExecuteNonQuery();
    }

    /// <summary>Asks the server to stop the statement that runs; called from any thread.</summary>
    public void Cancel()
    {
        try
        {
            _command.Cancel();
        }
        catch (Exception e) when (SqlServerErrors.IsDriver(e))
        {
            // The connection is gone, and the statement with it.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _command.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private void Prepare(TSql sql, ReadOnlySpan<object?> values)
    {
        if (values.Length != sql.Parameters.Count) throw new ArgumentException($"{sql.Parameters.Count} parameters, {values.Length} values", nameof(values));
        _command.CommandText = sql.Text;
        _command.Parameters.Clear();
        for (var i = 0; i < values.Length; i++) _command.Parameters.Add(sql.Parameters[i].With(values[i]));
    }
}
