using CdcSync.Core.Errors;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>What the server's and the driver's errors mean to a source. No value of a row gets through.</summary>
internal static class SourceErrors
{
    private const string Again = "It is tried again. Run: cdcsync status";

    /// <summary>The driver's exception as the engine's; a cancellation as one.</summary>
    /// <param name="e">What the driver threw: one for which <see cref="PostgresErrors.IsDriver"/> holds.</param>
    /// <param name="source">The source's name in the pipeline.</param>
    /// <param name="doing">What was being done, as a noun: <c>reading dataset orders</c>.</param>
    /// <param name="ct">The token that a cancellation would come from.</param>
    public static Exception From(Exception e, string source, string doing, CancellationToken ct)
    {
        if (ct.IsCancellationRequested) return new OperationCanceledException(ct);
        var (code, what, remedy) = Meaning(e);
        var isSilent = PostgresErrors.Of(e) is PostgresFault.ValueRefused or PostgresFault.TooLarge;
        return new CdcSyncException(code, $"source {source}: {doing}: {what}{(isSilent ? "." : $": {PostgresErrors.Said(e).TrimEnd('.')}.")}", remedy, isSilent ? null : e);
    }

    /// <summary>The code, words and remedy of a fault.</summary>
    private static (ErrorCode Code, string What, string Remedy) Meaning(Exception e) => PostgresErrors.Of(e) switch
    {
        _ when IsHidden(e) => (ErrorCodes.SourceRowsHidden, "a row-level security policy hides rows from the role",
            "Let the role see all rows (ALTER ROLE … BYPASSRLS), or read a view of an owner who does. Run: cdcsync sync"),
        PostgresFault.Unreachable => (ErrorCodes.SourceUnavailable, "the PostgreSQL server can't be reached", "It is tried again; check host, port and firewall. Run: cdcsync status"),
        PostgresFault.Broken => (ErrorCodes.SourceUnavailable, "the connection to the PostgreSQL server broke", Again),
        PostgresFault.Timeout => (ErrorCodes.SourceUnavailable, "the PostgreSQL server did not answer in time", Again),
        PostgresFault.Unavailable or PostgresFault.OutOfMemory or PostgresFault.Full => (ErrorCodes.SourceUnavailable, "the PostgreSQL server has no room for it now, or is going down", Again),
        PostgresFault.Busy => (ErrorCodes.SourceUnavailable, "a lock or a timeout was in the way", "It is tried again; see pg_stat_activity for who holds the lock. Run: cdcsync status"),
        PostgresFault.Tls => (ErrorCodes.SourceDenied, "TLS could not be set up", "Name the server as in its certificate and give its authority as 'Root Certificate' in the connection string. Run: cdcsync validate"),
        PostgresFault.NoTls => (ErrorCodes.SourceDenied, "the server does not offer TLS, which is asked for off loopback", "Switch TLS on in the server, or say 'SSL Mode' in the connection string. Run: cdcsync validate"),
        PostgresFault.LoginRefused => (ErrorCodes.SourceDenied, "the login was refused", "Check user, password and pg_hba.conf. Run: cdcsync validate"),
        PostgresFault.NoDatabase => (ErrorCodes.SourceDenied, "the database is not there", "Correct Database in the connection string. Run: cdcsync validate"),
        PostgresFault.Denied => (ErrorCodes.SourceDenied, "a permission is missing", "Grant USAGE on the schema and SELECT on the table (docs/postgresql.md). Run: cdcsync sync"),
        PostgresFault.ObjectMissing or PostgresFault.ColumnMissing => (ErrorCodes.SourceSchemaChanged, "a table was altered while it was read", "It is read again with its new columns. Run: cdcsync status"),
        PostgresFault.ValueRefused or PostgresFault.TooLarge => (ErrorCodes.SourceFailed, $"a view or query failed on a row's values (SQLSTATE {State(e)})", "Mend its expressions, such as a cast or a division. Run: cdcsync status"),
        _ => (ErrorCodes.SourceFailed, $"a statement failed (SQLSTATE {State(e)})", "Read the message; mend the view or the query that is named. Run: cdcsync status"),
    };

    // With row_security = off the server refuses what it would else filter in silence. It has no SQLSTATE of its own, and servers may speak other languages.
    private static bool IsHidden(Exception e) =>
        e is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } server && (server.Routine == "check_enable_rls" || server.MessageText.Contains("row-level security", StringComparison.Ordinal));

    private static string State(Exception e) => e is PostgresException server ? server.SqlState : "none";
}
