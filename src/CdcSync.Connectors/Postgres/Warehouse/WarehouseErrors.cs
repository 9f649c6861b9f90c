using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Isolation;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>What the driver's and the server's errors mean to a warehouse. No value of a row gets through.</summary>
internal static class WarehouseErrors
{
    /// <summary>Raised by the control schema's functions: the lease is not held.</summary>
    public const string LeaseNotHeld = "CD001";

    /// <summary>Raised by the control schema's functions: a checkpoint has another generation.</summary>
    public const string OtherGeneration = "CD002";

    private const string Again = "It is tried again. Run: cdcsync status";
    private const string Mend = "Mend the rows in the source, or the constraint, index or trigger of the target. Run: cdcsync status";

    /// <summary>The driver's exception as the engine's.</summary>
    /// <param name="e">One for which <see cref="PostgresErrors.IsDriver"/> holds.</param>
    /// <param name="doing">What was being done, and to what: <c>orders: merging into public.orders</c>.</param>
    public static CdcSyncException Translate(Exception e, string doing) => PostgresErrors.Of(e) switch
    {
        _ when e is PostgresException { SqlState: LeaseNotHeld } => new(ErrorCodes.LeaseLost, $"{doing}: another worker holds the lease, or this one's ended.", "It waits for the lease. Run: cdcsync status", e),
        _ when e is PostgresException { SqlState: OtherGeneration } => new(ErrorCodes.Superseded, $"{doing}: another worker moved the checkpoint.", Again, e),
        PostgresFault.Tls => new(ErrorCodes.WarehouseDenied, $"{doing}: TLS could not be set up with the PostgreSQL server: {PostgresErrors.Said(e)}", "Name the server as in its certificate and give its authority as 'Root Certificate' in the connection string. Run: cdcsync doctor", e),
        PostgresFault.NoTls => new(ErrorCodes.WarehouseDenied, $"{doing}: the PostgreSQL server does not offer TLS, which is asked for off loopback.", "Switch TLS on in the server, or say 'SSL Mode' in the connection string. Run: cdcsync doctor", e),
        PostgresFault.Timeout => new(ErrorCodes.WarehouseUnavailable, $"{doing}: the PostgreSQL server did not answer in time.", Again, e),
        PostgresFault.Unreachable => new(ErrorCodes.WarehouseUnavailable, $"{doing}: the PostgreSQL server can't be reached ({PostgresErrors.Said(e)}).", "It is tried again; check host and port. Run: cdcsync doctor", e),
        PostgresFault.Broken => new(ErrorCodes.WarehouseUnavailable, $"{doing}: the connection to the PostgreSQL server broke.", Again, e),
        PostgresFault.Busy => new(ErrorCodes.WarehouseBusy, $"{doing}: {PostgresErrors.Said(e)}", "It is tried again; see who holds locks in pg_stat_activity. Run: cdcsync status", e),
        PostgresFault.ReadOnly => new(ErrorCodes.WarehouseDenied, $"{doing}: the PostgreSQL server is read-only (a standby, or default_transaction_read_only).", "Connect to the primary. Run: cdcsync doctor", e),
        PostgresFault.Denied => new(ErrorCodes.WarehouseDenied, $"{doing}: {PostgresErrors.Said(e)}", "Grant what docs/postgres-warehouse.md lists. Run: cdcsync doctor", e),
        PostgresFault.NoDatabase => new(ErrorCodes.WarehouseDenied, $"{doing}: {PostgresErrors.Said(e)}", "Create the database, or name another in the connection string. Run: cdcsync doctor", e),
        PostgresFault.LoginRefused => new(ErrorCodes.WarehouseDenied, $"{doing}: the PostgreSQL server refused the login: {PostgresErrors.Said(e)}", "Check user, password and pg_hba.conf. Run: cdcsync doctor", e),
        PostgresFault.Full => new(ErrorCodes.WarehouseFull, $"{doing}: the PostgreSQL server's disk is full.", "Make room on it; then it goes on by itself. Run: cdcsync status", e),
        PostgresFault.OutOfMemory => new(ErrorCodes.WarehouseBusy, $"{doing}: the PostgreSQL server is out of memory.", Again, e),
        PostgresFault.Unavailable => new(ErrorCodes.WarehouseUnavailable, $"{doing}: {PostgresErrors.Said(e)}", Again, e),
        // The text of these holds values of rows, and so does the driver's exception.
        PostgresFault.ValueRefused => new(ErrorCodes.WarehouseRefusedRows, $"{doing}: PostgreSQL refused values (SQLSTATE {State(e)}{Place((PostgresException)e)}).", Mend) { Refusal = RefusalOf((PostgresException)e) },
        PostgresFault.TooLarge => new(ErrorCodes.WarehouseRefusedRows, $"{doing}: a row is beyond a limit of PostgreSQL (SQLSTATE {State(e)}).", Mend) { Refusal = RefusalOf((PostgresException)e) },
        PostgresFault.ObjectMissing when PostgresErrors.Said(e).Contains("cdcsync", StringComparison.Ordinal) => new(ErrorCodes.ControlSchemaMissing, $"{doing}: the control schema 'cdcsync' is not in this database.", "Create it. Run: cdcsync migrate", e),
        PostgresFault.ObjectMissing when State(e) == PostgresErrorCodes.UndefinedTable => ChangedMeanwhile(e, doing),
        PostgresFault.ColumnMissing => ChangedMeanwhile(e, doing),
        _ => new(ErrorCodes.WarehouseFailed, $"{doing}: {PostgresErrors.Said(e)} (SQLSTATE {State(e)})", "Report it if the message does not help. Run: cdcsync doctor", e),
    };

    private static CdcSyncException ChangedMeanwhile(Exception e, string doing) =>
        new(ErrorCodes.TargetMismatch, $"{doing}: {PostgresErrors.Said(e)}", "It was changed while the worker ran; start the worker again to create it. Run: cdcsync doctor", e);

    private static Refusal RefusalOf(PostgresException e) => new(e.ColumnName ?? "", $"PostgreSQL refused it: SQLSTATE {e.SqlState}{(e.ConstraintName is { Length: > 0 } constraint ? $", constraint '{constraint}'" : "")}",
        e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.ExclusionViolation or PostgresErrorCodes.RaiseException);

    private static string State(Exception e) => ((PostgresException)e).SqlState;

    private static string Place(PostgresException e) => (e.ConstraintName, e.ColumnName) switch
    {
        ({ Length: > 0 } constraint, _) => $", constraint '{constraint}'",
        (_, { Length: > 0 } column) => $", column '{column}'",
        _ => "",
    };
}
