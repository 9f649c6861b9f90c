using System.Data.Common;
using System.Net;
using CdcSync.Core.Errors;
using Npgsql;

namespace CdcSync.Connectors.Postgres;

/// <summary>The connection string that sessions really use: the user's, with what the engine needs and safe defaults.</summary>
internal static class PostgresConnectionString
{
    /// <summary>Completes the user's connection string.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WarehouseDenied"/> if it can't be read; the message does not repeat it.</exception>
    public static string Complete(PostgresWarehouseOptions options)
    {
        NpgsqlConnectionStringBuilder builder;
        HashSet<string> given;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(options.ConnectionString);
            var raw = new DbConnectionStringBuilder { ConnectionString = options.ConnectionString };
            given = raw.Keys.Cast<string>().Select(key => key.Replace(" ", "", StringComparison.Ordinal)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The driver's message may repeat a part of it, and with it a password: it is not passed on.
            throw Unreadable();
        }
        if (string.IsNullOrEmpty(builder.Host) || (options.Password is not null && builder.Password is not null))
            throw Unreadable();

        if (!given.Contains("SslMode") && !IsLocal(builder.Host))
            builder.SslMode = SslMode.VerifyFull;
        if (!given.Contains("Timeout"))
            builder.Timeout = 15;
        builder.ApplicationName = $"cdcsync/{options.Pipeline}";
        // Sessions are kept by the engine, with their temporary tables and prepared statements.
        builder.Pooling = false;
        builder.Enlist = false;
        builder.IncludeErrorDetail = false;
        builder.CommandTimeout = (int)options.StatementTimeout.TotalSeconds + 15;
        builder.KeepAlive = 0;
        builder.TcpKeepAlive = true;
        builder.TcpKeepAliveTime = 30;
        builder.TcpKeepAliveInterval = 5;
        builder.Options = string.Join(' ', [.. builder.Options is { Length: > 0 } own ? [own] : Array.Empty<string>(), .. SessionSettings(options).Select(s => $"-c {s.Name}={s.Value}")]);
        return builder.ConnectionString;
    }

    /// <summary>What each session sets. Plans are made once per statement and must stay good while a target grows from nothing: only by its indexes.</summary>
    public static IReadOnlyList<(string Name, string Value)> SessionSettings(PostgresWarehouseOptions options) =>
    [
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO"),
        ("client_min_messages", "warning"),
        ("default_transaction_isolation", "read\\ committed"),
        ("lock_timeout", Milliseconds(options.LockTimeout)),
        ("statement_timeout", Milliseconds(options.StatementTimeout)),
        ("idle_in_transaction_session_timeout", Milliseconds(options.StatementTimeout)),
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "6"),
        ("jit", "off"),
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_seqscan", "off"),
        ("work_mem", "64MB"),
        ("temp_buffers", "32MB"),
    ];

    private static CdcSyncException Unreadable() => new(ErrorCodes.WarehouseDenied,
        "the PostgreSQL connection string can't be used: expected Npgsql's form, Host=…;Port=…;Database=…;Username=…, with one password at most.",
        "Correct it in the pipeline file. Run: cdcsync validate");

    /// <summary>True if every host is this machine, or a Unix socket.</summary>
    private static bool IsLocal(string? hosts) => (hosts ?? "").Split(',').All(entry =>
    {
        var host = entry.Trim();
        if (host.StartsWith('/') || host.StartsWith('@')) return true;
        if (IPEndPoint.TryParse(host, out var endpoint)) return IPAddress.IsLoopback(endpoint.Address);
        return host.Split(':')[0].Equals("localhost", StringComparison.OrdinalIgnoreCase);
    });

    private static string Milliseconds(TimeSpan time) => $"{(long)time.TotalMilliseconds}";
}
