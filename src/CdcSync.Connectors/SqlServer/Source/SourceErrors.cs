using CdcSync.Core.Errors;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>What the server's and the driver's errors mean to a source.</summary>
internal static class SourceErrors
{
    private const string Again = "It is tried again. Run: cdcsync status";

    /// <summary>The driver's exception as the engine's; a cancellation as one.</summary>
    /// <param name="e">What the driver threw.</param>
    /// <param name="source">The source's name in the pipeline.</param>
    /// <param name="doing">What was being done, as a noun: <c>reading dataset orders</c>.</param>
    /// <param name="ct">The token that a cancellation would come from.</param>
    public static Exception From(Exception e, string source, string doing, CancellationToken ct)
    {
        if (SqlServerErrors.IsCancellation(e, ct)) return new OperationCanceledException(ct);
        var (code, what, remedy) = Meaning(SqlServerErrors.Of(e));
        return new CdcSyncException(code, $"source {source}: {doing}: {what} ({SqlServerErrors.Said(e)}).", remedy, e);
    }

    /// <summary>True for what <see cref="From"/> translates.</summary>
    public static bool IsDriver(Exception e) => SqlServerErrors.IsDriver(e);

    /// <summary>The code, words and remedy of a fault.</summary>
    internal static (ErrorCode Code, string What, string Remedy) Meaning(SqlServerFault fault) => fault switch
    {
        SqlServerFault.Unreachable => (ErrorCodes.SourceUnavailable, "the SQL Server can't be reached, or the connection broke", "It is tried again; check server, port and firewall. Run: cdcsync status"),
        SqlServerFault.Timeout => (ErrorCodes.SourceUnavailable, "the SQL Server did not answer in time", Again),
        SqlServerFault.Throttled => (ErrorCodes.SourceUnavailable, "the SQL Server has no room for it now", Again),
        SqlServerFault.Busy or SqlServerFault.SnapshotConflict => (ErrorCodes.SourceUnavailable, "another transaction was in the way", Again),
        SqlServerFault.VersionStoreFull or SqlServerFault.Full => (ErrorCodes.SourceUnavailable, "the SQL Server has no room for row versions", "Make room in tempdb (or the database's own version store); it is tried again. Run: cdcsync status"),
        SqlServerFault.SnapshotOff => (ErrorCodes.SourceUnavailable, "SNAPSHOT was switched off in the database meanwhile", Again),
        SqlServerFault.SchemaChanged or SqlServerFault.ObjectMissing or SqlServerFault.ColumnMissing => (ErrorCodes.SourceSchemaChanged, "a table was altered while it was read", "It is read again with its new columns. Run: cdcsync status"),
        SqlServerFault.NotPrimary => (ErrorCodes.SourceNotPrimary, "the server is a replica", "Connect to the primary, or to the listener without ApplicationIntent=ReadOnly; it is tried again. Run: cdcsync status"),
        SqlServerFault.TrackingOff => (ErrorCodes.TrackingOff, "change tracking is off", "Switch it on, then load the dataset again. Run: cdcsync discover --help"),
        SqlServerFault.Tls => (ErrorCodes.SourceDenied, "TLS could not be agreed on", "Name the server as its certificate does, and trust its authority on this machine; TrustServerCertificate=true gives up the check. Run: cdcsync validate"),
        SqlServerFault.LoginRefused => (ErrorCodes.SourceDenied, "the login was refused", "Check user and password, or the Entra identity. Run: cdcsync validate"),
        SqlServerFault.NoDatabase => (ErrorCodes.SourceDenied, "the database is not there, or the login may not use it", "Correct Database in the connection string, or make a user for the login in it. Run: cdcsync validate"),
        SqlServerFault.Denied => (ErrorCodes.SourceDenied, "a permission is missing", "Grant SELECT, and VIEW CHANGE TRACKING for tracked tables (docs/sqlserver.md). Run: cdcsync sync"),
        SqlServerFault.ReadOnly => (ErrorCodes.SourceDenied, "the database is read-only", "Connect to the primary. Run: cdcsync validate"),
        _ => (ErrorCodes.SourceFailed, "a statement failed", "Read the message; mend the object or the query that is named. Run: cdcsync status"),
    };
}
