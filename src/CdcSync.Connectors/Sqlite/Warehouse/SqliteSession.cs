using CdcSync.Core.Errors;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>One connection to the warehouse file. Used by one task at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    /// <summary>
    /// WAL, so that readers see the last commit and never wait; FULL, so that a commit survives a power cut. Stages are temporary tables: beyond their
    /// cache they go to a temporary file, so that memory stays bounded whatever the batch.
    /// </summary>
    private const string Settings = """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA journal_size_limit = 67108864;
        PRAGMA cache_size = -16384;
        PRAGMA temp_store = FILE;
        PRAGMA temp.cache_size = -16384;
        """;

    // For the rare moments when a reader meets a lock (recovery after a crash, the last connection closing). Writers don't wait in here.
    private const int BusyMilliseconds = 250;
    private const int OpeningMilliseconds = 5_000;

    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);

    private SqliteSession(SqliteConnection connection) => Connection = connection;

    /// <summary>The connection, for the migrations.</summary>
    public SqliteConnection Connection { get; }

    public sqlite3 Handle => Connection.Handle!;

    /// <summary>True between BEGIN and COMMIT or ROLLBACK, also where SQLite itself rolled back.</summary>
    public bool IsInTransaction => raw.sqlite3_get_autocommit(Handle) == 0;

    /// <exception cref="SqliteException">The file can't be opened.</exception>
    public static SqliteSession Open(SqliteConnectionStringBuilder settings)
    {
        var connection = new SqliteConnection(settings.ConnectionString);
        try
        {
            connection.Open();
            // Who opens a new file beside others waits for the one that makes it a WAL.
            raw.sqlite3_busy_timeout(connection.Handle!, OpeningMilliseconds);
            var session = new SqliteSession(connection);
            // A file opened read-only keeps the journal it has.
            if (settings.Mode != SqliteOpenMode.ReadOnly) session.Execute(Settings);
            raw.sqlite3_busy_timeout(connection.Handle!, BusyMilliseconds);
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A statement that is prepared once per session; for the fixed statements of the control tables.</summary>
    public Statement Fixed(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement)) _statements[sql] = statement = new Statement(Handle, sql);
        return statement;
    }

    /// <summary>Prepares a statement; the caller disposes it.</summary>
    public Statement Prepare(string sql) => new(Handle, sql);

    /// <summary>Prepares and runs one statement.</summary>
    /// <returns>Rows it changed.</returns>
    public long Run(string sql, params ReadOnlySpan<object?> values)
    {
        using var statement = Prepare(sql);
        return statement.With(values).Run();
    }

    /// <summary>Runs statements without values.</summary>
    public void Execute(string sql) => SqliteException.ThrowExceptionForRC(raw.sqlite3_exec(Handle, sql), Handle);

    /// <summary>Begins a transaction if nobody else holds the write lock.</summary>
    /// <returns>False if somebody does.</returns>
    public bool TryBeginImmediate()
    {
        raw.sqlite3_busy_timeout(Handle, 0);
        var result = raw.sqlite3_exec(Handle, "BEGIN IMMEDIATE");
        raw.sqlite3_busy_timeout(Handle, BusyMilliseconds);
        if ((result & 0xFF) == raw.SQLITE_BUSY) return false;
        SqliteException.ThrowExceptionForRC(result, Handle);
        return true;
    }

    /// <summary>Commits.</summary>
    /// <exception cref="SqliteException">It failed, and the transaction was rolled back.</exception>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.CommitUnknown"/>: it failed after SQLite had begun to write, so that a restart may find it committed.</exception>
    public void Commit()
    {
        try
        {
            Execute("COMMIT");
        }
        catch (SqliteException e) when (!IsInTransaction)
        {
            throw new CdcSyncException(ErrorCodes.CommitUnknown,
                $"SQLite warehouse {Connection.DataSource}: the commit failed while it was written (code {e.SqliteExtendedErrorCode}).", "The ledger decides; it is asked at the next attempt. Run: cdcsync status",
                SqliteErrors.Translate(Connection.DataSource, "committing", e));
        }
        catch (SqliteException)
        {
            Rollback();
            throw;
        }
    }

    /// <summary>Checks what a commit would: foreign keys that are checked only then.</summary>
    /// <exception cref="SqliteException">It would fail.</exception>
    public void CheckDeferred()
    {
        raw.sqlite3_db_status(Handle, raw.SQLITE_DBSTATUS_DEFERRED_FKS, out var unresolved, out _, 0);
        if (unresolved > 0) throw new SqliteException("FOREIGN KEY constraint failed", raw.SQLITE_CONSTRAINT, raw.SQLITE_CONSTRAINT_FOREIGNKEY);
    }

    /// <summary>Rolls back if there is anything to roll back.</summary>
    public void Rollback()
    {
        if (IsInTransaction) raw.sqlite3_exec(Handle, "ROLLBACK");
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        Connection.Dispose();
    }
}
