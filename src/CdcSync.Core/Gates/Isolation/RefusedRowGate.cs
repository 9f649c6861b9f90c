using CdcSync.Core.Batches;

namespace CdcSync.Core.Gates.Isolation;

/// <summary>Keeps out the rows of one chunk that the warehouse refuses: rule <see cref="Rule"/>.</summary>
/// <param name="refused">Why, by the row's index in the chunk.</param>
public sealed class RefusedRowGate(IReadOnlyDictionary<long, Refusal> refused) : IRowGate
{
    /// <summary>The rule of entries that the warehouse itself kept out.</summary>
    public const string Rule = "warehouse";

    /// <inheritdoc/>
    public IReadOnlyList<RowRejection> Inspect(ChangeChunk chunk) =>
        [.. refused.OrderBy(r => r.Key).Select(r => new RowRejection((int)r.Key, Rule, r.Value.Column, r.Value.Reason))];
}
