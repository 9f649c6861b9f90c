using CdcSync.Core.Batches;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// Mends the target through the way of every change: landed, gated, staged, merged with the ledger and the checkpoint's generation in one transaction. The
/// stream's position stays: what was judged is the source's state at it.
/// </summary>
internal sealed class LaneRepair(EngineContext engine, Lane lane, Publisher publisher, Func<CancellationToken, Task> sync, Lease lease) : IRepair
{
    private readonly KeyCodec _codec = new(lane.Dataset);

    public async Task MendAsync(Verdicts verdicts, CancellationToken ct)
    {
        var batch = new Batch(lane, new BatchStart(BatchKind.Repair, PublishMode.Merge, verdicts.At, verdicts.At.Source, verdicts.SourceTime), engine);
        try
        {
            foreach (var chunk in Deletes(verdicts).Concat(Upserts(verdicts)))
                await batch.AppendShapedAsync(chunk, ct);
            await batch.CompleteAsync(verdicts.At.Stream, null, hasMore: false, ct);
        }
        catch (Exception e)
        {
            batch.Fail(e);
            await batch.DisposeAsync();
            throw;
        }

        if ((await publisher.RunAsync([batch], lease, ct))[0].Outcome.Fault is { } fault)
            throw fault;
    }

    public Task SyncAsync(CancellationToken ct) => sync(ct);

    private IEnumerable<ChangeChunk> Upserts(Verdicts verdicts)
    {
        foreach (var batch in verdicts.Drift.Values.Select(d => d.Row).OfType<(int Batch, int Row)>().GroupBy(r => r.Batch))
            yield return ChangeChunk.Upserts(verdicts.Rows[batch.Key].Take([.. batch.Select(r => r.Row)]));
    }

    /// <summary>A row that the filter keeps out is erased: a soft delete would keep its values.</summary>
    private IEnumerable<ChangeChunk> Deletes(Verdicts verdicts)
    {
        var extra = verdicts.Drift.Where(d => d.Value.Row is null).ToArray();
        foreach (var part in extra.Chunk(ChunkLimit.Rows))
        {
            ChangeKind[] kinds = [.. part.Select(d => d.Value.IsFiltered ? ChangeKind.Erase : ChangeKind.Delete)];
            yield return new ChangeChunk(_codec.DecodeRows([.. part.Select(d => d.Key)]), kinds, []);
        }
    }
}
