namespace CdcSync.Core.Metrics;

/// <summary>The states of a worker.</summary>
public enum WorkerState
{
    /// <summary>It has not asked for the lease yet.</summary>
    Starting,

    /// <summary>Another worker holds the lease; this one waits for it.</summary>
    Standby,

    /// <summary>It holds the lease and works.</summary>
    Active,

    /// <summary>It was told to stop, and finishes what it began.</summary>
    Stopping,
}

/// <summary>Where a fault came from.</summary>
internal enum FaultSide
{
    Source,
    Warehouse,
    State,
    Gate,
    Landing,
    Engine,
}
