using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;
using CdcSync.Core.Sources.Pacing;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Core.Sources;

/// <summary>A system whose changes can be read. Never writes to it while syncing.</summary>
public interface IChangeSource : IAsyncDisposable
{
    /// <summary>The name given to it in the pipeline.</summary>
    string Name { get; }

    /// <summary>Reads key ranges, for snapshots.</summary>
    IRangeReader Ranges { get; }

    /// <summary>Opens one consistent reading for several datasets and learns, cheaply, which of them changed.</summary>
    /// <param name="requests">The datasets, each with the checkpoint it goes on from.</param>
    /// <param name="ct">Cancels the opening.</param>
    /// <exception cref="CdcSyncException">The source as a whole can't be read. What concerns one dataset is in its <see cref="Reading"/>.</exception>
    ValueTask<IReadSession> OpenAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct);

    /// <summary>Tells the source from where on its changes are still needed, so that it may forget those before. Does nothing where the source keeps changes by age.</summary>
    /// <param name="needed">One position per dataset that will go on from it: what the warehouse has committed, or where the stream of a load under way begins. Of a dataset
    /// that is not named nothing is needed: it will be loaded anew.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>What the source still keeps for the pipeline; null = it keeps changes by age, or was not asked.</returns>
    ValueTask<SourceBacklog?> AcknowledgeAsync(IReadOnlyList<CommittedPosition> needed, CancellationToken ct);

    /// <summary>Lists tables and views whose name matches one of the patterns (<c>*</c> and <c>?</c>; empty = all).</summary>
    ValueTask<IReadOnlyList<DiscoveredObject>> DiscoverAsync(IReadOnlyList<string> patterns, CancellationToken ct);

    /// <summary>Checks that the dataset's object, columns, key and capture exist in the source as the dataset says.</summary>
    /// <returns>What disagrees, each as an error with its remedy; empty = all is well.</returns>
    ValueTask<IReadOnlyList<CdcSyncException>> CheckAsync(Dataset dataset, CancellationToken ct);

    /// <summary>How many connections it opens at once for some datasets. Whatever reads a table or a range, or asks for one thing, opens one.</summary>
    ConnectionNeed ConnectionsFor(IReadOnlyCollection<Dataset> datasets) => ConnectionNeed.One;
}

/// <summary>A dataset to read, from where it stands.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="From">Its checkpoint; null = it has none yet, and the reading names the position to start at.</param>
public sealed record ReadRequest(Dataset Dataset, Checkpoint? From);

/// <summary>A position from which a dataset goes on: the warehouse has committed all before it, or a load under way will.</summary>
public sealed record CommittedPosition(DatasetId Dataset, Position Position);

/// <summary>What a source keeps because this pipeline has not acknowledged it.</summary>
/// <param name="Bytes">How much; on a slot, the log that the server can't remove.</param>
/// <param name="Detached">Datasets that had fallen too far behind the others: the source no longer keeps changes for them, and their next reading says so.</param>
public sealed record SourceBacklog(long Bytes, IReadOnlyList<CdcSyncException> Detached);

/// <summary>One consistent reading (one snapshot transaction, one slot) of a source, for all datasets of a pass.</summary>
public interface IReadSession : IAsyncDisposable
{
    /// <summary>The source's clock when the reading began: what was committed before is in it.</summary>
    DateTimeOffset SourceTime { get; }

    /// <summary>One reading per requested dataset.</summary>
    IReadOnlyDictionary<DatasetId, Reading> Readings { get; }

    /// <summary>All columns of each requested dataset's object as the source describes them now; a dataset of which it is not known, or not cheaply, is absent.</summary>
    IReadOnlyDictionary<DatasetId, IReadOnlyList<SourceColumn>> Columns => new Dictionary<DatasetId, IReadOnlyList<SourceColumn>>();

    /// <summary>The age of the oldest transaction of others that holds back what this reading may see of marks; null = there is none, or it is not to be known.</summary>
    TimeSpan? HeldBackFor => null;

