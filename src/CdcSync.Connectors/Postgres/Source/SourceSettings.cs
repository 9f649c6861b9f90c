using CdcSync.Core.Errors;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>How a source's sessions are set up.</summary>
internal static class SourceSettings
{
    /// <summary>The connection string that sessions really use.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.SourceDenied"/> if the user's can't be read.</exception>
    public static string ConnectionString(PostgresSourceOptions options) => PostgresConnectionString.Complete(options.ConnectionString(),
        new PostgresSessionNeeds(options.Application, options.StatementTimeout + TimeSpan.FromSeconds(15), Of(options)), ErrorCodes.SourceDenied);

    /// <summary>The database's name; the role's where the connection string names none, as the server takes it.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.SourceDenied"/> if the connection string can't be read.</exception>
    public static string Database(PostgresSourceOptions options)
    {
        var named = new NpgsqlConnectionStringBuilder(ConnectionString(options));
        return named.Database is { Length: > 0 } database ? database : named.Username ?? "postgres";
    }

    /// <summary>What each session sets: nothing can be written; texts have one form, whatever the role's own settings; rows that a policy hides are an error, not a gap.</summary>
    public static IReadOnlyList<(string Name, string Value)> Of(PostgresSourceOptions options) =>
    [
        ("default_transaction_read_only", "on"),
        ("row_security", "off"),
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO"),
        ("IntervalStyle", "postgres"),
        ("bytea_output", "hex"),
        ("extra_float_digits", "1"),
        ("client_min_messages", "warning"),
        ("lock_timeout", PostgresConnectionString.Milliseconds(options.LockTimeout)),
        ("statement_timeout", PostgresConnectionString.Milliseconds(options.StatementTimeout)),
        ("idle_in_transaction_session_timeout", PostgresConnectionString.Milliseconds(options.StatementTimeout)),
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "6"),
        ("jit", "off"),
    ];
}
