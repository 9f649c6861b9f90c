using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Gates;
using CdcSync.Core.Sync;

namespace CdcSync.Core.Reconciliation;

/// <summary>The source as the target should be: its rows after filter, casts, masks and gates.</summary>
/// <param name="lane">The dataset's lane.</param>
/// <param name="range">Which of its rows are asked for; null = all.</param>
/// <param name="gates">What its rows have to pass.</param>
internal sealed class SourceSide(Lane lane, RowRange? range, IReadOnlyList<IRowGate> gates) : IRowSide
{
    private static readonly KeyRange Whole = new(0, null, null);
    private readonly KeyCodec _codec = new(lane.Dataset);
    private long _explained;

    /// <summary>Rows that a gate keeps out, as the first reading of all rows counted them: they are not expected in the target.</summary>
    public long Explained => _explained;

    public async ValueTask<Survey> SurveyAsync(CancellationToken ct)
    {
        if (await BoundsAsync(ct) is { } keys)
            return new Survey(keys.First, keys.Last, 0);
        if (!Places.Of(lane.Dataset).IsOrdered)
            return default;
        return await ScanAsync(ct);
    }

    public async IAsyncEnumerable<ChangeChunk> ReadAsync(IReadOnlyList<PlaceSpan>? places, [EnumeratorCancellation] CancellationToken ct)
    {
        var explained = 0L;
        await foreach (var chunk in UnshapedAsync(places, ct))
        {
            var (accepted, rejected) = Shaped(chunk);
            explained += rejected.Count;
            yield return accepted;
        }

        if (places is null && range is null)
            _explained = explained;
    }

    /// <summary>The rows of some places, or more than those, as the source has them: once, and no more of them than its range asks for where the source can tell.</summary>
    public async IAsyncEnumerable<ChangeChunk> UnshapedAsync(IReadOnlyList<PlaceSpan>? places, [EnumeratorCancellation] CancellationToken ct)
    {
        var ranges = lane.Source.Ranges;
        if (places is null && range is not null && await ranges.WithinAsync(lane.Dataset, range, ct) is { } within)
        {
            await foreach (var chunk in within.WithCancellation(ct))
                yield return chunk;
            yield break;
        }

        foreach (var keys in await RangesAsync(places, ct))
        {
            await foreach (var chunk in ranges.ReadAsync(lane.Dataset, keys, ct))
                yield return chunk;
        }
    }

    /// <summary>Its rows once more, as the source has them, in readings of about so many rows, each of which may begin when the one before has ended.</summary>
    public async Task<IReadOnlyList<IAsyncEnumerable<ChangeChunk>>> ReadingsAsync(long rows, CancellationToken ct)
    {
        var ranges = lane.Source.Ranges;
        if (range?.PlacesOf(DigestScope.Keys(lane.Dataset)) is { } places && await BoundsAsync(ct) is not null)
            return [ranges.ReadAsync(lane.Dataset, ranges.Between(places.First, places.Last), ct)];
        if (range is not null && await ranges.WithinAsync(lane.Dataset, range, ct) is { } within)
            return [within];
        return [.. (await ranges.PlanAsync(lane.Dataset, rows, ct)).Select(keys => ranges.ReadAsync(lane.Dataset, keys, ct))];
    }

