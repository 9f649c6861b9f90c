using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>One dataset's part of a read session.</summary>
internal abstract class DatasetReader
{
    /// <summary>What was found when the session was opened.</summary>
    public abstract Reading Reading { get; }

    /// <summary>The window's chunks in order, then its end. Called once, for a reading that is <see cref="ReadingState.Changed"/>.</summary>
    /// <exception cref="CdcSyncException">The window can't be read to its end.</exception>
    public abstract IEnumerable<ReadEvent> Read();

    /// <summary>The chunks of a statement whose rows are all there.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="rows">A statement whose first columns are the dataset's.</param>
    /// <param name="chunks">Where they are collected.</param>
    protected static IEnumerable<ReadEvent> Upserts(Dataset dataset, Statement rows, RowChunks chunks)
    {
        while (rows.Step())
        {
            chunks.AddUpsert(rows, 0);
            if (chunks.IsFull)
                yield return new ChunkRead(dataset.Id, chunks.Take());
        }
        if (!chunks.IsEmpty)
            yield return new ChunkRead(dataset.Id, chunks.Take());
    }
}

/// <summary>A dataset that can't be read now.</summary>
/// <param name="reading">Why.</param>
internal sealed class UnreadableDataset(Reading reading) : DatasetReader
{
    public override Reading Reading => reading;

    public override IEnumerable<ReadEvent> Read() => throw new InvalidOperationException("the dataset has nothing to read");
}

/// <summary>What every capture asks of a checkpoint before it looks into it.</summary>
internal static class CheckpointFit
{
    /// <summary>Why a checkpoint can't be gone on from here; null = it can.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="checkpoint">Its checkpoint.</param>
    /// <param name="kind">The kind of positions the capture makes.</param>
    /// <param name="identity">The source as it is now.</param>
    public static Reading? Misfit(Dataset dataset, Checkpoint checkpoint, string kind, SourceIdentity identity)
    {
        if (checkpoint.Stream.Kind != kind)
            return Denied(dataset, ErrorCodes.OtherPositionKind, $"the checkpoint is of kind {checkpoint.Stream.Kind}, the dataset's capture makes {kind}", identity);
        return checkpoint.Source == identity ? null
            : Denied(dataset, ErrorCodes.OtherSource, $"the checkpoint was made on {checkpoint.Source}, the source now is {identity}", identity);
    }

    /// <summary>The checkpoint's position has a form that no version of this capture wrote.</summary>
    public static Reading Unreadable(Dataset dataset, SourceIdentity identity) =>
        Denied(dataset, ErrorCodes.StateCorrupt, "the checkpoint's position can't be understood", identity);

    private static Reading Denied(Dataset dataset, ErrorCode code, string what, SourceIdentity identity) => Reading.Failed(ReadingState.Denied,
        new CdcSyncException(code, $"dataset {dataset.Id}: {what}.", $"Load the dataset again. Run: cdcsync resync {dataset.Id}"), identity);
}
