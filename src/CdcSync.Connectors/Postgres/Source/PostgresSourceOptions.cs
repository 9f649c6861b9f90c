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

    /// <summary>The replication slot of change tracking; one for all datasets of the source. Default <c>cdcsync</c>; a pipeline gives each of its sources one of its own.</summary>
    public string Slot { get; init; } = "cdcsync";

    /// <summary>The publication of change tracking, which names its tables. Default <c>cdcsync</c>.</summary>
    public string Publication { get; init; } = "cdcsync";

    /// <summary>Messages of the log after which a window ends, at the next commit. Default 200,000.</summary>
    public int LogMessages { get; init; } = 200_000;

    /// <summary>Bytes of changed rows in memory, after which they are handed over. Default 32 MiB.</summary>
    public long LogBuffer { get; init; } = 32 << 20;

    /// <summary>How far a dataset may hold the slot back behind the others before the slot goes on without it. Default 10 GiB.</summary>
    public long RetainLimit { get; init; } = 10L << 30;

    /// <summary>How often the slot is moved at the most. Default 10 s.</summary>
    public TimeSpan AcknowledgeEvery { get; init; } = TimeSpan.FromSeconds(10);
}