    public async IAsyncEnumerable<ChangeChunk> FindAsync(RecordBatch keys, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var rows in ExpectAsync(keys, ct))
            yield return ChangeChunk.Upserts(rows.Accepted);
    }

    /// <summary>What is expected of certain keys. Of a key that is not told about, the source has no row.</summary>
    public async IAsyncEnumerable<ExpectedRows> ExpectAsync(RecordBatch keys, [EnumeratorCancellation] CancellationToken ct)
    {
        var rows = await lane.Source.Ranges.FindAsync(lane.Dataset, keys, ct) ?? lane.Source.Ranges.ReadAsync(lane.Dataset, Whole, ct);
        await foreach (var chunk in rows.WithCancellation(ct))
        {
            var shaped = lane.Shaper.Apply(chunk);
            var (accepted, _) = GateSplit.Apply(lane.Dataset, shaped, gates);
            var upserts = Only(accepted, ChangeKind.Upsert);
            var filtered = Only(accepted, ChangeKind.Erase);
            yield return new ExpectedRows(upserts, KeysOf(filtered), RejectedKeys(shaped, upserts, filtered));
        }
    }

    /// <summary>The keys that changed in the source after a checkpoint: what the target has of them is not judged. Null = the source can't tell up to its now.</summary>
    /// <exception cref="Errors.CdcSyncException">The source can't go on from the checkpoint.</exception>
    public async Task<(IReadOnlySet<CanonicalKey>? Keys, DateTimeOffset SourceTime)> ChangedAfterAsync(Checkpoint checkpoint, CancellationToken ct)
    {
        var changed = new HashSet<CanonicalKey>();
        await using var session = await lane.Source.OpenAsync([new Sources.ReadRequest(lane.Dataset, checkpoint)], ct);
        var reading = session.Readings[lane.Dataset.Id];
        if (reading.Fault is { } fault)
            throw fault;
        if (reading.State != Sources.ReadingState.Changed)
            return (reading.HasMore ? null : changed, session.SourceTime);
        await foreach (var e in session.ReadAsync([lane.Dataset.Id], ct))
        {
            if (e is Sources.WindowFailed(_, var failed))
                throw failed;
            if (e is Sources.WindowEnd { HasMore: true })
                return (null, session.SourceTime);
            if (e is Sources.ChunkRead(_, var chunk))
                changed.UnionWith(KeysOf(lane.Shaper.Apply(chunk).Rows));
        }

        return (changed, session.SourceTime);
    }

    private (ChangeChunk Accepted, IReadOnlyList<QuarantinedRow> Rejected) Shaped(ChangeChunk chunk)
    {
        var (accepted, rejected) = GateSplit.Apply(lane.Dataset, lane.Shaper.Apply(chunk), gates);
        return (ChangeChunk.Upserts(Only(accepted, ChangeKind.Upsert)), rejected);
    }

    private static RecordBatch Only(ChangeChunk chunk, ChangeKind kind)
    {
        if (chunk.Kinds.Span.IndexOfAnyExcept(kind) < 0)
            return chunk.Rows;
        var kinds = chunk.Kinds;
        return chunk.Rows.Take([.. Enumerable.Range(0, chunk.Length).Where(row => kinds.Span[row] == kind)]);
    }

    /// <summary>The keys of rows that have one.</summary>
    private IReadOnlyList<CanonicalKey> KeysOf(RecordBatch rows)
    {
        var keys = _codec.KeysOf(rows);
        return [.. Enumerable.Range(0, rows.Length).Where(row => lane.Dataset.TargetKey.All(i => rows.Column(i).IsValid(row))).Select(keys.Key)];
    }

    private IReadOnlyList<CanonicalKey> RejectedKeys(ChangeChunk all, RecordBatch upserts, RecordBatch filtered) =>
        all.Length == upserts.Length + filtered.Length ? [] : [.. KeysOf(all.Rows).Except(KeysOf(upserts)).Except(KeysOf(filtered))];

    private async Task<IReadOnlyList<KeyRange>> RangesAsync(IReadOnlyList<PlaceSpan>? places, CancellationToken ct) =>
        places is null || await BoundsAsync(ct) is null ? [Whole] : [.. places.Select(span => lane.Source.Ranges.Between(span.First, span.Last))];

    /// <summary>The source's keys are the target's only where the shape leaves them as they are.</summary>
    private ValueTask<(long First, long Last)?> BoundsAsync(CancellationToken ct) =>
        lane.Dataset.Key is [{ Mask: null } key] && key.ReadType == key.TargetType && Places.Of(lane.Dataset).IsOrdered
            ? lane.Source.Ranges.IntegerKeysAsync(lane.Dataset, ct)
            : new(((long, long)?)null);

    private async Task<Survey> ScanAsync(CancellationToken ct)
    {
        var places = Places.Of(lane.Dataset);
        (long First, long Last)? seen = null;
        await foreach (var chunk in ReadAsync(null, ct))
        {
            var keys = _codec.KeysOf(chunk.Rows);
            for (var row = 0; row < chunk.Length; row++)
            {
                var place = places.Of(keys.Bytes(row));
                seen = seen is { } s ? (Math.Min(s.First, place), Math.Max(s.Last, place)) : (place, place);
            }
        }

        return new Survey(seen?.First, seen?.Last, 0);
    }
}

/// <summary>What the source says of keys that were asked for, and perhaps of others.</summary>
/// <param name="Accepted">Rows that belong into the target, in its schema.</param>
/// <param name="Filtered">Keys whose row the filter keeps out: it must not be in the target.</param>
/// <param name="Rejected">Keys whose row a gate keeps out: what the target has of them stays.</param>
internal sealed record ExpectedRows(RecordBatch Accepted, IReadOnlyList<CanonicalKey> Filtered, IReadOnlyList<CanonicalKey> Rejected);
