using System.Runtime.CompilerServices;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// Brings a dataset over a gap: changes that the source no longer has. Notes where the stream begins anew, compares digests, then publishes the source's rows of all keys that differ and moves the checkpoint to the noted position, in one
/// transaction. Like a reload it may be ahead of that position; the stream's changes over newer rows converge (ADR 76).
/// </summary>
internal sealed class GapRepair(EngineContext engine, Publisher publisher, FirstLoad firstLoad)
{
    // Keys that are looked up at a time.
    private const int KeysAtATime = 10_000;
    private static readonly KeyRange Whole = new(0, null, null);

    /// <summary>Compares and publishes. Where the dataset can't be compared, or too much differs, it is loaded anew.</summary>
    public async Task<IReadOnlyList<Step>> RunAsync(Lane lane, Checkpoint before, Lease lease, CancellationToken ct)
    {
        try
        {
            if (before.Snapshot is null && Reconciler.WhyNotComparable(lane.Dataset) is null && engine.Warehouse.Digests(lane.Dataset) is { } target)
            {
                await firstLoad.EnsureTargetAsync(lane, isFirst: false, ct);
                var (start, sourceTime) = await FirstLoad.StartAsync(lane, ct);
                if (await DifferencesAsync(lane, target, ct) is { IsCut: false } narrowed)
                {
                    var batch = new BatchStart(BatchKind.Gap, PublishMode.Merge, before, start.Identity!, sourceTime) { Resync = ResyncCause.Expired };
                    return [await new LaneBatch(engine, lane, publisher, lease).PublishAsync(batch, start.UpTo!, RowsAsync(lane, narrowed.Keys.Keys, ct), ct)];
                }
            }
        }
        catch (CdcSyncException fault)
        {
            return [Step.Failed(lane, fault)];
        }
        finally
        {
            lane.Load = null;
        }

        return await firstLoad.ReloadAsync(lane, before, ResyncCause.Expired, BreakerUse.Armed, lease, ct);
    }

    /// <summary>The keys whose rows are not the source's. Rows that a gate keeps out are among them, so that they go to quarantine.</summary>
    private static async Task<Narrowed> DifferencesAsync(Lane lane, IDigestReader target, CancellationToken ct)
    {
        var lenient = lane.Dataset with { Columns = [.. lane.Dataset.Columns.Select(c => c with { Required = c.KeyOrdinal is not null })] };
        var source = await lane.Source.Ranges.DigestsAsync(lenient, ct) ?? new LocalDigests(new SourceSide(lane, null, []));
        var narrowed = await new Narrowing(DigestScope.Rows(lane.Dataset).For(source, target), source, target, new NarrowingLimits()).RunAsync(ct);
        Failpoints.Hit(Failpoints.Narrowed);
        return narrowed;
    }

    /// <summary>The source's rows with these keys, shaped; of those that it has not, deletes.</summary>
    private async IAsyncEnumerable<ChangeChunk> RowsAsync(Lane lane, IEnumerable<CanonicalKey> keys, [EnumeratorCancellation] CancellationToken ct)
    {
        var codec = new KeyCodec(lane.Dataset);
        var (wanted, seen) = (keys.ToHashSet(), new HashSet<CanonicalKey>());
        foreach (var slice in wanted.Chunk(KeysAtATime))
        {
            var found = await lane.Source.Ranges.FindAsync(lane.Dataset, codec.Decode(slice), ct);
            await foreach (var chunk in (found ?? lane.Source.Ranges.ReadAsync(lane.Dataset, Whole, ct)).WithCancellation(ct))
            {
                engine.Observer.RowsRead(lane.Dataset, chunk.Length, chunk.Rows.ByteSize);
                var shaped = lane.Shaper.Apply(chunk);
                var keysOf = codec.KeysOf(shaped.Rows);
                int[] mine = [.. Enumerable.Range(0, shaped.Length).Where(row => wanted.Contains(keysOf.Key(row)))];
                seen.UnionWith(mine.Select(keysOf.Key));
                if (mine.Length > 0)
                    yield return GateSplit.Only(shaped, mine);
            }

            if (found is null)
                break;                                                   // all were read
        }

        foreach (var gone in wanted.Except(seen).Chunk(ChunkLimit.Rows))
        {
            var rows = codec.DecodeRows(gone);
            var kinds = new ChangeKind[rows.Length];
            Array.Fill(kinds, ChangeKind.Delete);
            yield return new ChangeChunk(rows, kinds, []);
        }
    }
}
