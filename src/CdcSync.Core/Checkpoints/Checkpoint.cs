namespace CdcSync.Core.Checkpoints;

/// <summary>A place in a source. Opaque to the engine; the source that made it compares it.</summary>
/// <param name="Kind">The kind of position, e.g. <c>sqlite-tracking</c>; positions of different kinds never compare.</param>
/// <param name="Canonical">Its one text form: equal positions have equal text.</param>
public sealed record Position(string Kind, string Canonical)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Kind}:{Canonical}";
}

/// <summary>Which source a checkpoint was made on, so that a restored, replaced or other source is noticed.</summary>
/// <param name="Kind">The kind of identity, e.g. <c>sqlite-tracking</c> or <c>sqlite-file</c>.</param>
/// <param name="Id">The identity itself.</param>
public sealed record SourceIdentity(string Kind, string Id)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Kind}:{Id}";
}

/// <summary>A range of keys, <c>(From, To]</c> in the source's own key order. Only the source reads the bounds.</summary>
/// <param name="Ordinal">Its place in the plan, from 0.</param>
/// <param name="From">The key before the first; null = from the start.</param>
/// <param name="To">The last key; null = to the end.</param>
public sealed record KeyRange(int Ordinal, string? From, string? To);

/// <summary>The state of a first load: which key ranges are still to be read.</summary>
/// <param name="Total">How many ranges were planned.</param>
/// <param name="Remaining">Those not committed yet, in order.</param>
public sealed record SnapshotProgress(int Total, IReadOnlyList<KeyRange> Remaining);

/// <summary>How far a dataset has come. Lives in the warehouse, moves in the transaction that moves the rows, and is read back from there.</summary>
/// <param name="Generation">Rises by one with every transaction of the dataset; compared and swapped in each.</param>
/// <param name="Source">The source it was made on.</param>
/// <param name="Stream">The stream's position: all changes up to it are in the warehouse once the snapshot is done.</param>
/// <param name="Snapshot">The first load's progress; null = done.</param>
/// <param name="CompleteUpTo">The source's time up to which the warehouse is complete; null = not yet known (a first load runs).</param>
public sealed record Checkpoint(long Generation, SourceIdentity Source, Position Stream, SnapshotProgress? Snapshot, DateTimeOffset? CompleteUpTo);

/// <summary>A checkpoint's next state, to be swapped in where the generation still is the expected one.</summary>
/// <param name="ExpectedGeneration">The generation read before; 0 = the dataset has no checkpoint yet.</param>
/// <param name="Next">The new state; its generation is <paramref name="ExpectedGeneration"/> + 1.</param>
public sealed record CheckpointMove(long ExpectedGeneration, Checkpoint Next);
