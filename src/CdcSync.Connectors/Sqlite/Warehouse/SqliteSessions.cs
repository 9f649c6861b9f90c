using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>The sessions of one warehouse. Staging and reading run side by side; writing goes one transaction at a time, and who waits for it blocks no thread.</summary>
internal sealed class SqliteSessions : IDisposable
{
    private readonly SqliteConnectionStringBuilder _settings;
    private readonly Stack<SqliteSession> _idle = [];
    private readonly SemaphoreSlim _writer = new(1, 1);
    private bool _disposed;

    public SqliteSessions(string connectionString)
    {
        // Statements that meet a lock are retried here, without blocking; the pool is this class.
        _settings = new SqliteConnectionStringBuilder(connectionString) { Pooling = false, DefaultTimeout = 10 };
    }

    /// <summary>How long a transaction waits for another process's. Default 10 s.</summary>
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The warehouse file.</summary>
    public string Path => _settings.DataSource;

    /// <summary>False where there is no such file yet: opening it would make it. A database in memory is always there.</summary>
    public bool IsThere => _settings.Mode == SqliteOpenMode.Memory || Path is "" or ":memory:" || Path.StartsWith("file:", StringComparison.Ordinal) || File.Exists(Path);

    /// <summary>An open session; give it back with <see cref="Return"/>.</summary>
    public SqliteSession Rent()
    {
        lock (_idle)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_idle.TryPop(out var idle)) return idle;
        }
        return Translated("opening", () => SqliteSession.Open(_settings), default);
    }

    /// <summary>Takes a session back that did what it was rented for; one that failed is disposed instead.</summary>
    public void Return(SqliteSession session)
    {
        lock (_idle)
        {
            if (!_disposed)
            {
                _idle.Push(session);
                return;
            }
        }
        session.Dispose();
    }

    /// <summary>Reads, in one read transaction.</summary>
    public T Read<T>(string doing, Func<SqliteSession, T> body, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return WithSession(session => Translated(doing, () =>
        {
            session.Execute("BEGIN");
            var result = body(session);
            session.Execute("COMMIT");
            return result;
        }, ct));
    }

    /// <summary>Writes, in one transaction; <paramref name="body"/> may run for one statement or many, and its exception rolls back.</summary>
    public async ValueTask<T> WriteAsync<T>(string doing, Func<SqliteSession, T> body, CancellationToken ct)
    {
        var session = Rent();
        var done = false;
        try
        {
            using (await BeginAsync(session, doing, ct).ConfigureAwait(false))
            {
                var result = Translated(doing, () => body(session), ct);
                Translated(doing, () =>
                {
                    session.Commit();
                    return true;
                }, default);
                done = true;
                return result;
            }
        }
        finally
        {
            if (done) Return(session);
            else session.Dispose();
        }
    }

    /// <summary>Begins a write transaction on a session. Disposing the answer lets the next writer go and, without a commit before, rolls back.</summary>
    public async ValueTask<IDisposable> BeginAsync(SqliteSession session, string doing, CancellationToken ct)
    {
        await _writer.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var began = Stopwatch.GetTimestamp();
            var pause = TimeSpan.FromMilliseconds(1);
            while (!Translated(doing, session.TryBeginImmediate, ct))
            {
                if (Stopwatch.GetElapsedTime(began) > LockTimeout)
                    throw SqliteErrors.Translate(Path, doing, new SqliteException($"waited {LockTimeout.TotalSeconds} s", raw.SQLITE_BUSY));
                await Task.Delay(pause, ct).ConfigureAwait(false);
                if (pause < TimeSpan.FromMilliseconds(50)) pause *= 2;
            }
            return new Turn(session, _writer);
        }
        catch
        {
            _writer.Release();
            throw;
        }
    }

    /// <summary>Runs statements; SQLite's errors come out as the engine's, and an interruption as the cancellation it was.</summary>
    public T Translated<T>(string doing, Func<T> work, CancellationToken ct)
    {
        try
        {
            return work();
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_INTERRUPT && ct.IsCancellationRequested)
        {
            throw new OperationCanceledException(ct);
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Translate(Path, doing, e);
        }
    }

    public void Dispose()
    {
        lock (_idle)
        {
            _disposed = true;
            while (_idle.TryPop(out var session)) session.Dispose();
        }
        _writer.Dispose();
    }

    private T WithSession<T>(Func<SqliteSession, T> body)
    {
        var session = Rent();
        var done = false;
        try
        {
            var result = body(session);
            done = true;
            return result;
        }
        finally
        {
            if (done) Return(session);
            else session.Dispose();
        }
    }

    private sealed class Turn(SqliteSession session, SemaphoreSlim writer) : IDisposable
    {
        public void Dispose()
        {
            session.Rollback();
            writer.Release();
        }
    }
}
