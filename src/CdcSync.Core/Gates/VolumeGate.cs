using System.Globalization;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Gates;

/// <summary>
/// Judges the number of rows read against the same dataset's recent batches: their median, and the median of their distances from it. A window of changes only by too many
/// (few changes are no fault), a whole content by too few too. A window that covers more time than they did may have as many times more rows.
/// </summary>
/// <param name="limit">What the contract says.</param>
/// <param name="dataset">The dataset.</param>
/// <param name="batch">The batch.</param>
/// <param name="readPast">The recent batches of its kind, newest first.</param>
/// <param name="warn">Is told of a verdict that blocks nothing.</param>
internal sealed class VolumeGate(VolumeLimit limit, Dataset dataset, BatchVolume batch, Func<CancellationToken, ValueTask<IReadOnlyList<PastBatch>>> readPast, Action<CdcSyncException> warn) : IBatchGate
{
    /// <summary>The number of recent batches that are looked at.</summary>
    public const int PastBatches = 50;

    /// <summary>Below so many nothing is said.</summary>
    public const int LeastBatches = 5;

    public async ValueTask<CdcSyncException?> InspectAsync(IStagedView staged, CancellationToken ct)
    {
        var past = await readPast(ct).ConfigureAwait(false);
        if (past.Count < LeastBatches || Verdict(past) is not { } verdict) return null;
        if (limit.Action == VolumeAction.Block && past.Count >= limit.Samples) return verdict;
        warn(verdict);
        return null;
    }

    private CdcSyncException? Verdict(IReadOnlyList<PastBatch> past)
    {
        var median = Median([.. past.Select(p => (double)p.RowsRead)]);
        var deviation = Median([.. past.Select(p => Math.Abs(p.RowsRead - median))]);
        // Batches that are nearly equal would make any other one look wild.
        deviation = Math.Max(deviation, Math.Max(median * 0.05, 10));
        var (least, most) = (batch.IsWholeContent ? Math.Max(0, median - (limit.Deviations * deviation)) : 0, (median + (limit.Deviations * deviation)) * Longer(past));
        if (batch.RowsRead >= least && batch.RowsRead <= most) return null;
        return new CdcSyncException(ErrorCodes.VolumeGate, string.Create(CultureInfo.InvariantCulture,
            $"{dataset.Id}: {batch.RowsRead} rows were read, expected {Math.Ceiling(least):0} to {Math.Floor(most):0}: the median of the last {past.Count} batches is {median:0.#}, and {limit.Deviations:0.##} median deviations of {deviation:0.#} are allowed."),
            $"Look at what the source did. If it is right, accept it for one run. Run: cdcsync sync --accept-volume {dataset.Id}");
    }

    /// <summary>How many times more time the batch covers than the recent ones did; at least 1.</summary>
    private double Longer(IReadOnlyList<PastBatch> past)
    {
        if (batch.IsWholeContent || batch.Since is not { } since) return 1;
        var usual = Median([.. past.Zip(past.Skip(1), (later, earlier) => (later.SourceTime - earlier.SourceTime).TotalSeconds)]);
        return usual <= 0 ? 1 : Math.Max(1, (batch.SourceTime - since).TotalSeconds / usual);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        var middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}

/// <summary>A batch as its volume is judged.</summary>
/// <param name="RowsRead">Rows read from the source.</param>
/// <param name="IsWholeContent">True for a full refresh.</param>
/// <param name="SourceTime">The source's clock at the reading.</param>
/// <param name="Since">Up to when the warehouse was complete before; null = not known.</param>
internal sealed record BatchVolume(long RowsRead, bool IsWholeContent, DateTimeOffset SourceTime, DateTimeOffset? Since);
