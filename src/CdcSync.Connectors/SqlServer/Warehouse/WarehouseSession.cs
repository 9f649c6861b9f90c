using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>An open connection for one caller, and the transaction on it. The server rolls back what is not committed when it goes.</summary>
internal sealed class WarehouseSession(SqlConnection connection, int timeoutSeconds, Action release) : IAsyncDisposable
{
    private bool _isOver;

    public SqlConnection Connection => connection;

    /// <summary>Seconds a statement may run.</summary>
    public int TimeoutSeconds => timeoutSeconds;

    /// <summary>The transaction that statements run in; null = each by itself.</summary>
    public SqlTransaction? Transaction { get; private set; }

    /// <summary>Begins a transaction. Locks are held as long as READ COMMITTED holds them, whatever the database's default.</summary>
    public async Task BeginAsync(CancellationToken ct) =>
        Transaction = (SqlTransaction)await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, ct);

    /// <summary>Commits. Takes no token: what fails without an answer may have been committed all the same.</summary>
    public async Task CommitAsync()
    {
        await Transaction!.CommitAsync(CancellationToken.None);
        await Transaction.DisposeAsync();
        Transaction = null;
    }

    /// <summary>Rolls back, if the server has not done so itself.</summary>
    public async Task RollbackAsync()
    {
        if (Transaction is not { } transaction) return;
        Transaction = null;
        await transaction.DisposeAsync();
    }

    /// <summary>Runs a batch; its results are read by the caller.</summary>
    public async Task<SqlDataReader> ReadAsync(Statement statement, CancellationToken ct)
    {
        await using var command = Command(statement);
        return await command.ExecuteReaderAsync(ct);
    }

    /// <summary>Runs a batch for the first value of its first row; null where there is none.</summary>
    public async Task<object?> ScalarAsync(Statement statement, CancellationToken ct)
    {
        // Not ExecuteScalar: an error that comes after the first row would go unseen.
        await using var reader = await ReadAsync(statement, ct);
        object? value = null;
        if (await reader.ReadAsync(ct) && !reader.IsDBNull(0)) value = reader.GetValue(0);
        do
        {
            while (await reader.ReadAsync(ct)) { }
        }
        while (await reader.NextResultAsync(ct));
        return value;
    }

    /// <summary>Runs a batch and reads the rows of all its results.</summary>
    public async Task<List<T>> RowsAsync<T>(Statement statement, Func<SqlDataReader, T> row, CancellationToken ct)
    {
        await using var reader = await ReadAsync(statement, ct);
        List<T> rows = [];
        do
        {
            while (await reader.ReadAsync(ct)) rows.Add(row(reader));
        }
        while (await reader.NextResultAsync(ct));
        return rows;
    }

    /// <summary>Runs a batch.</summary>
    public async Task RunAsync(Statement statement, CancellationToken ct)
    {
        await using var command = Command(statement);
        await command.ExecuteNonQueryAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isOver) return;
        _isOver = true;
        try
        {
            await RollbackAsync();
            await connection.DisposeAsync();
        }
        catch (Exception e) when (SqlServerErrors.IsDriver(e))
        {
            // Nothing to save: without its connection the server rolls back by itself.
        }
        finally
        {
            release();
        }
    }

    private SqlCommand Command(Statement statement)
    {
        var command = new SqlCommand(statement.Sql.Text, connection, Transaction) { CommandTimeout = statement.IsLong ? 0 : timeoutSeconds };
        command.Parameters.AddRange([.. statement.Values]);
        return command;
    }
}
