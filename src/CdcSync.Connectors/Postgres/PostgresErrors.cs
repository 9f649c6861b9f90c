using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace CdcSync.Connectors.Postgres;

/// <summary>What the driver's and the server's errors are about: one table, by SQLSTATE.</summary>
internal static class PostgresErrors
{
    /// <summary>True for what the driver throws when the server or the way to it fails; a cancellation is none.</summary>
    public static bool IsDriver(Exception e) => e is NpgsqlException or SocketException or IOException or AuthenticationException or TimeoutException;

    /// <summary>True if the server answered that the statement failed, so that its transaction is certainly not committed.</summary>
    /// <remarks>A FATAL ends the session, also in the middle of a commit; 40003 says itself that it does not know.</remarks>
    public static bool IsDefinite(Exception e) =>
        e is PostgresException { InvariantSeverity: "ERROR", SqlState: not ("40003" or "57P01" or "57P02" or "57P03") };

    /// <summary>What the error is about.</summary>
    /// <param name="e">One for which <see cref="IsDriver"/> holds.</param>
    public static PostgresFault Of(Exception e) => e switch
    {
        PostgresException server => OfState(server.SqlState),
        _ when Inner<AuthenticationException>(e) is not null => PostgresFault.Tls,
        // The driver has no type for it: the server (or the pg_hba.conf before it) does not speak TLS at all.
        NpgsqlException { InnerException: null } when e.Message.Contains("SSL", StringComparison.Ordinal) => PostgresFault.NoTls,
        _ when Inner<TimeoutException>(e) is not null => PostgresFault.Timeout,
        _ when Inner<SocketException>(e) is not null => PostgresFault.Unreachable,
        _ when Inner<IOException>(e) is not null => PostgresFault.Broken,
        _ => PostgresFault.Unavailable,
    };

    /// <summary>What a SQLSTATE is about.</summary>
    public static PostgresFault OfState(string state) => (state[..2], state) switch
    {
        (_, PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled or "25P03" or "25P04") => PostgresFault.Busy,
        (_, PostgresErrorCodes.ReadOnlySqlTransaction) => PostgresFault.ReadOnly,
        (_, PostgresErrorCodes.InsufficientPrivilege) => PostgresFault.Denied,
        (_, PostgresErrorCodes.InvalidCatalogName) => PostgresFault.NoDatabase,
        ("28", _) => PostgresFault.LoginRefused,
        (_, PostgresErrorCodes.DiskFull) => PostgresFault.Full,
        (_, PostgresErrorCodes.OutOfMemory) => PostgresFault.OutOfMemory,
        ("08" or "53" or "57" or "58", _) => PostgresFault.Unavailable,
        ("22" or "23", _) => PostgresFault.ValueRefused,
        // What a trigger raises, in its own words.
        (_, PostgresErrorCodes.RaiseException) => PostgresFault.ValueRefused,
        (_, PostgresErrorCodes.ProgramLimitExceeded) => PostgresFault.TooLarge,
        (_, PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.InvalidSchemaName) => PostgresFault.ObjectMissing,
        (_, PostgresErrorCodes.UndefinedColumn) => PostgresFault.ColumnMissing,
        _ => PostgresFault.Other,
    };

    /// <summary>The error as a sentence for a message. Not for <see cref="PostgresFault.ValueRefused"/> and <see cref="PostgresFault.TooLarge"/>, whose text holds values.</summary>
    public static string Said(Exception e) => e switch
    {
        PostgresException server => server.MessageText.EndsWith('.') ? server.MessageText : server.MessageText + ".",
        _ when Inner<AuthenticationException>(e) is { } tls => tls.Message,
        _ when Inner<SocketException>(e) is { } socket => $"{socket.SocketErrorCode}",
        _ => e.Message,
    };

    private static T? Inner<T>(Exception? e) where T : Exception
    {
        for (; e is not null; e = e.InnerException)
            if (e is T found) return found;
        return null;
    }
}
