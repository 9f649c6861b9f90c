using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sync;

namespace CdcSync.Cli.Http.Api;

/// <summary>Keeps the last batches that this worker committed, with the time they spent per stage, which the ledger does not have.</summary>
internal sealed class RecentBatches(TimeProvider time) : ISyncObserver
{
    private const int Kept = 30;
    private readonly Lock _keeping = new();
    private readonly Queue<RecentBatchDocument> _batches = new();

    /// <summary>They, newest first.</summary>
    public IReadOnlyList<RecentBatchDocument> Read()
    {
        lock (_keeping)
            return [.. _batches.Reverse()];
    }

    public void BatchCommitted(Dataset dataset, BatchReport report)
    {
        var batch = new RecentBatchDocument(dataset.Id.Value, Words.Of(time.GetUtcNow()), Words.Of(report.Kind), report.Generation, report.RowsRead, report.Stats.Inserted, report.Stats.Updated, report.Stats.Deleted,
            report.Stats.Erased, report.RowsQuarantined, report.Stages.ToDictionary(s => s.Key, s => Math.Round(s.Value.TotalSeconds, 4), StringComparer.Ordinal));
        lock (_keeping)
        {
            _batches.Enqueue(batch);
            if (_batches.Count > Kept)
                _batches.Dequeue();
        }
    }
}