    /// <summary>The events of the datasets whose reading is <see cref="ReadingState.Changed"/>: for each, its chunks in order and then one
    /// <see cref="WindowEnd"/> or one <see cref="WindowFailed"/>. Events of several datasets may come interleaved, as a log has them.</summary>
    /// <param name="datasets">The datasets to read; a subset of the changed ones.</param>
    /// <param name="ct">Cancels the reading.</param>
    IAsyncEnumerable<ReadEvent> ReadAsync(IReadOnlyCollection<DatasetId> datasets, CancellationToken ct);
}

/// <summary>What a session found for a dataset.</summary>
/// <param name="State">The finding.</param>
/// <param name="Identity">The source it was found on; null where it could not be learned.</param>
/// <param name="UpTo">Where the window ends (Changed, Unchanged), or where the stream starts (Start).</param>
/// <param name="Fault">Why the dataset can't be read (Expired, Rewound, Denied).</param>
public sealed record Reading(ReadingState State, SourceIdentity? Identity, Position? UpTo, CdcSyncException? Fault)
{
    /// <summary>True if the session ends before the source's now, because there is too much for one: nothing is complete up to the source's time yet, and the next
    /// reading may follow at once. Of a changed dataset the <see cref="WindowEnd"/> says it.</summary>
    public bool HasMore { get; init; }

    /// <summary>How long the source keeps changes, where it keeps them by age: a checkpoint that is as old has expired. Null = it does not, or does not say.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>There may be changes in <c>(From, upTo]</c>.</summary>
    public static Reading Changed(SourceIdentity identity, Position upTo) => new(ReadingState.Changed, identity, upTo, null);

    /// <summary>There is certainly no change up to <paramref name="upTo"/>.</summary>
    public static Reading Unchanged(SourceIdentity identity, Position upTo) => new(ReadingState.Unchanged, identity, upTo, null);

    /// <summary>The dataset has no checkpoint; after a snapshot begun now its stream starts at <paramref name="at"/>.</summary>
    public static Reading Start(SourceIdentity identity, Position at) => new(ReadingState.Start, identity, at, null);

    /// <summary>The dataset can't be read.</summary>
    public static Reading Failed(ReadingState state, CdcSyncException fault, SourceIdentity? identity = null) => new(state, identity, null, fault);
}

/// <summary>What a session found for a dataset.</summary>
public enum ReadingState
{
    /// <summary>No checkpoint yet: here is where the stream starts.</summary>
    Start,

    /// <summary>There may be changes.</summary>
    Changed,

    /// <summary>There are none.</summary>
    Unchanged,

    /// <summary>The source no longer has the changes after the checkpoint: the gap policy decides.</summary>
    Expired,

    /// <summary>The source is older than the checkpoint, or another one: a resync is required.</summary>
    Rewound,

    /// <summary>The dataset can't be read (object missing, tracking off, permission, schema).</summary>
    Denied,
}

/// <summary>Something a session read.</summary>
/// <param name="Dataset">The dataset it belongs to.</param>
public abstract record ReadEvent(DatasetId Dataset);

/// <summary>Some changes of the window.</summary>
public sealed record ChunkRead(DatasetId Dataset, ChangeChunk Chunk) : ReadEvent(Dataset);

/// <summary>The window was read whole.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="UpTo">The position that becomes the checkpoint's.</param>
/// <param name="NewestCommit">The source's commit time of the newest change in it; null = not known.</param>
public sealed record WindowEnd(DatasetId Dataset, Position UpTo, DateTimeOffset? NewestCommit) : ReadEvent(Dataset)
{
    /// <summary>True if the window ends before the source's now, because there is too much for one: it completes nothing up to the source's time, and the next may follow at once.</summary>
    public bool HasMore { get; init; }
}

/// <summary>The dataset could not be read to its end; the others of the session go on.</summary>
public sealed record WindowFailed(DatasetId Dataset, CdcSyncException Fault) : ReadEvent(Dataset);

/// <summary>Reads a dataset by ranges of its key, each range in a short transaction of its own.</summary>
public interface IRangeReader
{
    /// <summary>Cuts the key space into ranges of about equal size that touch and together cover it (first From and last To are null).</summary>
    /// <param name="dataset">A dataset with a key; without one the plan is a single range.</param>
    /// <param name="rowsPerRange">The size aimed at.</param>
    /// <param name="ct">Cancels.</param>
    ValueTask<IReadOnlyList<KeyRange>> PlanAsync(Dataset dataset, long rowsPerRange, CancellationToken ct);

