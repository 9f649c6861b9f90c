using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Gates;

/// <summary>Judges tables inside the publishing transaction, after all its merges and before its commit.</summary>
public interface IMergedGate
{
    /// <summary>Judges what would be visible.</summary>
    /// <returns>Null = accepted; else the error that blocks the batch: nothing of it is committed.</returns>
    ValueTask<CdcSyncException?> InspectAsync(IMergedView merged, CancellationToken ct);
}

/// <summary>What such a gate sees: the targets as they would be after the commit.</summary>
public interface IMergedView
{
    /// <summary>The dataset.</summary>
    Dataset Dataset { get; }

    /// <summary>Asks a query of the contract, which can only read.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.RuleUnanswered"/>; transient ones of the warehouse.</exception>
    ValueTask<decimal> AskAsync(SqlMeasure query, CancellationToken ct);
}
