using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer;

/// <summary>What the driver's and the server's errors are about: one table, by error number.</summary>
/// <remarks>Numbers from Microsoft's "Database Engine events and errors" and "Troubleshoot transient connection errors in Azure SQL".</remarks>
internal static partial class SqlServerErrors
{
    /// <summary>Raised by the driver itself for a timeout.</summary>
    private const int DriverTimeout = -2;

    /// <summary>True for numbers that triggers of users raise: RAISERROR's own, and those that are given to THROW.</summary>
    public static bool IsOfUsers(int number) => number is >= 50_000 and < 100_000 and not Warehouse.WarehouseErrors.LockNotHad;

    /// <summary>True for what the driver throws when the server or the way to it fails; a cancellation is none.</summary>
    /// <remarks>The driver reports a broken or exhausted connection also as InvalidOperationException.</remarks>
    public static bool IsDriver(Exception e) => e is SqlException or SocketException or IOException or AuthenticationException or TimeoutException or InvalidOperationException { Source: "Core Microsoft SqlClient Data Provider" or "Microsoft.Data.SqlClient" };

    /// <summary>True if the error is how the driver reports that the token was cancelled: as an SqlException of number 0.</summary>
    public static bool IsCancellation(Exception e, CancellationToken ct) => ct.IsCancellationRequested && (e is OperationCanceledException || IsDriver(e));

    /// <summary>What the error is about.</summary>
    public static SqlServerFault Of(Exception e)
    {
        // Bulk copy wraps what the server said.
        if (Inner<SqlException>(e) is { } server)
        {
            // The first error that is more than a note decides; what follows it are its consequences ("the statement has been terminated").
            foreach (SqlError error in server.Errors)
                if (OfNumber(error.Number) is var fault and not SqlServerFault.Other) return fault;
            if (Inner<AuthenticationException>(e) is not null || IsHandshake(server)) return SqlServerFault.Tls;
            // Class 20 and above: the connection is gone.
            return server.Class >= 20 || Inner<SocketException>(e) is not null || Inner<IOException>(e) is not null ? SqlServerFault.Unreachable : SqlServerFault.Other;
        }

        if (Inner<AuthenticationException>(e) is not null) return SqlServerFault.Tls;
        return e is TimeoutException ? SqlServerFault.Timeout : SqlServerFault.Unreachable;
    }

    /// <summary>What an error number is about.</summary>
    public static SqlServerFault OfNumber(int number) => number switch
    {
        DriverTimeout or 258 => SqlServerFault.Timeout,
        -1 or 2 or 11 or 40 or 53 or 64 or 121 or 233 or 10053 or 10054 or 10060 or 10061 or 11001 => SqlServerFault.Unreachable,
        // Starting, recovering, shutting down, failing over, being moved (Azure SQL).
        596 or 615 or 921 or 922 or 927 or 942 or 952 or 4221 or 6005 or 17142 or 17197 or 18401 or 40020 or 40143 or 40166 or 40197 or 40540 or 40613 or 42108 or 42109 => SqlServerFault.Unreachable,
        701 or 802 or 8645 or 8651 or 8628 or 10922 or 10928 or 10929 or 10936 or 40501 or 49918 or 49919 or 49920 or 49977 or 49983 => SqlServerFault.Throttled,
        18451 or 18452 or 18456 or 18461 or 18470 or 18486 or 18487 or 18488 or 40615 => SqlServerFault.LoginRefused,
        911 or 916 or 4060 or 4064 => SqlServerFault.NoDatabase,
        229 or 230 or 262 or 297 or 300 or 371 or 1088 or 2760 or 3704 or 15151 or 15247 or 21089 => SqlServerFault.Denied,
        // Locks and latches; conflicts between transactions on memory-optimized tables.
        845 or 1204 or 1205 or 1221 or 1222 or 41301 or 41302 or 41305 or 41325 or 41839 => SqlServerFault.Busy,
        3960 => SqlServerFault.SnapshotConflict,
        3961 => SqlServerFault.SchemaChanged,
        3952 => SqlServerFault.SnapshotOff,
        3958 or 3959 or 3966 or 3967 => SqlServerFault.VersionStoreFull,
        976 or 978 or 979 or 982 or 983 or 22117 => SqlServerFault.NotPrimary,
        3906 or 3908 => SqlServerFault.ReadOnly,
        208 or 4701 => SqlServerFault.ObjectMissing,
        207 or 4924 => SqlServerFault.ColumnMissing,
        22105 => SqlServerFault.TrackingOff,
        1101 or 1105 or 5149 or 9002 or 40544 => SqlServerFault.Full,
        2601 or 2627 => SqlServerFault.DuplicateKey,
        // The texts of these hold values of rows.
        220 or 232 or 241 or 242 or 244 or 245 or 248 or 295 or 296 or 402 or 511 or 515 or 517 or 547 or 1946 or 2628 or 4815 or 4816 or 6355 or 8114 or 8115 or 8134 or 8152 or 8169 or 9803 or 9807 or 9819 or 10794 => SqlServerFault.ValueRefused,
        _ when IsOfUsers(number) => SqlServerFault.ValueRefused,
        _ => SqlServerFault.Other,
    };

    /// <summary>True if the server answered that the statement failed, so that what it was to commit is certainly not committed.</summary>
    public static bool IsDefinite(Exception e) => e is SqlException { Class: < 20, Number: not (DriverTimeout or 258 or 0 or -1) };

    /// <summary>The error as words for a message: the server's own, but not where they may hold values of rows.</summary>
    public static string Said(Exception e) => Inner<SqlException>(e) switch
    {
        { } s when Of(s) is SqlServerFault.ValueRefused or SqlServerFault.DuplicateKey => $"error {s.Number}",
        { Errors.Count: > 0 } s => $"{Sentence(s.Errors[0].Message)} (error {s.Errors[0].Number})",
        _ => Sentence(e.Message),
    };

    /// <summary>The number of what the server said first that is more than a note; 0 = it said nothing.</summary>
    public static int Number(Exception e) => Inner<SqlException>(e)?.Errors.Cast<SqlError>().Select(x => x.Number).FirstOrDefault(n => OfNumber(n) is not SqlServerFault.Other) ?? 0;

    /// <summary>The constraint, index or column (null) that refused a row, where the server's English text begins with it; null = it does not. What follows it holds values.</summary>
    public static string? Named(string message) => Names().Match(message) is { Success: true } match ? match.Groups["name"].Value : null;

    [GeneratedRegex("""
        ^(Violation\ of\ (PRIMARY|UNIQUE)\ KEY\ constraint\ '(?<name>[^']+)'\.
        | Cannot\ insert\ duplicate\ key\ row\ in\ object\ '[^']+'\ with\ unique\ index\ '(?<name>[^']+)'\.
        | The\ [A-Z]+\ statement\ conflicted\ with\ the\ [A-Z\ ]+\ constraint\ "(?<name>[^"]+)"\.
        | Cannot\ insert\ the\ value\ NULL\ into\ column\ '(?<name>[^']+)',)
        """, RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Names();

    private static string Sentence(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ');

    // The driver has no number for a failed handshake; its provider says so in words, SNI in a code of its own.
    private static bool IsHandshake(SqlException e) => e.Number is 20 or 31 or 35 or -2146893019 || e.Message.Contains("SSL", StringComparison.OrdinalIgnoreCase) || e.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase);

    private static T? Inner<T>(Exception? e) where T : Exception
    {
        for (; e is not null; e = e.InnerException)
            if (e is T found) return found;
        return null;
    }
}
