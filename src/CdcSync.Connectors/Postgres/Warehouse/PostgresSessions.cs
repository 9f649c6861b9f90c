using System.Collections.Concurrent;
using CdcSync.Core.Errors;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>
/// The sessions of one pipeline. Each is kept with its temporary tables and prepared statements, as long as nothing went wrong on it;
/// after an error it is closed, and the next one starts from nothing.
/// </summary>
internal sealed class PostgresSessions : IAsyncDisposable
{
    private const int OldestMajor = 15;
    private static readonly TimeSpan IdleLifetime = TimeSpan.FromMinutes(5);
    // Tables and statements of datasets that are gone go with their session.
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    // Where nothing on the path exists yet, its first name is meant: the target brings the schema with it.
    private const string DefaultSchemaSql = """
        SELECT coalesce(current_schema(), nullif((parse_ident(split_part(current_setting('search_path'), ',', 1)))[1], '$user'))
        """;

    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _free;
    private readonly ConcurrentStack<PostgresSession> _idle = new();
    private string? _defaultSchema;
    private volatile bool _disposed;

    public PostgresSessions(PostgresWarehouseOptions options, TimeProvider time)
    {
        var builder = new NpgsqlDataSourceBuilder(SessionSettings.ConnectionString(options));
        if (options.Password is { } password)
            builder.UsePasswordProvider(
                _ => throw new NotSupportedException("Connections are opened asynchronously."),
                (_, ct) => password(ct));
        _source = builder.Build();
        _time = time;
        _free = new SemaphoreSlim(options.MaxSessions);
        Options = options;
    }

    /// <summary>What was asked for.</summary>
    public PostgresWarehouseOptions Options { get; }

    /// <summary>The database's name; the user's where the connection string names none, as the server takes it.</summary>
    public string Database => new NpgsqlConnectionStringBuilder(_source.ConnectionString) is var named && named.Database is { Length: > 0 } database ? database : named.Username ?? "postgres";

    /// <summary>The schema of tables that are named without one; empty = the connection has none. Known from the first session on.</summary>
    public async ValueTask<string> DefaultSchemaAsync(CancellationToken ct)
    {
        if (_defaultSchema is null)
        {
            var session = await RentAsync("connecting", ct);
            await ReturnAsync(session);
        }
        return _defaultSchema ?? "";
    }

    /// <summary>A session for the caller alone, without a transaction; waits for one to come free. Give it back with <see cref="ReturnAsync"/>.</summary>
    /// <exception cref="CdcSyncException">The server can't be reached, refuses, or is unfit.</exception>
    public async ValueTask<PostgresSession> RentAsync(string doing, CancellationToken ct)
    {
        await _free.WaitAsync(ct);
        try
        {
            while (_idle.TryPop(out var kept))
            {
                var now = _time.GetUtcNow();
                if (now - kept.UsedAt < IdleLifetime && now - kept.OpenedAt < Lifetime && kept.IsOpen) return kept;
                await kept.DisposeAsync();
            }
            return await OpenAsync(doing, ct);
        }
        catch
        {
            _free.Release();
            throw;
        }
    }

    /// <summary>Takes a session back. One that is in a transaction, or had an error, must be <see cref="PostgresSession.Spoil">spoiled</see> before.</summary>
    public async ValueTask ReturnAsync(PostgresSession session)
    {
        try
        {
            session.UsedAt = _time.GetUtcNow();
            if (session.IsOpen && !_disposed) _idle.Push(session);
            else await session.DisposeAsync();
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>Runs one piece of work on a session of its own.</summary>
    /// <param name="doing">What it does and to what, for errors.</param>
    /// <param name="work">Leaves no transaction open, unless it throws.</param>
    /// <param name="ct">Cancels waiting and opening; the work looks after itself.</param>
    public async ValueTask<T> RunAsync<T>(string doing, Func<NpgsqlConnection, Task<T>> work, CancellationToken ct)
    {
        var session = await RentAsync(doing, ct);
        try
        {
            return await work(session.Connection);
        }
        catch (Exception e)
        {
            session.Spoil();
            if (PostgresErrors.IsDriver(e)) throw WarehouseErrors.Translate(e, doing);
            throw;
        }
        finally
        {
            await ReturnAsync(session);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        while (_idle.TryPop(out var session)) await session.DisposeAsync();
        await _source.DisposeAsync();
    }

    private async Task<PostgresSession> OpenAsync(string doing, CancellationToken ct)
    {
        var connection = _source.CreateConnection();
        try
        {
            await connection.OpenAsync(ct);
            if (_defaultSchema is null) await LearnAsync(connection, ct);
            return new PostgresSession(connection, _time.GetUtcNow());
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            if (PostgresErrors.IsDriver(e)) throw WarehouseErrors.Translate(e, doing);
            throw;
        }
    }

    private async Task LearnAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (connection.PostgreSqlVersion.Major < OldestMajor)
            throw new CdcSyncException(ErrorCodes.WarehouseFailed, $"the PostgreSQL server is version {connection.PostgreSqlVersion}; {OldestMajor} or newer is needed.", "Use a newer server. Run: cdcsync doctor");
        if (connection.PostgresParameters.TryGetValue("server_encoding", out var encoding) && encoding != "UTF8")
            throw new CdcSyncException(ErrorCodes.TargetMismatch, $"the database's encoding is {encoding}; UTF8 is needed to hold every text.", "Use a database created with ENCODING 'UTF8'. Run: cdcsync doctor");
        await using var command = new NpgsqlCommand(DefaultSchemaSql, connection);
        _defaultSchema = await command.ExecuteScalarAsync(ct) as string ?? "";
    }
}

/// <summary>An open connection and its age.</summary>
internal sealed class PostgresSession(NpgsqlConnection connection, DateTimeOffset openedAt) : IAsyncDisposable
{
    private bool _spoiled;

    public NpgsqlConnection Connection => connection;

    public DateTimeOffset OpenedAt { get; } = openedAt;

    public DateTimeOffset UsedAt { get; set; } = openedAt;

    /// <summary>True if it may be used again.</summary>
    public bool IsOpen => !_spoiled && connection.State == System.Data.ConnectionState.Open;

    /// <summary>Something went wrong on it: it is closed when it is given back, and the server rolls back what it had begun.</summary>
    public void Spoil() => _spoiled = true;

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
