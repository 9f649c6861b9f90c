using CdcSync.Core.Batches;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Reconciliation;

/// <summary>Mends the target through the way of every change.</summary>
internal sealed class LaneRepair(LaneBatch lane, KeyCodec codec, Func<CancellationToken, Task> sync) : IRepair
{
    public Task MendAsync(Verdicts verdicts, CancellationToken ct) =>
        lane.PublishAsync(BatchKind.Repair, verdicts.At, verdicts.SourceTime, Deletes(verdicts).Concat(Upserts(verdicts)), ct);

    public Task SyncAsync(CancellationToken ct) => sync(ct);

    private static IEnumerable<ChangeChunk> Upserts(Verdicts verdicts)
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
            yield return new ChangeChunk(codec.DecodeRows([.. part.Select(d => d.Key)]), kinds, []);
        }
    }
}
