using System.Runtime.CompilerServices;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Landing;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>What a rebuild is let do.</summary>
/// <param name="Breaker">Whether the delete breaker may stop it.</param>
/// <param name="Missing">What happens where files were landed before the contract had a column.</param>
public sealed record RebuildRequest(BreakerUse Breaker, MissingColumns Missing);

/// <summary>A dataset that was built anew.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Files">The landing files it was built from.</param>
/// <param name="EmptyColumns">Columns that older files did not have: rows that were not landed since have no value in them.</param>
public sealed record RebuiltDataset(DatasetOutcome Outcome, int Files, IReadOnlyList<string> EmptyColumns);

/// <summary>
/// Builds a dataset anew from its landing files: all that was committed since its newest whole content is staged in its order, folded to one row per key there, and published by difference in one transaction, as a reload
/// is. The source is not asked (ADR 110).
/// </summary>
/// <param name="engine">The engine.</param>
/// <param name="book">Where outcomes are recorded.</param>
/// <param name="publisher">Publishes.</param>
/// <param name="firstLoad">Makes the target.</param>
/// <param name="history">What was landed, by this pipeline or by another of the same datasets.</param>
/// <param name="request">What it may do.</param>
internal sealed class Rebuild(EngineContext engine, LaneBook book, Publisher publisher, FirstLoad firstLoad, LandedHistory history, RebuildRequest request)
{
    /// <summary>Builds and publishes datasets, one after another.</summary>
    /// <param name="lanes">Their lanes.</param>
    /// <param name="lease">The lease to publish under.</param>
    /// <param name="ct">Cancels; a dataset whose difference is published stays so.</param>
    /// <returns>One per lane, in their order.</returns>
    public async Task<IReadOnlyList<RebuiltDataset>> RunAsync(IReadOnlyList<Lane> lanes, Lease lease, CancellationToken ct)
    {
        HashSet<DatasetId> datasets = [.. lanes.Select(l => l.Dataset.Id)];
        // All at once, so that datasets of a group are built as they were together.
        var at = await history.CheckpointsAsync([.. datasets], ct);
        var before = await engine.Warehouse.Control.ReadCheckpointsAsync([.. datasets], ct);
        var rebuilt = new List<RebuiltDataset>();
        foreach (var lane in lanes)
        {
            var (step, dataset) = await RunAsync(lane, at.GetValueOrDefault(lane.Dataset.Id), before.GetValueOrDefault(lane.Dataset.Id), lease, ct);
            rebuilt.Add(dataset);
            if (step.Outcome.Fault is not null) continue;                // all is as it was
            // A gap in the source is still there.
            if (!lane.NeedsResync)
                await book.RecordAsync(step, ct);
            if (dataset.EmptyColumns.Count > 0)
                await book.EmptiedAsync(lane, dataset.EmptyColumns, ct);
        }

        return rebuilt;
    }

    /// <param name="lane">The dataset's lane.</param>
    /// <param name="at">The checkpoint whose content is built, of whoever landed it.</param>
    /// <param name="before">The checkpoint of the warehouse that is written to; null = it has none.</param>
    /// <param name="lease">The lease to publish under.</param>
    /// <param name="ct">Cancels before the commit.</param>
    private async Task<(Step Step, RebuiltDataset Rebuilt)> RunAsync(Lane lane, Checkpoint? at, Checkpoint? before, Lease lease, CancellationToken ct)
    {
        var fit = new LandedFit(lane.Dataset, request.Missing);
        var files = 0;
        Step step;
        try
        {
            var chain = await history.ReadAsync(lane.Dataset.Id, at, ct);
            files = chain.Count(e => e.Draft.Landing is not null);
            await firstLoad.EnsureTargetAsync(lane, isFirst: false, ct);
            var start = new BatchStart(BatchKind.Rebuild, PublishMode.Difference, before, at!.Source, chain[^1].Draft.SourceTime) { At = at, Breaker = request.Breaker };
            step = await new LaneBatch(engine, lane, publisher, lease).PublishAsync(start, at.Stream, RowsAsync(lane, history.Zone, chain, fit, ct), ct);
        }
        catch (CdcSyncException fault)
        {
            step = Step.Failed(lane, fault);
        }

        return (step, new RebuiltDataset(step.Outcome, files, [.. fit.Filled]));
    }

    private async IAsyncEnumerable<ChangeChunk> RowsAsync(Lane lane, LandingZone zone, IReadOnlyList<LedgerEntry> chain, LandedFit fit, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var file in chain.Select(e => e.Draft.Landing).OfType<LandedFile>())
        {
            await using var chunks = zone.ReadAsync(file, format => fit.For(file, format), ct).GetAsyncEnumerator(ct);
            while (await NextAsync(chunks, lane.Dataset.Id))
            {
                engine.Observer.RowsRead(lane.Dataset, chunks.Current.Length, chunks.Current.Rows.ByteSize);
                yield return chunks.Current;
            }
        }
    }

    /// <summary>A file that is not what was written is a hole like one that is gone.</summary>
    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<ChangeChunk> chunks, DatasetId dataset)
    {
        try
        {
            return await chunks.MoveNextAsync();
        }
        catch (CdcSyncException damaged) when (damaged.Code == ErrorCodes.LandingCorrupt)
        {
            throw LandedHistory.Incomplete(dataset, damaged.Message.TrimEnd('.'), damaged);
        }
    }
}
