using CdcSync.Core.Errors;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>One connection to the source's file. Not pooled: a pooled one would go on reading a file that was replaced. Used by one reader at a time.</summary>
internal sealed class SourceConnection : IDisposable
{
    private readonly SqliteConnection _connection;
    private CancellationToken _cancellation;

    private SourceConnection(string source, SqliteConnection connection)
    {
        Source = source;
        _connection = connection;
        using var encoding = Prepare("PRAGMA encoding", "opening the file");
        IsUtf16 = encoding.Step() && encoding.Text(0) != "UTF-8";
    }

    /// <summary>The source's name in the pipeline.</summary>
    public string Source { get; }

    /// <summary>True where the file keeps its texts in UTF-16.</summary>
    public bool IsUtf16 { get; }

    /// <summary>The native connection.</summary>
    public sqlite3 Handle => _connection.Handle!;

    /// <summary>Opens the file.</summary>
    /// <param name="options">Which file, and how long to wait for a lock.</param>
    /// <param name="source">The source's name, for errors.</param>
    /// <param name="mode">Read-only for everything but setting up and removing tracking.</param>
    /// <exception cref="CdcSyncException">The file is missing, denied, or not a database.</exception>
    public static SourceConnection Open(SqliteSourceOptions options, string source, SqliteOpenMode mode = SqliteOpenMode.ReadOnly)
    {
        if (!File.Exists(options.Path))
            throw SqliteFaults.FileMissing(source, options.Path);
        var text = new SqliteConnectionStringBuilder { DataSource = options.Path, Mode = mode, Pooling = false, DefaultTimeout = 1 };
        var connection = new SqliteConnection(text.ToString());
        try
        {
            connection.Open();
            raw.sqlite3_extended_result_codes(connection.Handle, 1);
            raw.sqlite3_busy_timeout(connection.Handle, (int)options.BusyTimeout.TotalMilliseconds);
            return new SourceConnection(source, connection);
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
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Until disposed: a cancellation interrupts the running statement, and errors that follow from it are cancellations.</summary>
    /// <param name="ct">The cancellation.</param>
    /// <returns>To be disposed before the connection is: that waits for an interrupt under way, which must not reach a closed connection.</returns>
    public IDisposable CancelledBy(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        _cancellation = ct;
        var handle = Handle;
        return ct.Register(() => raw.sqlite3_interrupt(handle));
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
    public Exception Fault(int code, string doing) => (code & 0xff) == raw.SQLITE_INTERRUPT && _cancellation.IsCancellationRequested
        ? new OperationCanceledException(_cancellation)
        : SqliteFaults.From(Source, doing, code, raw.sqlite3_errmsg(Handle).utf8_to_string());

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

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
