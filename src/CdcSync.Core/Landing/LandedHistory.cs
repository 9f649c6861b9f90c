using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Landing;

/// <summary>
/// What was landed of datasets, in the order in which it was committed: the ledger names the files, the landing folder has them. A dataset's rows are those of its newest whole content (a first load, or a refresh), and
/// of all that was committed after it.
/// </summary>
/// <param name="control">The ledger.</param>
/// <param name="zone">The files.</param>
public sealed class LandedHistory(IControlStore control, LandingZone zone)
{
    private const int FirstLook = 1_000;

    /// <summary>The files.</summary>
    internal LandingZone Zone => zone;

    /// <summary>Where datasets stand; what is after it is no part of what is built.</summary>
    /// <exception cref="CdcSyncException">The warehouse can't be asked.</exception>
    internal async Task<IReadOnlyDictionary<DatasetId, Checkpoint>> CheckpointsAsync(IReadOnlyCollection<DatasetId> datasets, CancellationToken ct)
    {
        await control.CheckSchemaAsync(ct);
        return await control.ReadCheckpointsAsync(datasets, ct);
    }

    /// <summary>The publications that make up a dataset's content at a checkpoint, oldest first; all their files are there.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.NotLoaded"/>; <see cref="ErrorCodes.LandingIncomplete"/>: it does not begin with a whole content, or files are gone.</exception>
    internal async Task<IReadOnlyList<LedgerEntry>> ReadAsync(DatasetId dataset, Checkpoint? at, CancellationToken ct)
    {
        if (at is not { Snapshot: null })
            throw new CdcSyncException(ErrorCodes.NotLoaded, $"{dataset}: its first load is not complete, so there is nothing to build from.", $"Load it first. Run: cdcsync sync {dataset}");
        IReadOnlyList<LedgerEntry> chain = await SinceContentAsync(dataset, at.Generation, ct);
        if (chain is not [{ Draft.Kind: BatchKind.Plan or BatchKind.Refresh }, ..])
            throw Incomplete(dataset, "the ledger does not begin with a whole content: neither a first load nor a refresh");
        if (chain.FirstOrDefault(e => e.Draft.Kind == BatchKind.Rebuild && e.Draft.After != e.Draft.UpTo) is { } foreign)
            throw Incomplete(dataset, $"in generation {foreign.Generation} its content came out of another pipeline's landing files");
        CheckRanges(dataset, chain);
        if (chain.FirstOrDefault(e => e.Draft is { Landing: null, RowsRead: > 0, Kind: not BatchKind.Rebuild }) is { } unlanded)
            throw Incomplete(dataset, $"the ledger names no file for the {unlanded.Draft.RowsRead} rows of generation {unlanded.Generation}");
        CheckFiles(dataset, [.. chain.Select(e => e.Draft.Landing).OfType<LandedFile>()]);
        return chain;
    }

    private async Task<IReadOnlyList<LedgerEntry>> SinceContentAsync(DatasetId dataset, long generation, CancellationToken ct)
    {
        for (var limit = FirstLook; ; limit = limit > int.MaxValue / 8 ? int.MaxValue : limit * 8)
        {
            var newest = await control.ReadLedgerAsync(dataset, limit, ct);
            List<LedgerEntry> chain = [];
            foreach (var entry in newest.Where(e => e.Generation <= generation))
            {
                chain.Add(entry);
                if (entry.Draft.Kind is BatchKind.Plan or BatchKind.Refresh) break;
            }

            if (newest.Count == limit && chain is not [.., { Draft.Kind: BatchKind.Plan or BatchKind.Refresh }]) continue;
            chain.Reverse();
            return chain;
        }
    }

    // A first load's ranges are numbered from 0, and each is committed once.
    private static void CheckRanges(DatasetId dataset, IReadOnlyList<LedgerEntry> chain)
    {
        if (chain[0].Draft.Kind != BatchKind.Plan) return;
        var ranges = chain.Select(e => e.Draft.Range).OfType<int>().ToHashSet();
        if (ranges.Count == 0 || ranges.Max() != ranges.Count - 1)
            throw Incomplete(dataset, "the ledger does not have every range of the first load");
    }

    private void CheckFiles(DatasetId dataset, IReadOnlyList<LandedFile> files)
    {
        LandedFile[] gone = [.. files.Where(f => !zone.Has(f))];
        if (gone is [var first, ..])
            throw Incomplete(dataset, $"of {files.Count} files that the ledger names {gone.Length} are gone or have another length, first {first.Path}{(zone.IsPastKeeping(first) ? ", which is older than landing.keep" : "")}");
    }

    /// <summary>A landing with a hole.</summary>
    internal static CdcSyncException Incomplete(DatasetId dataset, string why, Exception? inner = null) => new(ErrorCodes.LandingIncomplete, $"{dataset}: its landing files do not hold all of its rows: {why}.",
        $"The target is as it was. The source has the rows. Run: cdcsync resync {dataset}", inner);
}
