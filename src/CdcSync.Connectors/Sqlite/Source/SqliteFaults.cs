using CdcSync.Core.Errors;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>What SQLite's result codes mean to the engine. The one place where errors of the source's file are wrapped.</summary>
internal static class SqliteFaults
{
    /// <summary>The error for a result code. Never called for <c>SQLITE_INTERRUPT</c> after a cancellation, which is none.</summary>
    /// <param name="source">The source's name in the pipeline.</param>
    /// <param name="doing">What was being done, as a noun: <c>reading dataset orders</c>.</param>
    /// <param name="code">The (extended) result code.</param>
    /// <param name="detail">SQLite's own message; names objects, never values.</param>
    public static CdcSyncException From(string source, string doing, int code, string detail)
    {
        var (error, remedy) = (code & 0xff) switch
        {
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_PROTOCOL => (ErrorCodes.SourceUnavailable,
                "Another connection holds the database locked; it is tried again. If it lasts, look for a long write transaction, or use PRAGMA journal_mode=WAL. Run: cdcsync doctor"),
            raw.SQLITE_CANTOPEN or raw.SQLITE_IOERR or raw.SQLITE_NOMEM or raw.SQLITE_FULL => (ErrorCodes.SourceUnavailable,
                "Look at the file, its folder and the disk; it is tried again. Run: cdcsync doctor"),
            raw.SQLITE_PERM or raw.SQLITE_AUTH or raw.SQLITE_READONLY => (ErrorCodes.SourceDenied,
                "Give the user that runs cdcsync the right to read the file (and to write, for discover --enable-tracking and forget). Run: cdcsync doctor"),
            raw.SQLITE_SCHEMA => (ErrorCodes.SourceSchemaChanged, "It is tried again. Run: cdcsync doctor"),
            raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT => (ErrorCodes.SourceFailed,
                "The file is not a sound SQLite database: run PRAGMA integrity_check on it, restore it if need be. Run: cdcsync doctor"),
            _ => (ErrorCodes.SourceFailed, "Mend the object or the query that is named. Run: cdcsync doctor"),
        };
        return new CdcSyncException(error, $"source {source}: {doing} failed: {detail} (SQLite error {code}).", remedy);
    }

    /// <summary>The file is not there.</summary>
    public static CdcSyncException FileMissing(string source, string path) => new(ErrorCodes.SourceUnavailable,
        $"source {source}: the file {path} does not exist.", "Correct the path, or bring the file back. Run: cdcsync validate");

    /// <summary>The file is there and may not be read.</summary>
    public static CdcSyncException FileDenied(string source, string path) => new(ErrorCodes.SourceDenied,
        $"source {source}: the file {path} may not be opened.", "Give the user that runs cdcsync the right to read it. Run: cdcsync doctor");
}
