using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Reconciliation;

/// <summary>Publishes rows that are no window of changes in their dataset's own lane: landed, gated, staged, merged with the ledger and the checkpoint's generation in one
/// transaction. The stream's position stays: what is published is the source's state at it.</summary>
internal sealed class LaneBatch(EngineContext engine, Lane lane, Publisher publisher, Lease lease)
{
    /// <summary>Publishes chunks as one batch.</summary>
    /// <param name="kind">What it is for the ledger.</param>
    /// <param name="at">The checkpoint at which the rows are right.</param>
    /// <param name="sourceTime">The source's clock when they were read.</param>
    /// <param name="chunks">Rows in the target's schema.</param>
    /// <param name="ct">Cancels before the commit.</param>
    /// <exception cref="CdcSyncException">A gate blocked it, or the publication failed.</exception>
    public async Task<DatasetOutcome> PublishAsync(BatchKind kind, Checkpoint at, DateTimeOffset sourceTime, IEnumerable<ChangeChunk> chunks, CancellationToken ct)
    {
        var batch = new Batch(lane, new BatchStart(kind, PublishMode.Merge, at, at.Source, sourceTime), engine);
        try
        {
            foreach (var chunk in chunks)
                await batch.AppendShapedAsync(chunk, ct);
            await batch.CompleteAsync(at.Stream, null, hasMore: false, ct);
        }
        catch (Exception e)
        {
            batch.Fail(e);
            await batch.DisposeAsync();
            throw;
        }

        var outcome = (await publisher.RunAsync([batch], lease, ct))[0].Outcome;
        return outcome.Fault is { } fault ? throw fault : outcome;
    }
}
