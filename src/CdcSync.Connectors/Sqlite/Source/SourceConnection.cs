using CdcSync.Core.Errors;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>What a connection may do.</summary>
internal enum SourceAccess
{
    /// <summary>Read.</summary>
    Read,

    /// <summary>Set up and remove tracking.</summary>
    Write,
}

/// <summary>One connection to the source's file. Not pooled: a pooled one would go on reading a file that was replaced. Used by one reader at a time.</summary>
internal sealed class SourceConnection : IDisposable
{
    private CancellationToken _cancellation;

    private SourceConnection(string source, sqlite3 handle)
    {
        Source = source;
        Handle = handle;
        using var encoding = Prepare("PRAGMA encoding", "opening the file");
        IsUtf16 = encoding.Step() && encoding.Text(0) != "UTF-8";
    }

    /// <summary>The source's name in the pipeline.</summary>
    public string Source { get; }

    /// <summary>True where the file keeps its texts in UTF-16.</summary>
    public bool IsUtf16 { get; }

    /// <summary>The native connection.</summary>
    public sqlite3 Handle { get; }

    /// <summary>Opens the file.</summary>
    /// <param name="options">Which file, and how long to wait for a lock.</param>
    /// <param name="source">The source's name, for errors.</param>
    /// <param name="mode">Read-only for everything but setting up and removing tracking.</param>
    /// <exception cref="CdcSyncException">The file is missing, denied, or not a database.</exception>
    public static SourceConnection Open(SqliteSourceOptions options, string source, SourceAccess mode = SourceAccess.Read)
    {
        if (!File.Exists(options.Path))
            throw SqliteFaults.FileMissing(source, options.Path);
        // One thread at a time uses it, so that nothing has to be locked for each value.
        var code = raw.sqlite3_open_v2(options.Path, out var handle, raw.SQLITE_OPEN_NOMUTEX | (mode == SourceAccess.Read ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE), null);
        try
        {
            if (code == raw.SQLITE_CANTOPEN && !MayRead(options.Path))
                throw SqliteFaults.FileDenied(source, options.Path);
            if (code != raw.SQLITE_OK)
                throw SqliteFaults.From(source, "opening the file", code, raw.sqlite3_errstr(code).utf8_to_string());
            raw.sqlite3_extended_result_codes(handle, 1);
            raw.sqlite3_busy_timeout(handle, (int)options.BusyTimeout.TotalMilliseconds);
            return new SourceConnection(source, handle);
        }
        catch
        {
            handle?.Dispose();
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
    public void Dispose() => Handle.Dispose();

    static SourceConnection() => Batteries_V2.Init();

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
