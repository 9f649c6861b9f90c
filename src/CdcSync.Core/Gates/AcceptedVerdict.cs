namespace CdcSync.Core.Gates;

/// <summary>A gate's verdict that a person overruled beforehand: recorded in the transaction that publishes the batch.</summary>
/// <param name="Gate">The gate, as the table names it: <c>deletes</c>, <c>volume</c>.</param>
/// <param name="Verdict">What it said, without values.</param>
public sealed record AcceptedVerdict(string Gate, string Verdict);

/// <summary>The gates that a person tells beforehand to let a run through.</summary>
[Flags]
public enum Acceptance
{
    /// <summary>None: all of them judge.</summary>
    None = 0,

    /// <summary>More deletes than the breaker allows, and a source that became empty.</summary>
    Deletes = 1,

    /// <summary>A volume beyond what the history of the dataset makes likely.</summary>
    Volume = 2,

    /// <summary>Changes of the source's columns that the contract freezes.</summary>
    Schema = 4,
}

/// <summary>Asks a gate, and lets through what it would have blocked.</summary>
/// <param name="gate">The gate.</param>
/// <param name="name">Its name.</param>
/// <param name="accepted">Where the verdict is noted.</param>
public sealed class AcceptingGate(IBatchGate gate, string name, List<AcceptedVerdict> accepted) : IBatchGate
{
    /// <inheritdoc/>
    public async ValueTask<Errors.CdcSyncException?> InspectAsync(IStagedView staged, CancellationToken ct)
    {
        if (accepted.TrueForAll(a => a.Gate != name) && await gate.InspectAsync(staged, ct).ConfigureAwait(false) is { } verdict)
            accepted.Add(new AcceptedVerdict(name, $"{verdict.Code} {verdict.Message}"));
        return null;
    }
}
