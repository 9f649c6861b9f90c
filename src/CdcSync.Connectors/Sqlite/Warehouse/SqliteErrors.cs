using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Isolation;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>What SQLite's error numbers mean for a warehouse. The one place where its exceptions become the engine's.</summary>
internal static class SqliteErrors
{
    // EROFS, which .NET hands on as the number the system gave.
    private const int ReadOnlyFileSystem = 30;

    /// <summary>Names an error.</summary>
    /// <param name="path">The warehouse file.</param>
    /// <param name="doing">What was being done.</param>
    /// <param name="e">What SQLite said.</param>
    public static CdcSyncException Translate(string path, string doing, SqliteException e)
    {
        var where = $"SQLite warehouse {path}, {doing}";
        bool Says(string words) => e.Message.Contains(words, StringComparison.Ordinal);
        return e.SqliteErrorCode switch
        {
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new(ErrorCodes.WarehouseBusy,
                $"{where}: another process holds the write lock.", "It is tried again. If it stays, find who writes to the file (fuser). Run: cdcsync status", e),
            raw.SQLITE_FULL => Full(where, e),
            // On a disk without a free page not even the -shm file beside the database can be made.
            raw.SQLITE_IOERR when e.SqliteExtendedErrorCode == raw.SQLITE_IOERR_SHMSIZE => Full(where, e),
            raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH => Denied(where, e),
            // A database in WAL mode can't even be opened where the files beside it can't be made.
            raw.SQLITE_CANTOPEN when IsReadOnly(path) => Denied(where, e),
            raw.SQLITE_CANTOPEN => new(ErrorCodes.WarehouseUnavailable, $"{where}: {WhyNotOpened(path)}.", "Create the folder or mend the path in the pipeline file. Run: cdcsync validate", e),
            raw.SQLITE_IOERR => new(ErrorCodes.WarehouseUnavailable,
                $"{where}: reading or writing the file failed (code {e.SqliteExtendedErrorCode}).", "Look at the disk and its file system; it is tried again. Run: cdcsync status", e),
            raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT => new(ErrorCodes.WarehouseFailed,
                $"{where}: the file is not a SQLite database, or is damaged.", "Name another file, or restore it (sqlite3 FILE 'PRAGMA integrity_check'). Run: cdcsync validate", e),
            raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_TOOBIG => new(ErrorCodes.WarehouseRefusedRows,
                $"{where}: the target refused rows: {Constraint(e)}.", "Drop or mend the constraint, index or trigger that was added to the target. Run: cdcsync status", e)
            { Refusal = RefusalOf(e) },
            raw.SQLITE_ERROR when Says("no such table: main.cdcsync_") => new(ErrorCodes.ControlSchemaMissing,
                $"{where}: the control schema is missing.", "Create it. Run: cdcsync migrate", e),
            raw.SQLITE_ERROR when Says("no such table: main.") || Says("no such column: ") || Says("has no column named ") => new(ErrorCodes.TargetMismatch,
                $"{where}: the target was changed meanwhile: {e.Message}.", "It is looked at again at the next start; what is missing is made again. Run: cdcsync sync", e),
            _ => new(ErrorCodes.WarehouseFailed, $"{where}: {e.Message}", "Report it as a bug if nothing else touched the warehouse. Run: cdcsync status", e),
        };
    }

    private static CdcSyncException Full(string where, SqliteException e) =>
        new(ErrorCodes.WarehouseFull, $"{where}: the disk is full.", "Make room; nothing was lost and it is tried again. Run: cdcsync status", e);

    private static CdcSyncException Denied(string where, SqliteException e) =>
        new(ErrorCodes.WarehouseDenied, $"{where}: the file or its folder can't be written.", "Give the user that runs cdcsync the right to write both. Run: cdcsync status", e);

    private static Refusal RefusalOf(SqliteException e) => new("", $"SQLite refused it: {Bare(Constraint(e))}",
        e.SqliteExtendedErrorCode is raw.SQLITE_CONSTRAINT_UNIQUE or raw.SQLITE_CONSTRAINT_PRIMARYKEY or raw.SQLITE_CONSTRAINT_ROWID or raw.SQLITE_CONSTRAINT_FOREIGNKEY or raw.SQLITE_CONSTRAINT_TRIGGER);

    // The driver frames what SQLite says: SQLite Error 19: '…'.
    private static string Bare(string message) =>
        message.StartsWith("SQLite Error ", StringComparison.Ordinal) && message.Split(": '", 2) is [_, var said] ? said.TrimEnd('.', '\'') : message;

    // The message of a trigger's RAISE may be made from a row's values; all others name tables, columns and constraints only.
    private static string Constraint(SqliteException e) => e.SqliteExtendedErrorCode == raw.SQLITE_CONSTRAINT_TRIGGER ? "a trigger of the target raised an error" : e.Message;

    private static bool IsReadOnly(string path)
    {
        // The database itself is not opened for this: closing it would drop the locks this process has on it.
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!File.Exists(path)) return false;
        try
        {
            using var probe = new FileStream(Path.Combine(folder, $".cdcsync-{Guid.CreateVersion7():n}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return false;
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException && e.HResult == ReadOnlyFileSystem))
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string WhyNotOpened(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null && !Directory.Exists(folder)) return $"the folder {folder} does not exist";
        if (Directory.Exists(path)) return "the path is a folder, not a file";
        return File.Exists(path) ? "the file can't be opened" : "the file does not exist and can't be created";
    }
}
