namespace CdcSync.Core.Sync;

/// <summary>What the engine may use and how patient it is.</summary>
public sealed record EngineOptions
{
    /// <summary>Warehouse transactions side by side, at the most. Default 4.</summary>
    public int MaxParallel { get; init; } = 4;

    /// <summary>How often the checkpoints of unchanged datasets are persisted, in one statement. Default 30 s.</summary>
    public TimeSpan IdlePersist { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The size aimed at for the key ranges of a first load. Default 500,000 rows.</summary>
    public long SnapshotRowsPerRange { get; init; } = 500_000;

    /// <summary>How long a lease lasts without renewal; it is renewed at a third of it. Default 15 s.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Attempts of a single pass at a dataset that fails with a transient error. Default 5.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>Rows that the quarantine of a dataset takes; above it the dataset stops rather than lose sight of rows. Default 10,000.</summary>
    public int QuarantineLimit { get; init; } = 10_000;

    /// <summary>How long the row of a quarantine entry is kept after it was last seen. Default 90 days.</summary>
    public TimeSpan QuarantineKeep { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How often the warehouse is asked, at the most, to find the rows of one batch that it refuses. Default 4,000.</summary>
    public int IsolationAttempts { get; init; } = 4_000;

    /// <summary>How often landing files are swept. Default 10 minutes.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Who this worker is, in leases and ledger. Default host, process and a random part.</summary>
    public string Holder { get; init; } = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.CreateVersion7().ToString("N")[^6..]}";
}
