using CdcSync.Core.Checkpoints;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>One dataset's part of a read session.</summary>
internal abstract class DatasetReader
{
    /// <summary>What was found when the session was opened.</summary>
    public abstract Reading Reading { get; }

    /// <summary>The window's chunks in order, then its end. Called once, for a reading that is <see cref="ReadingState.Changed"/>.</summary>
    /// <exception cref="CdcSyncException">The window can't be read to its end.</exception>
    public abstract IEnumerable<ReadEvent> Read();
}

/// <summary>A dataset that has nothing to read now: it starts, or it can't be read.</summary>
/// <param name="reading">What was found.</param>
internal sealed class NothingToRead(Reading reading) : DatasetReader
{
    public override Reading Reading => reading;

    public override IEnumerable<ReadEvent> Read() => throw new InvalidOperationException("the dataset has nothing to read");

    /// <summary>A dataset that can't be read.</summary>
    public static NothingToRead Denied(CdcSyncException fault, SourceIdentity? identity = null) => new(Reading.Failed(ReadingState.Denied, fault, identity));
}
