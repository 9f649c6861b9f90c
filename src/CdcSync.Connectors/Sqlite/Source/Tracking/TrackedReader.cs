using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Source.Tracking;

/// <summary>Reads the net changes of a tracked table: one per key, values from the table as the session's snapshot has it.</summary>
internal sealed class TrackedReader : DatasetReader
{
    private readonly SourceConnection _connection;
    private readonly Dataset _dataset;
    private readonly SqliteTable _table;
    private readonly TrackedPosition _after;
    private readonly TrackedPosition _upTo;

    private TrackedReader(SourceConnection connection, Dataset dataset, SqliteTable table, TrackedPosition after, TrackedPosition upTo, SourceIdentity identity, TimeSpan retention)
    {
        (_connection, _dataset, _table, _after, _upTo) = (connection, dataset, table, after, upTo);
        Reading = (after == upTo ? Reading.Unchanged(identity, upTo.ToPosition()) : Reading.Changed(identity, upTo.ToPosition())) with { Retention = retention };
    }

    public override Reading Reading { get; }

    /// <summary>Asks the log where it stands; a few index look-ups, however many changes there are.</summary>
    /// <param name="connection">In the session's transaction.</param>
    /// <param name="request">The dataset and where it goes on from; its tracking was inspected.</param>
    /// <param name="table">Its table.</param>
    public static DatasetReader Open(SourceConnection connection, ReadRequest request, SqliteTable table)
    {
        var dataset = request.Dataset;
        using var meta = connection.Prepare(SourceSql.TrackingMeta, $"reading dataset {dataset.Id}").Bind(1, table.Name);
        meta.Step();
        var identity = new SourceIdentity(TrackedPosition.Kind, meta.Text(0)!);
        var minimum = meta.Integer(1);
        var current = Current(connection, table);
        if (request.From is null)
            return new UnreadableDataset(Reading.Start(identity, current.ToPosition()));
        if (CheckpointFit.Misfit(dataset, request.From, TrackedPosition.Kind, identity) is { } misfit)
            return new UnreadableDataset(misfit);
        if (TrackedPosition.Parse(request.From.Stream.Canonical) is not { } after)
            return new UnreadableDataset(CheckpointFit.Unreadable(dataset, identity));
        if (after.Version > current.Version)
            return Rewound(dataset, identity, $"the source's last change is {current.Version}, the checkpoint is {after.Version}");
        if (after.Version < minimum)
            return Expired(dataset, identity, minimum, after.Version);
        if (after.Version > 0 && TokenOf(connection, table, after.Version) != after.Token)
            return Rewound(dataset, identity, $"change {after.Version} of the source is not the one the checkpoint was made at");
        return new TrackedReader(connection, dataset, table, after, current, identity, TimeSpan.FromMilliseconds(meta.Integer(2)));
    }

    public override IEnumerable<ReadEvent> Read()
    {
        using var rows = _connection.Prepare(SourceSql.NetChanges(_dataset, _table), $"reading dataset {_dataset.Id}").Bind(1, _after.Version).Bind(2, _upTo.Version);
        var chunks = new RowChunks(_dataset, _connection.IsUtf16);
        var keyColumns = _dataset.Key.Select(k => 2 + KeyOrdinal(k.Source)).ToArray();
        var newest = long.MinValue;
        while (rows.Step())
        {
            newest = Math.Max(newest, rows.Integer(0));
            switch ((KeyState)rows.Integer(1))
            {
                case KeyState.Present: chunks.AddUpsert(rows, 2 + _table.Key.Count); break;
                case KeyState.Gone: chunks.AddDelete(rows, keyColumns); break;
                default:
                    foreach (var full in RowsWithNullKey(rows, chunks)) yield return full;
                    break;
            }
            if (chunks.IsFull)
                yield return new ChunkRead(_dataset.Id, chunks.Take());
        }
        if (!chunks.IsEmpty)
            yield return new ChunkRead(_dataset.Id, chunks.Take());
        yield return new WindowEnd(_dataset.Id, _upTo.ToPosition(), newest == long.MinValue ? null : DateTimeOffset.FromUnixTimeMilliseconds(newest));
    }

    // Rows with NULL in the key are handed over as what they are, each with its fault. One that is gone was never in a warehouse: there is nothing to delete.
    private IEnumerable<ReadEvent> RowsWithNullKey(Statement changed, RowChunks chunks)
    {
        using var rows = _connection.Prepare(SourceSql.RowsWithNullKey(_dataset, _table), $"reading dataset {_dataset.Id}");
        for (var i = 0; i < _table.Key.Count; i++)
            BindSame(rows, i + 1, changed, 2 + i);
        while (rows.Step())
        {
            chunks.AddUpsert(rows, 0);
            if (chunks.IsFull)
                yield return new ChunkRead(_dataset.Id, chunks.Take());
        }
    }

    private static void BindSame(Statement to, int parameter, Statement from, int column)
    {
        switch (from.Type(column))
        {
            case raw.SQLITE_INTEGER: to.Bind(parameter, from.Integer(column)); break;
            case raw.SQLITE_FLOAT: to.Bind(parameter, from.Real(column)); break;
            case raw.SQLITE_TEXT: to.BindText(parameter, from.Bytes(column)); break;
            case raw.SQLITE_BLOB: to.BindBlob(parameter, from.Bytes(column)); break;
        }
    }

    private int KeyOrdinal(string column)
    {
        for (var i = 0; i < _table.Key.Count; i++)
            if (SqliteNames.Same(_table.Key[i].Name, column)) return i;
        throw new InvalidOperationException(column);
    }

    private static TrackedPosition Current(SourceConnection connection, SqliteTable table)
    {
        using var current = connection.Prepare(SourceSql.CurrentVersion(table.Name), $"reading the changes of {table.Name}");
        return current.Step() ? new TrackedPosition(current.Integer(0), current.Integer(1)) : default;
    }

    private static long? TokenOf(SourceConnection connection, SqliteTable table, long version)
    {
        using var token = connection.Prepare(SourceSql.TokenOf(table.Name), $"reading the changes of {table.Name}").Bind(1, version);
        return token.Step() ? token.Integer(0) : null;
    }

    private static UnreadableDataset Expired(Dataset dataset, SourceIdentity identity, long minimum, long after) => new(Reading.Failed(ReadingState.Expired,
        new CdcSyncException(ErrorCodes.ChangesExpired, $"dataset {dataset.Id}: the source kept changes from version {minimum} on, the checkpoint is {after}.",
            $"Load the dataset again, and keep changes for longer than the longest pause. Run: cdcsync resync {dataset.Id}"), identity));

    private static UnreadableDataset Rewound(Dataset dataset, SourceIdentity identity, string what) => new(Reading.Failed(ReadingState.Rewound,
        new CdcSyncException(ErrorCodes.SourceRewound, $"dataset {dataset.Id}: {what}: it was restored to an older state.",
            $"Load the dataset again. Run: cdcsync resync {dataset.Id}"), identity));
}
