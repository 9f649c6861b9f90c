using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Core.Sources.Pacing;

/// <summary>Reads ranges, each question and each reading with one connection of the budget.</summary>
internal sealed class BudgetedRanges(IRangeReader ranges, ConnectionBudget budget) : IRangeReader
{
    public async ValueTask<IReadOnlyList<KeyRange>> PlanAsync(Dataset dataset, long rowsPerRange, CancellationToken ct)
    {
        using var held = await budget.ForTableAsync(ct);
        return await ranges.PlanAsync(dataset, rowsPerRange, ct);
    }

    public async ValueTask<bool> GuaranteesKeysAsync(Dataset dataset, CancellationToken ct)
    {
        using var held = await budget.ForTableAsync(ct);
        return await ranges.GuaranteesKeysAsync(dataset, ct);
    }

    public IAsyncEnumerable<ChangeChunk> ReadAsync(Dataset dataset, KeyRange range, CancellationToken ct) => HoldingAsync(budget, () => ranges.ReadAsync(dataset, range, ct), ct);

    public async ValueTask<IDigestReader?> DigestsAsync(Dataset dataset, CancellationToken ct)
    {
        using var held = await budget.ForTableAsync(ct);
        return await ranges.DigestsAsync(dataset, ct) is { } digests ? new Digests(digests, budget) : null;
    }

    public async ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>?> TotalsAsync(TotalScope scope, CancellationToken ct)
    {
        using var held = await budget.ForTableAsync(ct);
        return await ranges.TotalsAsync(scope, ct);
    }

    public async ValueTask<IAsyncEnumerable<ChangeChunk>?> FindAsync(Dataset dataset, RecordBatch keys, CancellationToken ct)
    {
        using var held = await budget.ForTableAsync(ct);
        return await ranges.FindAsync(dataset, keys, ct) is { } rows ? HoldingAsync(budget, () => rows, ct) : null;
    }

    public async ValueTask<IAsyncEnumerable<ChangeChunk>?> WithinAsync(Dataset dataset, RowRange range, CancellationToken ct)
    {
        using var held = await budget.ForTableAsync(ct);
        return await ranges.WithinAsync(dataset, range, ct) is { } rows ? HoldingAsync(budget, () => rows, ct) : null;
    }

    public async ValueTask<(long First, long Last)?> IntegerKeysAsync(Dataset dataset, CancellationToken ct)
    {
        using var held = await budget.ForTableAsync(ct);
        return await ranges.IntegerKeysAsync(dataset, ct);
    }

    public KeyRange Between(long first, long last) => ranges.Between(first, last);

    /// <summary>Takes the connection when the first row is asked for, and gives it back when the reader's is closed.</summary>
    private static async IAsyncEnumerable<T> HoldingAsync<T>(ConnectionBudget budget, Func<IAsyncEnumerable<T>> rows, [EnumeratorCancellation] CancellationToken ct)
    {
        using var held = await budget.ForTableAsync(ct);
        await foreach (var row in rows().WithCancellation(ct))
            yield return row;
    }

    private sealed class Digests(IDigestReader digests, ConnectionBudget budget) : IDigestReader
    {
        public bool OrdersTimes => digests.OrdersTimes;

        public async ValueTask<Survey> SurveyAsync(DigestScope scope, CancellationToken ct)
        {
            using var held = await budget.ForTableAsync(ct);
            return await digests.SurveyAsync(scope, ct);
        }

        public async ValueTask<IReadOnlyDictionary<long, PartDigest>> DigestAsync(DigestScope scope, IReadOnlyList<Part>? parts, int shift, CancellationToken ct)
        {
            using var held = await budget.ForTableAsync(ct);
            return await digests.DigestAsync(scope, parts, shift, ct);
        }

        public IAsyncEnumerable<RowDigest> RowsAsync(DigestScope scope, IReadOnlyList<Part> parts, CancellationToken ct) => HoldingAsync(budget, () => digests.RowsAsync(scope, parts, ct), ct);

        public IAsyncEnumerable<RowDigest> FindAsync(DigestScope scope, RecordBatch keys, CancellationToken ct) => HoldingAsync(budget, () => digests.FindAsync(scope, keys, ct), ct);
    }
}
