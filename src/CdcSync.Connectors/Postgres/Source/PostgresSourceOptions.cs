namespace CdcSync.Connectors.Postgres.Source;

/// <summary>Where a PostgreSQL source is and how it is read.</summary>
public sealed record PostgresSourceOptions
{
    /// <summary>Npgsql's connection string, asked for at each new connection, so that a rotated password is found. Off loopback TLS is verified unless it says otherwise.</summary>
    public required Func<string> ConnectionString { get; init; }

    /// <summary>The name that pg_stat_activity shows of its sessions. Default <c>cdcsync</c>.</summary>
    public string Application { get; init; } = "cdcsync";

    /// <summary>How old a read transaction may be when another dataset's window begins. Default 60 s.</summary>
    public TimeSpan MaxReadAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one statement may run; the reading of one range or of one whole table is one statement. Default 30 minutes.</summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a statement waits for a lock, as behind an ALTER TABLE. Default 10 s.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
