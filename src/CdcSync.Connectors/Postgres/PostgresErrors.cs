using System.Net.Sockets;
using System.Security.Authentication;
using CdcSync.Core.Errors;
using Npgsql;

namespace CdcSync.Connectors.Postgres;

/// <summary>What the driver's and the server's errors mean to the engine: one table, by SQLSTATE. No value of a row gets through.</summary>
internal static class PostgresErrors
{
    /// <summary>Raised by the control schema's functions: the lease is not held.</summary>
    public const string LeaseNotHeld = "CD001";

    /// <summary>Raised by the control schema's functions: a checkpoint has another generation.</summary>
    public const string OtherGeneration = "CD002";

    private const string Again = "It is tried again. Run: cdcsync status";

    /// <summary>True for what the driver throws when the server or the way to it fails; a cancellation is none.</summary>
    public static bool IsDriver(Exception e) => e is NpgsqlException or SocketException or IOException or AuthenticationException or TimeoutException;

    /// <summary>True if the server answered that the statement failed, so that its transaction is certainly not committed.</summary>
    /// <remarks>A FATAL ends the session, also in the middle of a commit; 40003 says itself that it does not know.</remarks>
    public static bool IsDefinite(Exception e) =>
        e is PostgresException { InvariantSeverity: "ERROR", SqlState: not ("40003" or "57P01" or "57P02" or "57P03") };

    /// <summary>The driver's exception as the engine's.</summary>
    /// <param name="e">One for which <see cref="IsDriver"/> holds.</param>
    /// <param name="doing">What was being done, and to what: <c>orders: merging into public.orders</c>.</param>
    public static CdcSyncException Translate(Exception e, string doing) => e switch
    {
        PostgresException server => Translate(server, doing),
        _ when Inner<AuthenticationException>(e) is not null => new(ErrorCodes.WarehouseDenied, $"{doing}: TLS could not be set up with the PostgreSQL server: {Inner<AuthenticationException>(e)!.Message}", "Name the server as in its certificate and give its authority as 'Root Certificate' in the connection string. Run: cdcsync doctor", e),
        // The driver has no type for it: the server (or the pg_hba.conf before it) does not speak TLS at all.
        NpgsqlException { InnerException: null } when e.Message.Contains("SSL", StringComparison.Ordinal) => new(ErrorCodes.WarehouseDenied, $"{doing}: the PostgreSQL server does not offer TLS, which is asked for off loopback.", "Switch TLS on in the server, or say 'SSL Mode' in the connection string. Run: cdcsync doctor", e),
        _ when Inner<TimeoutException>(e) is not null => new(ErrorCodes.WarehouseUnavailable, $"{doing}: the PostgreSQL server did not answer in time.", Again, e),
        _ when Inner<SocketException>(e) is { } socket => new(ErrorCodes.WarehouseUnavailable, $"{doing}: the PostgreSQL server can't be reached ({socket.SocketErrorCode}).", "It is tried again; check host and port. Run: cdcsync doctor", e),
        _ when Inner<IOException>(e) is not null => new(ErrorCodes.WarehouseUnavailable, $"{doing}: the connection to the PostgreSQL server broke.", Again, e),
        _ => new(ErrorCodes.WarehouseUnavailable, $"{doing}: {e.Message}", Again, e),
    };

    private static CdcSyncException Translate(PostgresException e, string doing) => (e.SqlState[..2], e.SqlState) switch
    {
        (_, LeaseNotHeld) => new(ErrorCodes.LeaseLost, $"{doing}: another worker holds the lease, or this one's ended.", "It waits for the lease. Run: cdcsync status", e),
        (_, OtherGeneration) => new(ErrorCodes.Superseded, $"{doing}: another worker moved the checkpoint.", Again, e),
        (_, PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled or "25P03" or "25P04") =>
            new(ErrorCodes.WarehouseBusy, $"{doing}: {Said(e)}", "It is tried again; see who holds locks in pg_stat_activity. Run: cdcsync status", e),
        (_, PostgresErrorCodes.ReadOnlySqlTransaction) => new(ErrorCodes.WarehouseDenied, $"{doing}: the PostgreSQL server is read-only (a standby, or default_transaction_read_only).", "Connect to the primary. Run: cdcsync doctor", e),
        (_, PostgresErrorCodes.InsufficientPrivilege) => new(ErrorCodes.WarehouseDenied, $"{doing}: {Said(e)}", "Grant what docs/postgres-warehouse.md lists. Run: cdcsync doctor", e),
        (_, PostgresErrorCodes.InvalidCatalogName) => new(ErrorCodes.WarehouseDenied, $"{doing}: {Said(e)}", "Create the database, or name another in the connection string. Run: cdcsync doctor", e),
        ("28", _) => new(ErrorCodes.WarehouseDenied, $"{doing}: the PostgreSQL server refused the login: {Said(e)}", "Check user, password and pg_hba.conf. Run: cdcsync doctor", e),
        (_, PostgresErrorCodes.DiskFull) => new(ErrorCodes.WarehouseFull, $"{doing}: the PostgreSQL server's disk is full.", "Make room on it; then it goes on by itself. Run: cdcsync status", e),
        (_, PostgresErrorCodes.OutOfMemory) => new(ErrorCodes.WarehouseBusy, $"{doing}: the PostgreSQL server is out of memory.", Again, e),
        ("08" or "53" or "57" or "58", _) => new(ErrorCodes.WarehouseUnavailable, $"{doing}: {Said(e)}", Again, e),
        // The text of these holds values of rows, and so does the driver's exception.
        ("22" or "23", _) => new(ErrorCodes.WarehouseRefusedRows, $"{doing}: PostgreSQL refused values (SQLSTATE {e.SqlState}{Place(e)}).", "See which rows in the quarantine, and mend them or the contract. Run: cdcsync quarantine list"),
        (_, PostgresErrorCodes.ProgramLimitExceeded) => new(ErrorCodes.WarehouseRefusedRows, $"{doing}: a row is beyond a limit of PostgreSQL (SQLSTATE {e.SqlState}).", "See which rows in the quarantine, and mend them or the contract. Run: cdcsync quarantine list"),
        (_, PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.InvalidSchemaName) when e.MessageText.Contains("cdcsync", StringComparison.Ordinal) =>
            new(ErrorCodes.ControlSchemaMissing, $"{doing}: the control schema 'cdcsync' is not in this database.", "Create it. Run: cdcsync migrate", e),
        (_, PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn) => new(ErrorCodes.TargetMismatch, $"{doing}: {Said(e)}", "It was changed while the worker ran; start the worker again to create it. Run: cdcsync doctor", e),
        _ => new(ErrorCodes.WarehouseFailed, $"{doing}: {Said(e)} (SQLSTATE {e.SqlState})", "Report it if the message does not help. Run: cdcsync doctor", e),
    };

    private static string Said(PostgresException e) => e.MessageText.EndsWith('.') ? e.MessageText : e.MessageText + ".";

    private static string Place(PostgresException e) => (e.ConstraintName, e.ColumnName) switch
    {
        ({ Length: > 0 } constraint, _) => $", constraint '{constraint}'",
        (_, { Length: > 0 } column) => $", column '{column}'",
        _ => "",
    };

    private static T? Inner<T>(Exception? e) where T : Exception
    {
        for (; e is not null; e = e.InnerException)
            if (e is T found) return found;
        return null;
    }
}
