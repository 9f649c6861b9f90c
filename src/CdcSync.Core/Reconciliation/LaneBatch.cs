using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Reconciliation;

/// <summary>Publishes rows that are no window of changes in their dataset's own lane: landed, gated, staged, merged with the ledger and the checkpoint in one transaction.</summary>
internal sealed class LaneBatch(EngineContext engine, Lane lane, Publisher publisher, Lease lease)
{
    /// <summary>Publishes chunks as one batch that leaves the stream where it is: they are the source's state at its position.</summary>
    /// <param name="kind">What it is for the ledger.</param>
    /// <param name="at">The checkpoint at which the rows are right.</param>
    /// <param name="sourceTime">The source's clock when they were read.</param>
    /// <param name="chunks">Rows in the target's schema.</param>
    /// <param name="ct">Cancels before the commit.</param>
    /// <exception cref="CdcSyncException">A gate blocked it, or the publication failed.</exception>
    public async Task<DatasetOutcome> PublishAsync(BatchKind kind, Checkpoint at, DateTimeOffset sourceTime, IEnumerable<ChangeChunk> chunks, CancellationToken ct)
    {
        var step = await PublishAsync(new BatchStart(kind, PublishMode.Merge, at, at.Source, sourceTime), at.Stream, chunks.ToAsyncEnumerable(), ct);
        return step.Outcome.Fault is { } fault ? throw fault : step.Outcome;
    }

    /// <summary>Publishes chunks as one batch.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="upTo">The stream's position after it.</param>
    /// <param name="chunks">Rows in the target's schema.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task<Step> PublishAsync(BatchStart start, Position upTo, IAsyncEnumerable<ChangeChunk> chunks, CancellationToken ct)
    {
        var batch = new Batch(lane, start, engine);
        try
        {
            await foreach (var chunk in chunks.WithCancellation(ct))
                await batch.AppendShapedAsync(chunk, ct);
            await batch.CompleteAsync(upTo, null, hasMore: false, ct);
        }
        catch (Exception e)
        {
            batch.Fail(e);
            await batch.DisposeAsync();
            throw;
        }

        return (await publisher.RunAsync([batch], lease, ct))[0];
    }
}