    /// <summary>True where the source itself sees to it that no two rows it hands over have the same key, as values of the key columns' read types (rows with a null in
    /// the key aside): a primary key of the same types. A key that is only declared, or whose values become equal when they are read, is none.</summary>
    ValueTask<bool> GuaranteesKeysAsync(Dataset dataset, CancellationToken ct) => new(false);

    /// <summary>Reads the rows of a range as upserts, in bounded chunks.</summary>
    IAsyncEnumerable<ChangeChunk> ReadAsync(Dataset dataset, KeyRange range, CancellationToken ct);

    /// <summary>The dataset as one side of a comparison whose digests the source computes itself, after filter and shape.</summary>
    /// <returns>Null where it can't, for all or part of the dataset's shape: then its rows are read, shaped and hashed here.</returns>
    ValueTask<IDigestReader?> DigestsAsync(Dataset dataset, CancellationToken ct) => new((IDigestReader?)null);

    /// <summary>A control total computed by the source itself, after filter and shape, by the canonical form of its groups (<see cref="LocalTotals"/>).</summary>
    /// <returns>Null where it can't: then the rows are read and summed here.</returns>
    ValueTask<IReadOnlyDictionary<CanonicalKey, GroupTotal>?> TotalsAsync(TotalScope scope, CancellationToken ct) => new((IReadOnlyDictionary<CanonicalKey, GroupTotal>?)null);

    /// <summary>Reads the rows with certain keys as upserts.</summary>
    /// <param name="dataset">A dataset with a key.</param>
    /// <param name="keys">The key columns alone, in key order, as they are in the target.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Those rows, or more; null where the source's rows can't be found by the target's keys (masked, cast, written in several ways): then all have to be read.</returns>
    ValueTask<IAsyncEnumerable<ChangeChunk>?> FindAsync(Dataset dataset, RecordBatch keys, CancellationToken ct) => new((IAsyncEnumerable<ChangeChunk>?)null);

    /// <summary>Reads the rows of a range of one column's values as upserts.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="range">The range, of values as they are in the target.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Those rows, or more; null where the source's values are not the target's, or it can't look for them: then all have to be read.</returns>
    ValueTask<IAsyncEnumerable<ChangeChunk>?> WithinAsync(Dataset dataset, RowRange range, CancellationToken ct) => new((IAsyncEnumerable<ChangeChunk>?)null);

    /// <summary>The first and last key of a dataset whose key is one integer.</summary>
    /// <returns>Null where the source can't read by such keys, or has no rows.</returns>
    ValueTask<(long First, long Last)?> IntegerKeysAsync(Dataset dataset, CancellationToken ct) => new(((long, long)?)null);

    /// <summary>The range of all rows from one integer key to another, both included; asked only where <see cref="IntegerKeysAsync"/> had an answer.</summary>
    KeyRange Between(long first, long last) => throw new NotSupportedException();
}

/// <summary>A table or view found in a source.</summary>
/// <param name="Schema">Its schema, if the source has schemas.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsView">True for a view.</param>
/// <param name="Columns">Its columns in order.</param>
/// <param name="Key">The primary key's columns in key order; empty = none.</param>
/// <param name="IsTracked">True if change tracking is on.</param>
/// <param name="Rows">The number of rows, or an estimate; null = not known.</param>
public sealed record DiscoveredObject(string? Schema, string Name, bool IsView, IReadOnlyList<DiscoveredColumn> Columns, IReadOnlyList<string> Key, bool IsTracked, long? Rows)
{
    /// <inheritdoc/>
    public override string ToString() => Schema is null ? Name : $"{Schema}.{Name}";
}

/// <summary>A column found in a source.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DeclaredType">The type as the source writes it.</param>
/// <param name="Type">The Arrow type that holds every value of it without loss; null = none does, and <paramref name="Problem"/> says why.</param>
/// <param name="IsNullable">True if it may hold null.</param>
/// <param name="Problem">Why it can't be captured, and the cast a view would use.</param>
/// <param name="Fold">How texts that it takes for equal may differ; null = equal texts are the same.</param>
public sealed record DiscoveredColumn(string Name, string DeclaredType, CdcSync.Arrow.ArrowType? Type, bool IsNullable, string? Problem = null, KeyFold? Fold = null);
