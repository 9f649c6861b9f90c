using System.Globalization;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Gates;

/// <summary>
/// Blocks a batch that would delete more of the target than the breaker allows: more than its share and more than its number of rows. Whole content
/// without a single row is blocked wherever the target has rows: an empty or failing source never empties a target.
/// </summary>
/// <remarks>The warehouse is asked for counts only where the limits can be exceeded at all.</remarks>
/// <param name="breaker">The limits.</param>
public sealed class DeleteBreakerGate(DeleteBreaker breaker) : IBatchGate
{
    private const string Remedy = "Check that the source is whole. If the deletes are right, accept them for one run. Run: cdcsync resync --accept-deletes ";

    /// <inheritdoc/>
    public async ValueTask<CdcSyncException?> InspectAsync(IStagedView staged, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(staged);
        if (!staged.IsWholeContent && staged.StagedDeletes <= breaker.Rows) return null;
        if (staged.IsWholeContent && staged.StagedRows == 0) return await InspectEmptyAsync(staged, ct).ConfigureAwait(false);
        var deletes = await staged.CountRowsToDeleteAsync(ct).ConfigureAwait(false);
        if (deletes <= breaker.Rows) return null;
        var rows = await staged.CountTargetRowsAsync(ct).ConfigureAwait(false);
        if (deletes <= breaker.Ratio * rows) return null;
        return new CdcSyncException(ErrorCodes.DeleteBreaker, string.Create(CultureInfo.InvariantCulture,
            $"{staged.Dataset.Id}: the batch would delete {deletes} of {rows} rows of {staged.Dataset.Target}; more than {breaker.Rows} rows and {breaker.Ratio * 100:0.##} % are not deleted unasked."),
            Remedy + staged.Dataset.Id);
    }

    private static async ValueTask<CdcSyncException?> InspectEmptyAsync(IStagedView staged, CancellationToken ct)
    {
        var rows = await staged.CountTargetRowsAsync(ct).ConfigureAwait(false);
        if (rows == 0) return null;
        return new CdcSyncException(ErrorCodes.DeleteBreaker, string.Create(CultureInfo.InvariantCulture,
            $"{staged.Dataset.Id}: the source is empty and {staged.Dataset.Target} has {rows} rows; a target is not emptied because its source is."),
            Remedy + staged.Dataset.Id);
    }
}
