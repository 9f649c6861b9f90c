using System.Data.Common;
using System.Net;
using CdcSync.Core.Errors;
using Npgsql;

namespace CdcSync.Connectors.Postgres;

/// <summary>The connection string that sessions really use: the user's, with what the engine needs and safe defaults.</summary>
internal static class PostgresConnectionString
{
    /// <summary>Completes the user's connection string.</summary>
    /// <param name="text">The user's.</param>
    /// <param name="session">What this engine's sessions need.</param>
    /// <param name="refused">The code of what can't be used: a source's or a warehouse's.</param>
    /// <exception cref="CdcSyncException">It can't be read; the message does not repeat it.</exception>
    public static string Complete(string text, PostgresSessionNeeds session, ErrorCode refused)
    {
        NpgsqlConnectionStringBuilder builder;
        HashSet<string> given;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(text);
            var raw = new DbConnectionStringBuilder { ConnectionString = text };
            given = raw.Keys.Cast<string>().Select(key => key.Replace(" ", "", StringComparison.Ordinal)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The driver's message may repeat a part of it, and with it a password: it is not passed on.
            throw Unreadable(refused);
        }
        if (string.IsNullOrEmpty(builder.Host) || (session.HasPasswordOfItsOwn && builder.Password is not null))
            throw Unreadable(refused);

        if (!given.Contains("SslMode") && !IsLocal(builder.Host))
            builder.SslMode = SslMode.VerifyFull;
        if (!given.Contains("Timeout"))
            builder.Timeout = 15;
        builder.ApplicationName = session.Application;
        // Sessions are kept by the engine, with their temporary tables and prepared statements.
        builder.Pooling = false;
        builder.Enlist = false;
        builder.IncludeErrorDetail = false;
        builder.CommandTimeout = (int)session.CommandTimeout.TotalSeconds;
        builder.KeepAlive = 0;
        builder.TcpKeepAlive = true;
        builder.TcpKeepAliveTime = 30;
        builder.TcpKeepAliveInterval = 5;
        builder.Options = string.Join(' ', [.. builder.Options is { Length: > 0 } own ? [own] : Array.Empty<string>(), .. session.Settings.Select(s => $"-c {s.Name}={s.Value}")]);
        return builder.ConnectionString;
    }

    /// <summary>A time as the server's settings write it.</summary>
    public static string Milliseconds(TimeSpan time) => $"{(long)time.TotalMilliseconds}";

    private static CdcSyncException Unreadable(ErrorCode code) => new(code,
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
}

/// <summary>What the sessions of a source or a warehouse need of their connection.</summary>
/// <param name="Application">The name that pg_stat_activity shows.</param>
/// <param name="CommandTimeout">How long the driver waits for the answer to a statement; longer than the server lets it run.</param>
/// <param name="Settings">What each session sets; blanks in a value are escaped by a backslash.</param>
/// <param name="HasPasswordOfItsOwn">True if the password is asked for elsewhere: then the string must have none.</param>
internal sealed record PostgresSessionNeeds(string Application, TimeSpan CommandTimeout, IReadOnlyList<(string Name, string Value)> Settings, bool HasPasswordOfItsOwn = false);
