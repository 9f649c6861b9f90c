using CdcSync.Core.Errors;

namespace CdcSync.Core.Gates.Rules;

/// <summary>Blocks a batch with rows that a rule does not only keep out, and tells of those that a rule lets through.</summary>
/// <param name="breaches">What was found while the batch was staged.</param>
/// <param name="warn">Is told of what blocks nothing.</param>
internal sealed class BreachGate(RowBreaches breaches, Action<CdcSyncException> warn) : IBatchGate
{
    public ValueTask<CdcSyncException?> InspectAsync(IStagedView staged, CancellationToken ct)
    {
        if (breaches.Blocked() is { } blocked) return new(blocked);
        if (breaches.Warning() is { } warning) warn(warning);
        return new((CdcSyncException?)null);
    }
}
