using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.SqlServer.Source.Tracking;

/// <summary>
/// Reads the net changes of a tracked table: one per key, values from the table as the session sees it. docs/sqlserver.md has the rules; each has a test of its name.
/// </summary>
internal sealed class TrackedReader : DatasetReader
{
    private readonly SessionContext _session;
    private readonly Dataset _dataset;
    private readonly SqlServerObject _table;
    private readonly TrackedPosition _after;
    private readonly TrackedPosition _upTo;

    private TrackedReader(SessionContext session, Dataset dataset, SqlServerObject table, TrackedPosition after, TrackedPosition upTo, bool hasChanges)
    {
        (_session, _dataset, _table, _after, _upTo) = (session, dataset, table, after, upTo);
        Reading = (hasChanges ? Reading.Changed(session.Identity, upTo.ToPosition()) : Reading.Unchanged(session.Identity, upTo.ToPosition())) with { Retention = session.Facts.Retention };
    }

    public override Reading Reading { get; }

    /// <summary>The version after which changes are to be asked for; null where a checkpoint has none that can be gone on from.</summary>
    public static long? Last(ReadRequest request) =>
        request.From?.Stream is { Kind: TrackedPosition.Kind } stream ? TrackedPosition.Parse(stream.Canonical)?.Version : null;

    /// <summary>Judges what the server said of the table.</summary>
    /// <param name="session">The session.</param>
    /// <param name="request">The dataset and where it goes on from; it was inspected.</param>
    /// <param name="table">Its table.</param>
    /// <param name="current">The database's current version.</param>
    /// <param name="found">Whether there are changes, and the minimum valid version.</param>
    public static DatasetReader Open(SessionContext session, ReadRequest request, SqlServerObject table, long? current, (bool HasChanges, long? Minimum) found)
    {
        var (dataset, identity) = (request.Dataset, session.Identity);
        // NULL is never 0: it says that tracking is off, or that the login may not see it.
        if (current is not { } next || found.Minimum is not { } minimum)
            return NothingToRead.Denied(TrackingFaults.Off(session.Source, dataset, table), identity);
        // A replica answers with versions of different moments. Such a minimum would make every checkpoint look expired.
        if (next < minimum)
            return NothingToRead.Denied(TrackingFaults.NotPrimary($"dataset {dataset.Id}: the current version is {next}, the minimum valid one of {table} is {minimum}"), identity);
        var upTo = new TrackedPosition(next, table.ObjectId, table.Tracking?.SideTable, session.Facts.Fork, ColumnFingerprint.Of(dataset, table));
        if (request.From is not { } from)
            return new NothingToRead(Reading.Start(identity, upTo.ToPosition()));
        if (CheckpointFit.Misfit(dataset, from, TrackedPosition.Kind, identity) is { } misfit)
            return new NothingToRead(misfit);
        if (TrackedPosition.Parse(from.Stream.Canonical) is not { } after)
            return new NothingToRead(CheckpointFit.Unreadable(dataset, identity));
        return Gap(dataset, table, after, upTo, minimum) is var (state, fault)
            ? new NothingToRead(Reading.Failed(state, fault, identity))
            : new TrackedReader(session, dataset, table, after, upTo, found.HasChanges);
    }

    public override IEnumerable<ReadEvent> Read()
    {
        var chunks = new RowChunks(_dataset);
        var (newest, hidden) = (_after.Version, 0L);
        using (var changes = _session.Database.Changes(_dataset, _table, _after.Version))
        {
            while (changes.Read())
            {
                newest = Math.Max(newest, changes.Version);
                // The base table decides, not the operation: a delete that was followed by an insert, or written in the wrong order, has its row.
                switch (changes.Presence)
                {
                    case Presence.Present:
                        changes.AddUpsertTo(chunks);
                        break;
                    case Presence.UnderOtherKey:
                        changes.AddDeleteTo(chunks);
                        changes.AddUpsertTo(chunks);
                        break;
                    case Presence.Absent when changes.IsDelete:
                        changes.AddDeleteTo(chunks);
                        break;
                    default:
                        hidden++;
                        break;
                }
                if (chunks.IsFull) yield return new ChunkRead(_dataset.Id, chunks.Take());
            }
        }

        // Without SNAPSHOT the row went after its change was read: the delete comes with the next window. With it nothing can have gone.
        if (hidden > 0 && _session.Isolation == ReadIsolation.Snapshot) throw TrackingFaults.Hidden(_dataset, _table, hidden);
        // Without SNAPSHOT a clean-up may have removed changes while they were read.
        if (_session.Isolation == ReadIsolation.Committed && Lost() is { } lost) throw lost;
        if (!chunks.IsEmpty) yield return new ChunkRead(_dataset.Id, chunks.Take());
        yield return new WindowEnd(_dataset.Id, _upTo.ToPosition(), newest > _after.Version ? _session.Versions.SeenAt(newest) : null);
    }

    private CdcSyncException? Lost()
    {
        if (_session.Database.Minimum(_table) is not { } minimum) return TrackingFaults.Off(_session.Source, _dataset, _table);
        return _after.Version < minimum ? TrackingFaults.Expired(_dataset, $"the source kept changes from version {minimum} on, the checkpoint is {_after.Version}") : null;
    }

    private static (ReadingState State, CdcSyncException Fault)? Gap(Dataset dataset, SqlServerObject table, TrackedPosition after, TrackedPosition now, long minimum)
    {
        if (after.Version > now.Version)
            return (ReadingState.Rewound, TrackingFaults.Rewound(dataset, $"the source's current version is {now.Version}, the checkpoint is {after.Version}"));
        if (after.Fork is { } fork && now.Fork is { } other && fork != other)
            return (ReadingState.Rewound, TrackingFaults.Rewound(dataset, "the database is on another recovery fork than the checkpoint"));
        if (after.Table != now.Table)
            return (ReadingState.Expired, TrackingFaults.Expired(dataset, $"{table} is another table than the checkpoint was made on: it was created again under its name"));
        if (after.SideTable is { } side && now.SideTable is { } recorded && side != recorded)
            return (ReadingState.Expired, TrackingFaults.Expired(dataset, $"change tracking of {table} was switched off and on, or the table was truncated: what changed meanwhile is not known"));
        // Equal is valid: the changes after it are all there.
        if (after.Version < minimum)
            return (ReadingState.Expired, TrackingFaults.Expired(dataset, $"the source kept changes from version {minimum} on, the checkpoint is {after.Version}"));
        return after.Columns == now.Columns ? null : (ReadingState.Expired, TrackingFaults.ColumnsChanged(dataset, table));
    }
}
