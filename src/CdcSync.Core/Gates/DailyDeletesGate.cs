using System.Globalization;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Gates;

/// <summary>
/// Blocks a batch with which the deletes of the last 24 hours exceed the breaker's limits: many small batches empty a target as well as a large one. Deletes that a person
/// accepted, and those before them, are not counted.
/// </summary>
/// <remarks>The share is of the rows that the target would have without those deletes. Asks for nothing where a batch has no deletes.</remarks>
internal sealed class DailyDeletesGate(DeleteBreaker breaker, RecentDeletes recent, Lease lease, TimeProvider time, Func<CancellationToken, ValueTask<long>> readSum) : IBatchGate
{
    public async ValueTask<CdcSyncException?> InspectAsync(IStagedView staged, CancellationToken ct)
    {
        if (breaker.IsPerBatchOnly || (staged.StagedDeletes == 0 && !staged.IsWholeContent)) return null;
        var deletes = staged.IsWholeContent ? await staged.CountRowsToDeleteAsync(ct).ConfigureAwait(false) : staged.StagedDeletes;
        if (deletes == 0) return null;
        var before = recent.Sum(lease, time.GetUtcNow()) ?? await ReadAsync(ct).ConfigureAwait(false);
        if (before == 0 || before + deletes <= breaker.Rows) return null;
        // How many rows there are does not matter, only whether there are enough. Some more are looked at, so that the next batches need not ask.
        var enough = Math.Min(2 * (((before + deletes) / breaker.Ratio) - before), 1L << 50);
        if (!(before + deletes <= breaker.Ratio * (recent.TargetRows + before)))
            recent.TargetRows = await staged.CountTargetRowsUpToAsync((long)Math.Max(enough, 1), ct).ConfigureAwait(false);
        if (before + deletes <= breaker.Ratio * (recent.TargetRows + before)) return null;

        // What is remembered says too much: now it is counted.
        deletes = await staged.CountRowsToDeleteAsync(ct).ConfigureAwait(false);
        before = await ReadAsync(ct).ConfigureAwait(false);
        var rows = await staged.CountTargetRowsAsync(ct).ConfigureAwait(false);
        recent.TargetRows = rows;
        if (deletes == 0 || before == 0 || before + deletes <= breaker.Rows || before + deletes <= breaker.Ratio * (rows + before)) return null;
        return new CdcSyncException(ErrorCodes.DeleteBreaker, string.Create(CultureInfo.InvariantCulture,
            $"{staged.Dataset.Id}: the batch would delete {deletes} rows of {staged.Dataset.Target} after {before} within 24 hours, of {rows + before}; more than {breaker.Rows} rows and {breaker.Ratio * 100:0.##} % are not deleted unasked."),
            $"Check that the source is whole. If the deletes are right, accept them for one run. Run: cdcsync sync --accept-deletes {staged.Dataset.Id}");
    }

    private async ValueTask<long> ReadAsync(CancellationToken ct)
    {
        var sum = await readSum(ct).ConfigureAwait(false);
        recent.Learn(lease, sum, time.GetUtcNow());
        return sum;
    }
}
