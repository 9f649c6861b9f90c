namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>Where a PostgreSQL warehouse is and how patient its sessions are.</summary>
public sealed record PostgresWarehouseOptions
{
    /// <summary>Npgsql's connection string (<c>Host=…;Database=…;Username=…</c>). Off loopback TLS is verified unless it says otherwise.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The pipeline, whose name scopes all state and shows in pg_stat_activity.</summary>
    public required string Pipeline { get; init; }

    /// <summary>Asked for the password at each new connection, so that a rotated one is found; null = it is in the connection string, or none is needed.</summary>
    public Func<CancellationToken, ValueTask<string>>? Password { get; init; }

    /// <summary>Sessions at the most; a publication holds one while it publishes, a large one also while it stages. Default 10, at least 2.</summary>
    public int MaxSessions { get; init; } = 10;

    /// <summary>How long a statement waits for a lock before the batch is tried again. Default 10 s.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one statement may run. Default 15 minutes.</summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>After how long the server ends the transaction of a worker that holds a dataset's checkpoint and is frozen. Default 30 s.</summary>
    public TimeSpan FrozenAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Rows up to which a stage travels as array parameters; above it by COPY. Measured; tests set it to 0.</summary>
    internal int ArrayRows { get; init; } = 2_000;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is out of its range.</exception>
    internal PostgresWarehouseOptions Checked()
    {
        if (MaxSessions < 2 || LockTimeout <= TimeSpan.Zero || StatementTimeout <= TimeSpan.Zero || FrozenAfter <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(MaxSessions), "At least 2 sessions, and times above 0.");
        return this;
    }
}
