using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Isolation;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What the driver's and the server's errors mean to a warehouse. No value of a row gets through.</summary>
internal static class WarehouseErrors
{
    /// <summary>Thrown by this connector's own statements where a lock of the application could not be had.</summary>
    public const int LockNotHad = 51_000;

    private const string Again = "It is tried again. Run: cdcsync status";

    /// <summary>The driver's exception as the engine's.</summary>
    /// <param name="e">One for which <see cref="SqlServerErrors.IsDriver"/> holds.</param>
    /// <param name="doing">What was being done, and to what: <c>orders: merging into dbo.orders</c>.</param>
    public static CdcSyncException Translate(Exception e, string doing) => SqlServerErrors.Of(e) switch
    {
        _ when e is SqlException { Number: LockNotHad } => new(ErrorCodes.WarehouseBusy, $"{doing}: {SqlServerErrors.Said(e)}.", Again, e),
        SqlServerFault.Unreachable => new(ErrorCodes.WarehouseUnavailable, $"{doing}: the SQL Server can't be reached, or went away: {SqlServerErrors.Said(e)}.", "It is tried again; check host, port and firewall. Run: cdcsync doctor", e),
        SqlServerFault.Timeout => new(ErrorCodes.WarehouseUnavailable, $"{doing}: the SQL Server did not answer in time.", Again, e),
        SqlServerFault.Tls => new(ErrorCodes.WarehouseDenied, $"{doing}: TLS could not be set up with the SQL Server: {SqlServerErrors.Said(e)}.", "Name the server as in its certificate and trust its authority on this machine (docs/sqlserver-warehouse.md). Run: cdcsync doctor", e),
        SqlServerFault.LoginRefused => new(ErrorCodes.WarehouseDenied, $"{doing}: the SQL Server refused the login: {SqlServerErrors.Said(e)}.", "Check user and password. Run: cdcsync doctor", e),
        SqlServerFault.NoDatabase => new(ErrorCodes.WarehouseDenied, $"{doing}: {SqlServerErrors.Said(e)}.", "Create the database or the login's user in it, or name another in the connection string. Run: cdcsync doctor", e),
        SqlServerFault.Denied => new(ErrorCodes.WarehouseDenied, $"{doing}: {SqlServerErrors.Said(e)}.", "Grant what docs/sqlserver-warehouse.md lists. Run: cdcsync doctor", e),
        SqlServerFault.NotPrimary or SqlServerFault.ReadOnly => new(ErrorCodes.WarehouseDenied, $"{doing}: the database is read-only here (a secondary, or set so): {SqlServerErrors.Said(e)}.", "Connect to the primary. Run: cdcsync doctor", e),
        SqlServerFault.Busy or SqlServerFault.SnapshotConflict or SqlServerFault.SchemaChanged or SqlServerFault.VersionStoreFull or SqlServerFault.Throttled =>
            new(ErrorCodes.WarehouseBusy, $"{doing}: {SqlServerErrors.Said(e)}.", "It is tried again; see who holds locks in sys.dm_tran_locks. Run: cdcsync status", e),
        // Other servers that speak TDS have no number for some errors; their words are PostgreSQL's.
        SqlServerFault.Other when Mentions(e, "lock timeout") || Mentions(e, "deadlock detected") || Mentions(e, "could not serialize") =>
            new(ErrorCodes.WarehouseBusy, $"{doing}: {SqlServerErrors.Said(e)}.", Again, e),
        SqlServerFault.Full => new(ErrorCodes.WarehouseFull, $"{doing}: {SqlServerErrors.Said(e)}.", "Make room on the server (data, log or tempdb); then it goes on by itself. Run: cdcsync status", e),
        // The text of these holds values of rows, and so does the driver's exception.
        SqlServerFault.DuplicateKey or SqlServerFault.ValueRefused => new(ErrorCodes.WarehouseRefusedRows, $"{doing}: SQL Server refused values ({SqlServerErrors.Said(e)}).", "Mend the rows in the source, or the constraint, index or trigger of the target. Run: cdcsync status") { Refusal = RefusalOf(e) },
        SqlServerFault.ObjectMissing or SqlServerFault.Other when Mentions(e, "cdcsync") && (Mentions(e, "Invalid object name") || Mentions(e, "does not exist")) => new(ErrorCodes.ControlSchemaMissing, $"{doing}: the control schema 'cdcsync' is not in this database.", "Create it. Run: cdcsync migrate", e),
        SqlServerFault.ObjectMissing or SqlServerFault.ColumnMissing => new(ErrorCodes.TargetMismatch, $"{doing}: {SqlServerErrors.Said(e)}.", "It was changed while the worker ran; start the worker again to create it. Run: cdcsync doctor", e),
        _ => new(ErrorCodes.WarehouseFailed, $"{doing}: {SqlServerErrors.Said(e)}.", "Report it if the message does not help. Run: cdcsync doctor", e),
    };

    private static Refusal RefusalOf(Exception e)
    {
        var number = SqlServerErrors.Number(e);
        var named = e is SqlException { Errors.Count: > 0 } server ? server.Errors.Cast<SqlError>().Where(x => x.Number == number).Select(x => SqlServerErrors.Named(x.Message)).FirstOrDefault() : null;
        // A foreign key and a check have one number: either may depend on other rows.
        return new("", $"SQL Server refused it: error {number}{(named is null ? "" : $", '{named}'")}", number is 547 or 2601 or 2627 || SqlServerErrors.IsOfUsers(number));
    }

    private static bool Mentions(Exception e, string word) => e.Message.Contains(word, StringComparison.OrdinalIgnoreCase);
}
