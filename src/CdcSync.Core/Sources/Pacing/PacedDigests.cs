using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Core.Sources.Pacing;

/// <summary>
/// Digests that a source computes, within its budget. What was hashed is paid for afterwards; where the rows have an order, all of them are hashed in steps, so that the source has its pauses. Places that are
/// hashes can't be cut: their rows are hashed by one statement.
/// </summary>
internal sealed class PacedDigests(IDigestReader digests, Pace pace) : IDigestReader
{
    // Parts of a step; the first digest has about a thousand.
    private const int Step = 16;
    private const int MostParts = 1 << 16;
    private const int RowsAtATime = 1_000;

    public bool OrdersTimes => digests.OrdersTimes;

    public async ValueTask<Survey> SurveyAsync(DigestScope scope, CancellationToken ct)
    {
        using var place = await pace.EnterAsync(ct);
        return await digests.SurveyAsync(scope, ct);
    }

    public async ValueTask<IReadOnlyDictionary<long, PartDigest>> DigestAsync(DigestScope scope, IReadOnlyList<Part>? parts, int shift, CancellationToken ct)
    {
        using var place = await pace.EnterAsync(ct);
        var all = new Dictionary<long, PartDigest>();
        foreach (var step in await StepsAsync(scope, parts, shift, ct))
        {
            var some = await digests.DigestAsync(scope, step, shift, ct);
            foreach (var (prefix, digest) in some)
                all[prefix] = digest;
            await pace.PayAsync(some.Values.Sum(d => d.Rows), ct);
        }

        return all;
    }

    public IAsyncEnumerable<RowDigest> RowsAsync(DigestScope scope, IReadOnlyList<Part> parts, CancellationToken ct) => PacedAsync(digests.RowsAsync(scope, parts, ct), ct);

    public IAsyncEnumerable<RowDigest> FindAsync(DigestScope scope, RecordBatch keys, CancellationToken ct) => PacedAsync(digests.FindAsync(scope, keys, ct), ct);

    /// <summary>What is asked for one after the other. Rows that came beyond the ends since they were looked up differ, and are judged like any others.</summary>
    private async ValueTask<IReadOnlyList<IReadOnlyList<Part>?>> StepsAsync(DigestScope scope, IReadOnlyList<Part>? parts, int shift, CancellationToken ct)
    {
        if (parts is not null || !pace.CountsRows || !scope.Places.IsOrdered || await digests.SurveyAsync(scope, ct) is not { First: { } first, Last: { } last })
            return [parts];
        var (from, to) = scope.Range?.PlacesOf(scope) ?? (long.MinValue, long.MaxValue);
        var (least, most) = (Math.Max(first, from) >> shift, Math.Min(last, to) >> shift);
        var count = (Int128)most - least + 1;
        return count > MostParts ? [parts] : [.. Enumerable.Range(0, (int)Int128.Max(count, 0)).Select(i => new Part(least + i, shift)).Chunk(Step)];
    }

    private async IAsyncEnumerable<RowDigest> PacedAsync(IAsyncEnumerable<RowDigest> rows, [EnumeratorCancellation] CancellationToken ct)
    {
        using var place = await pace.EnterAsync(ct);
        var unpaid = 0;
        await foreach (var row in rows.WithCancellation(ct))
        {
            yield return row;
            if (++unpaid < RowsAtATime)
                continue;
            await pace.PayAsync(unpaid, ct);
            unpaid = 0;
        }

        await pace.PayAsync(unpaid, ct);
    }
}
