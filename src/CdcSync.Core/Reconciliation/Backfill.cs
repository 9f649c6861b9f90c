using CdcSync.Core.Batches;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// Reads rows again and publishes them in their dataset's own lane, portion by portion, each a batch like any other: at the checkpoint that was read before them, and without those that
/// changed after it, which the stream brings (ADR 75).
/// </summary>
/// <param name="engine">What the engine shares.</param>
/// <param name="lane">The lane, which the caller has for itself.</param>
/// <param name="publication">Publishes portions.</param>
/// <param name="sync">Brings the lane to its source's now.</param>
internal sealed class Backfill(EngineContext engine, Lane lane, LaneBatch publication, Func<CancellationToken, Task> sync)
{
    // Held in memory until it is known which of them changed meanwhile.
    private const int RowsOfPortion = 3 * ChunkLimit.Rows;
    private const long BytesOfPortion = 4 * ChunkLimit.Bytes;
    private const int Attempts = 5;

    private readonly KeyCodec _codec = new(lane.Dataset);

    /// <summary>Reads and publishes the rows of a range.</summary>
    /// <param name="range">Which rows; null = all.</param>
    /// <param name="ct">Cancels; what was published stays so.</param>
    /// <returns>The sum of what was read and changed.</returns>
    /// <exception cref="CdcSyncException">A gate blocked it, the publication failed, or the source changes faster than it is read.</exception>
    public async Task<DatasetOutcome> RunAsync(RowRange? range, CancellationToken ct)
    {
        var source = new SourceSide(lane, range, lane.RowGates);
        var sum = new DatasetOutcome(lane.Dataset.Id, OutcomeKind.Synced, 0, MergeStats.None, 0, null);
        foreach (var reading in await source.ReadingsAsync(engine.Options.SnapshotRowsPerRange, ct))
        {
            var isDone = false;
            for (var attempt = 1; !isDone; attempt++)
            {
                if (attempt > Attempts)
                    throw new CdcSyncException(ErrorCodes.SourceReadTooLong, $"{lane.Dataset.Id}: {Attempts} times the source had more changes than one reading takes when its rows had been read.", $"Wait until it is calmer, or name a smaller range. Run: cdcsync backfill {lane.Dataset.Id} --help");
                await sync(ct);
                (sum, isDone) = await PublishAsync(source, reading, range, sum, ct);
            }
        }

        return sum;
    }

    /// <summary>Publishes the rows of one reading.</summary>
    /// <returns>False = the source could not tell up to its now what changed; what was published before stands.</returns>
    private async Task<(DatasetOutcome Sum, bool IsDone)> PublishAsync(SourceSide source, IAsyncEnumerable<ChangeChunk> reading, RowRange? range, DatasetOutcome sum, CancellationToken ct)
    {
        var at = await LoadedCheckpoint.ReadAsync(engine, lane, ct);      // before the first row
        await foreach (var portion in PortionsAsync(reading, range).WithCancellation(ct))
        {
            var (changed, sourceTime) = await source.ChangedAfterAsync(at, ct);
            if (changed is null)
                return (sum, false);
            ChangeChunk[] still = [.. portion.Select(chunk => Only(chunk, changed)).Where(chunk => chunk.Length > 0)];
            if (still.Length == 0)
                continue;
            var outcome = await publication.PublishAsync(BatchKind.Backfill, at, sourceTime, still, ct);
            at = await LoadedCheckpoint.ReadAsync(engine, lane, ct);
            sum = sum with { RowsRead = sum.RowsRead + outcome.RowsRead, Stats = sum.Stats.Plus(outcome.Stats), Quarantined = sum.Quarantined + outcome.Quarantined };
        }

        return (sum, true);
    }

    /// <summary>Shaped rows of the range, as many at a time as may be held.</summary>
    private async IAsyncEnumerable<IReadOnlyList<ChangeChunk>> PortionsAsync(IAsyncEnumerable<ChangeChunk> reading, RowRange? range)
    {
        var portion = new List<ChangeChunk>();
        await foreach (var chunk in reading)
        {
            engine.Observer.RowsRead(lane.Dataset, chunk.Length, chunk.Rows.ByteSize);
            var shaped = lane.Shaper.Apply(chunk);
            portion.Add(range is null ? shaped : Only(shaped, range.Over(shaped.Rows)));
            if (portion.Sum(c => c.Length) < RowsOfPortion && portion.Sum(c => c.Rows.ByteSize) < BytesOfPortion)
                continue;
            yield return portion;
            portion = [];
        }

        yield return portion;
    }

    private ChangeChunk Only(ChangeChunk chunk, IReadOnlySet<CanonicalKey> changed)
    {
        if (changed.Count == 0)
            return chunk;
        var keys = _codec.KeysOf(chunk.Rows);
        return Only(chunk, row => !changed.Contains(keys.Key(row)));
    }

    private static ChangeChunk Only(ChangeChunk chunk, Func<int, bool> isMeant) => GateSplit.Only(chunk, [.. Enumerable.Range(0, chunk.Length).Where(isMeant)]);
}
