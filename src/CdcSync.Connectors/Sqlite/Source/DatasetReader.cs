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
