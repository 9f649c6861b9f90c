using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Core.Sources.Pacing;

/// <summary>Reads ranges within a budget: each reading has a place among those side by side, and pays for each chunk before it hands it over.</summary>
internal sealed class PacedRanges(IRangeReader ranges, Pace pace) : IRangeReader
{
    public async ValueTask<IReadOnlyList<KeyRange>> PlanAsync(Dataset dataset, long rowsPerRange, CancellationToken ct)
    {
        using var place = await pace.EnterAsync(ct);
        return await ranges.PlanAsync(dataset, rowsPerRange, ct);
    }

    public ValueTask<bool> GuaranteesKeysAsync(Dataset dataset, CancellationToken ct) => ranges.GuaranteesKeysAsync(dataset, ct);

    public IAsyncEnumerable<ChangeChunk> ReadAsync(Dataset dataset, KeyRange range, CancellationToken ct) => PacedAsync(ranges.ReadAsync(dataset, range, ct), ct);

    public async ValueTask<IDigestReader?> DigestsAsync(Dataset dataset, CancellationToken ct) => await ranges.DigestsAsync(dataset, ct) is { } digests ? new PacedDigests(digests, pace) : null;

    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>?> TotalsAsync(TotalScope scope, CancellationToken ct)
    {
        using var place = await pace.EnterAsync(ct);
        var totals = await ranges.TotalsAsync(scope, ct);
        await pace.PayAsync(totals?.Values.Sum(t => t.Rows) ?? 0, ct);
        return totals;
    }

    public async ValueTask<IAsyncEnumerable<ChangeChunk>?> FindAsync(Dataset dataset, RecordBatch keys, CancellationToken ct) =>
        await ranges.FindAsync(dataset, keys, ct) is { } rows ? PacedAsync(rows, ct) : null;

    public async ValueTask<IAsyncEnumerable<ChangeChunk>?> WithinAsync(Dataset dataset, RowRange range, CancellationToken ct) =>
        await ranges.WithinAsync(dataset, range, ct) is { } rows ? PacedAsync(rows, ct) : null;

    public ValueTask<(long First, long Last)?> IntegerKeysAsync(Dataset dataset, CancellationToken ct) => ranges.IntegerKeysAsync(dataset, ct);

    public KeyRange Between(long first, long last) => ranges.Between(first, last);

    private async IAsyncEnumerable<ChangeChunk> PacedAsync(IAsyncEnumerable<ChangeChunk> rows, [EnumeratorCancellation] CancellationToken ct)
    {
        using var place = await pace.EnterAsync(ct);
        await foreach (var chunk in rows.WithCancellation(ct))
        {
            await pace.PayAsync(chunk.Length, ct);
            yield return chunk;
        }
    }
}
