using CdcSync.Core.Errors;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>One connection to the source's file. Not pooled: a pooled one would go on reading a file that was replaced. Used by one reader at a time.</summary>
internal sealed class SourceConnection : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly CancellationTokenRegistration _interrupt;

    private SourceConnection(string source, SqliteConnection connection, CancellationToken ct)
    {
        Source = source;
        _connection = connection;
        Cancellation = ct;
        var handle = connection.Handle!;
        _interrupt = ct.Register(() => raw.sqlite3_interrupt(handle));
    }

    /// <summary>The source's name in the pipeline.</summary>
    public string Source { get; }

    /// <summary>Interrupts the running statement; errors that follow from it are cancellations.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>The native connection.</summary>
    public sqlite3 Handle => _connection.Handle!;

    /// <summary>Opens the file.</summary>
    /// <param name="options">Which file, and how long to wait for a lock.</param>
    /// <param name="source">The source's name, for errors.</param>
    /// <param name="mode">Read-only for everything but setting up and removing tracking.</param>
    /// <param name="ct">Interrupts what runs on the connection, for as long as it is open.</param>
    /// <exception cref="CdcSyncException">The file is missing, denied, or not a database.</exception>
    public static SourceConnection Open(SqliteSourceOptions options, string source, SqliteOpenMode mode, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (!File.Exists(options.Path))
            throw SqliteFaults.FileMissing(source, options.Path);
        var text = new SqliteConnectionStringBuilder { DataSource = options.Path, Mode = mode, Pooling = false, DefaultTimeout = 1 };
        var connection = new SqliteConnection(text.ToString());
        try
        {
            connection.Open();
            raw.sqlite3_extended_result_codes(connection.Handle, 1);
            raw.sqlite3_busy_timeout(connection.Handle, (int)options.BusyTimeout.TotalMilliseconds);
            return new SourceConnection(source, connection, ct);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_CANTOPEN && !MayRead(options.Path))
        {
            connection.Dispose();
            throw SqliteFaults.FileDenied(source, options.Path);
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw SqliteFaults.From(source, "opening the file", e.SqliteExtendedErrorCode, e.Message);
        }
    }

    /// <summary>Compiles a statement.</summary>
    /// <param name="sql">One statement.</param>
    /// <param name="doing">What it does, for errors.</param>
    /// <exception cref="CdcSyncException">SQLite refused it.</exception>
    public Statement Prepare(string sql, string doing)
    {
        var code = raw.sqlite3_prepare_v2(Handle, sql, out var compiled);
        if (code != raw.SQLITE_OK)
        {
            compiled?.Dispose();
            throw Fault(code, doing);
        }
        return new Statement(this, compiled, doing);
    }

    /// <summary>Runs statements that return nothing.</summary>
    /// <param name="sql">One or more statements.</param>
    /// <param name="doing">What they do, for errors.</param>
    /// <exception cref="CdcSyncException">SQLite refused one; those before it were run.</exception>
    public void Execute(string sql, string doing)
    {
        var code = raw.sqlite3_exec(Handle, sql);
        if (code != raw.SQLITE_OK)
            throw Fault(code, doing);
    }

    /// <summary>The exception for a result code: a cancellation if one was asked for, else an error.</summary>
    public Exception Fault(int code, string doing) => (code & 0xff) == raw.SQLITE_INTERRUPT && Cancellation.IsCancellationRequested
        ? new OperationCanceledException(Cancellation)
        : SqliteFaults.From(Source, doing, code, raw.sqlite3_errmsg(Handle).utf8_to_string());

    /// <inheritdoc/>
    public void Dispose()
    {
        // Waits for an interrupt that is under way: it must not reach a closed connection.
        _interrupt.Dispose();
        _connection.Dispose();
    }

    private static bool MayRead(string path)
    {
        try
        {
            File.OpenRead(path).Dispose();
            return true;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return false;
        }
    }
}
