using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Gates;

/// <summary>Judges the rows of a chunk by themselves: pure, synchronous, at Arrow speed.</summary>
public interface IRowGate
{
    /// <summary>Judges a shaped chunk.</summary>
    /// <returns>The rows that must not be merged, ascending, at most one verdict each; empty = all are accepted.</returns>
    IReadOnlyList<RowRejection> Inspect(ChangeChunk chunk);
}

/// <summary>A row that must not be merged.</summary>
/// <param name="Row">Its index in the chunk.</param>
/// <param name="Rule">The rule it broke: <c>key</c>, <c>required</c>, <c>type</c>, <c>warehouse</c> (the target's own constraint), or one of the contract's.</param>
/// <param name="Column">The column; empty = none was named.</param>
/// <param name="Reason">Found and expected, never the value.</param>
public sealed record RowRejection(int Row, string Rule, string Column, string Reason);

/// <summary>Judges a staged batch inside the publishing transaction.</summary>
public interface IBatchGate
{
    /// <summary>Judges what is staged.</summary>
    /// <returns>Null = accepted; else the error that blocks the batch: nothing of it is committed.</returns>
    ValueTask<CdcSyncException?> InspectAsync(IStagedView staged, CancellationToken ct);
}

/// <summary>What a batch gate sees of the stage and the target. The counts are asked of the warehouse only when called.</summary>
public interface IStagedView
{
    /// <summary>The dataset.</summary>
    Dataset Dataset { get; }

    /// <summary>Rows staged, all kinds, before folding.</summary>
    long StagedRows { get; }

    /// <summary>Rows staged as delete. An erase is not counted: the breaker never stops a withdrawal of consent.</summary>
    long StagedDeletes { get; }

    /// <summary>True if the stage replaces the whole content, so that absent rows are deleted.</summary>
    bool IsWholeContent { get; }

    /// <summary>Live rows of the target that publishing would delete (staged as delete, or absent from the whole content).</summary>
    ValueTask<long> CountRowsToDeleteAsync(CancellationToken ct);

    /// <summary>Live rows of the target.</summary>
    ValueTask<long> CountTargetRowsAsync(CancellationToken ct);

    /// <summary>The same, but no more than a limit: reads no more of the table than that.</summary>
    ValueTask<long> CountTargetRowsUpToAsync(long limit, CancellationToken ct);
}

/// <summary>A row kept out of the target, with what is needed to understand and retry it.</summary>
/// <param name="Key">The key as a JSON array of canonical texts (null for a null part), after the shape.</param>
/// <param name="Rule">The rule it broke.</param>
/// <param name="Column">The column; empty = none was named.</param>
/// <param name="Reason">Found and expected, never the value.</param>
/// <param name="Payload">The shaped row as a JSON object, at most 4 KiB.</param>
public sealed record QuarantinedRow(string Key, string Rule, string Column, string Reason, string Payload);
