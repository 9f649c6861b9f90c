namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>Where a SQL Server warehouse is and how patient its sessions are.</summary>
public sealed record SqlServerWarehouseOptions
{
    /// <summary>Gives the driver's connection string (<c>Server=…;Database=…</c>). Asked at each new connection, so that a rotated password is found.</summary>
    public required Func<string> Connection { get; init; }

    /// <summary>The pipeline, whose name scopes all state and shows in sys.dm_exec_sessions.</summary>
    public required string Pipeline { get; init; }

    /// <summary>Sessions at the most; a publication holds one while it stages and publishes. Default 10, at least 2.</summary>
    public int MaxSessions { get; init; } = 10;

    /// <summary>How long a statement waits for a lock before the batch is tried again. Default 10 s.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one statement may run. Default 15 minutes.</summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is out of its range.</exception>
    internal SqlServerWarehouseOptions Checked()
    {
        if (MaxSessions < 2 || LockTimeout <= TimeSpan.Zero || StatementTimeout < TimeSpan.FromSeconds(1))
            throw new ArgumentOutOfRangeException(nameof(MaxSessions), "At least 2 sessions, times above 0, and a second for a statement.");
        return this;
    }
}
