using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>What a single pass did, one outcome per dataset.</summary>
public sealed record PassReport(IReadOnlyList<DatasetOutcome> Outcomes)
{
    /// <summary>The exit code that tells most: bug, state conflict, resync required, source, warehouse, partial, ok.</summary>
    public ExitCode Exit => ExitCodes.Gravest(Outcomes.Select(o => o.Exit));
}

/// <summary>What became of one dataset.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Kind">In a word.</param>
/// <param name="RowsRead">Rows read from the source.</param>
/// <param name="Stats">What changed in the target.</param>
/// <param name="Quarantined">Rows kept out.</param>
/// <param name="Fault">Why it failed; null unless it did.</param>
public sealed record DatasetOutcome(DatasetId Dataset, OutcomeKind Kind, long RowsRead, MergeStats Stats, long Quarantined, CdcSyncException? Fault)
{
    /// <summary>The exit code this outcome asks for.</summary>
    public ExitCode Exit => Fault?.Code.Exit ?? (Quarantined > 0 ? ExitCode.Partial : ExitCode.Ok);
}

/// <summary>What became of a dataset in a pass.</summary>
public enum OutcomeKind
{
    /// <summary>Its changes are in the warehouse.</summary>
    Synced,

    /// <summary>There were none.</summary>
    Unchanged,

    /// <summary>It failed; the fault says why.</summary>
    Failed,

    /// <summary>A gate blocked its batch.</summary>
    Blocked,

    /// <summary>It can't go on without a resync.</summary>
    ResyncRequired,

    /// <summary>A person paused it, or another of its group; it was not read.</summary>
    Paused,
}
