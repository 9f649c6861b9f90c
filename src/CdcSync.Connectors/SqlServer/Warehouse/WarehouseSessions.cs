using CdcSync.Core.Errors;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>The sessions of one pipeline: connections from the driver's pool, which resets each one before it is used again.</summary>
internal sealed class WarehouseSessions(SqlServerWarehouseOptions options) : IDisposable
{
    private readonly SemaphoreSlim _free = new(options.MaxSessions);
    private Database? _database;

    /// <summary>What was asked for.</summary>
    public SqlServerWarehouseOptions Options => options;

    /// <summary>Milliseconds that a lock is waited for.</summary>
    public int LockMilliseconds { get; } = (int)options.LockTimeout.TotalMilliseconds;

    /// <summary>Known from the first session on.</summary>
    public async ValueTask<Database> DatabaseAsync(CancellationToken ct)
    {
        if (_database is null) await using (await RentAsync("connecting", ct)) { }
        return _database!;
    }

    /// <summary>A session for the caller alone, without a transaction; waits for one to come free. Dispose it to give it back.</summary>
    /// <exception cref="CdcSyncException">The server can't be reached, or refuses.</exception>
    public async ValueTask<WarehouseSession> RentAsync(string doing, CancellationToken ct)
    {
        await _free.WaitAsync(ct);
        var session = new WarehouseSession(new SqlConnection(), (int)options.StatementTimeout.TotalSeconds, () => _free.Release());
        try
        {
            session.Connection.ConnectionString = ConnectionString();
            await session.Connection.OpenAsync(ct);
            await session.RunAsync(new Statement(SessionSql.Settings(LockMilliseconds)), ct);
            _database ??= (await session.RowsAsync(new Statement(SessionSql.Learn()), r => new Database(
                r.GetString(0), r.GetInt32(1) == 1 ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal), ct)).Single();
            return session;
        }
        catch (Exception e)
        {
            await session.DisposeAsync();
            Rethrow(e, doing, ct);
            throw;
        }
    }

    /// <summary>Runs one piece of work on a session of its own.</summary>
    /// <param name="doing">What it does and to what, for errors.</param>
    /// <param name="work">A transaction that it leaves open is rolled back.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<T> RunAsync<T>(string doing, Func<WarehouseSession, Task<T>> work, CancellationToken ct)
    {
        await using var session = await RentAsync(doing, ct);
        try
        {
            return await work(session);
        }
        catch (Exception e)
        {
            Rethrow(e, doing, ct);
            throw;
        }
    }

    /// <summary>Throws what a driver's error means to the engine; returns for any other.</summary>
    public static void Rethrow(Exception e, string doing, CancellationToken ct)
    {
        if (SqlServerErrors.IsCancellation(e, ct)) throw new OperationCanceledException(doing, e, ct);
        if (SqlServerErrors.IsDriver(e)) throw WarehouseErrors.Translate(e, doing);
    }

    public void Dispose()
    {
        _free.Dispose();
    }

    private string ConnectionString()
    {
        var complete = SqlServerConnectionString.Complete(options.Connection(), $"cdcsync/{options.Pipeline}", ErrorCodes.WarehouseDenied);
        return new SqlConnectionStringBuilder(complete) { Pooling = true, MaxPoolSize = options.MaxSessions }.ConnectionString;
    }
}

/// <summary>What is known of a database.</summary>
/// <param name="DefaultSchema">The schema of names without one.</param>
/// <param name="Names">How it compares names.</param>
internal sealed record Database(string DefaultSchema, StringComparer Names);
