using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Live;

/// <summary>What a pipeline does at one moment, as the engine told it.</summary>
/// <param name="Pipeline">Its name.</param>
/// <param name="Lease">Whether this worker works.</param>
/// <param name="Up">Since when it is watched.</param>
/// <param name="Datasets">The datasets, in the pipeline's order.</param>
/// <param name="Fault">What keeps a source or the warehouse as a whole from being used; null = nothing.</param>
internal sealed record BoardState(string Pipeline, LeaseState Lease, TimeSpan Up, IReadOnlyList<DatasetLine> Datasets, ShownFault? Fault);

/// <summary>Whether a worker holds the lease.</summary>
internal enum LeaseState
{
    /// <summary>It has not asked for it yet.</summary>
    Unknown,

    /// <summary>It works.</summary>
    Held,

    /// <summary>It gave it back, or lost it.</summary>
    Gone,

    /// <summary>Another worker has it.</summary>
    Elsewhere,
}

/// <summary>What is known of a dataset at one moment.</summary>
internal sealed record DatasetLine
{
    public required string Name { get; init; }

    public required DatasetPhase Phase { get; init; }

    /// <summary>Rows changed in the warehouse, committed, since the process began.</summary>
    public long Merged { get; init; }

    /// <summary>Rows read from the source, since the process began.</summary>
    public long Read { get; init; }

    /// <summary>Rows read from the source per second, over the last few seconds.</summary>
    public double ReadPerSecond { get; init; }

    /// <summary>How old the warehouse is; null = it is not complete up to any instant yet.</summary>
    public TimeSpan? Lag { get; init; }

    /// <summary>How old it may be by its contract; null = the contract says nothing.</summary>
    public TimeSpan? Target { get; init; }

    /// <summary>The first load; null = there is none under way.</summary>
    public LoadProgress? Load { get; init; }

    /// <summary>The last fault; of the past where <see cref="IsFailing"/> is false.</summary>
    public ShownFault? Fault { get; init; }

    /// <summary>True while the fault holds.</summary>
    public bool IsFailing { get; init; }

    /// <summary>Rows in quarantine.</summary>
    public long Quarantined { get; init; }

    /// <summary>True while a person has paused it.</summary>
    public bool IsPaused { get; init; }

    /// <summary>True if the warehouse is older than the contract allows.</summary>
    public bool IsLate => Lag > Target;

    /// <summary>How much it needs someone's eye: those with more are shown first where not all can be shown.</summary>
    public int Severity => Phase switch
    {
        DatasetPhase.ResyncRequired => 6,
        DatasetPhase.Blocked => 5,
        DatasetPhase.Failing => 4,
        _ when IsFailing => 4,
        _ when IsLate || IsPaused => 3,
        _ when Quarantined > 0 => 2,
        DatasetPhase.Streaming => 0,
        _ => 1,
    };
}

/// <summary>How far a first load is.</summary>
/// <param name="Ranges">Ranges planned.</param>
/// <param name="Done">Ranges committed.</param>
/// <param name="Rows">Rows read by this process.</param>
/// <param name="Left">The time that is left, by how long the ranges took so far: an estimate; null = none is done yet.</param>
internal sealed record LoadProgress(int Ranges, int Done, long Rows, TimeSpan? Left);

/// <summary>A fault as it is shown.</summary>
/// <param name="Code">Its code.</param>
/// <param name="Command">The command that helps; null = none is named.</param>
/// <param name="Ago">When it happened.</param>
/// <param name="RetryIn">When it is tried again; null = someone has to act.</param>
internal sealed record ShownFault(ErrorCode Code, string? Command, TimeSpan Ago, TimeSpan? RetryIn);
