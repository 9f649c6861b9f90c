using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Marks;

namespace CdcSync.Connectors.Sqlite.Source.Marks;

/// <summary>
/// Reads the rows whose mark is at or above a bound: the last mark, less the overlap, and less what the source's clock stepped back. Rows above the source's clock
/// are read too, but don't move the position: a stamp from the future would hide all that follow.
/// </summary>
internal sealed class MarkReader : DatasetReader
{
    private const string System = "sqlite";
    private const long NanosecondsPerTick = 100;

    private readonly SourceConnection _connection;
    private readonly Dataset _dataset;
    private readonly Capture.HighWaterMark _capture;
    private readonly MarkColumn _column;
    private readonly MarkMemory _memory;
    private readonly SessionClock _clock;
    private readonly Checkpoint _from;
    private readonly MarkPosition _after;
    private readonly DeliveredRows? _delivered;
    private readonly bool _hasOffsets;
    private readonly MarkPosition _upTo;
    private bool _isKnown = true;

    private MarkReader(SourceConnection connection, ReadRequest request, MarkPosition after, MarkMemory memory, SessionClock clock, SourceIdentity identity)
    {
        _connection = connection;
        _dataset = request.Dataset;
        _capture = (Capture.HighWaterMark)request.Dataset.Capture;
        _column = new MarkColumn(_dataset, _capture);
        (_memory, _clock, _from, _after) = (memory, clock, request.From!, after);
        _delivered = memory.Recall(_from);
        _hasOffsets = _column.IsInstant && HasOffsets();
        _upTo = LookAhead();
        Reading = _isKnown ? Reading.Unchanged(identity, UpTo) : Reading.Changed(identity, UpTo);
        if (_isKnown) memory.Idle(_from.Stream, UpTo);
    }

    public override Reading Reading { get; }

    private Position UpTo => _upTo.ToPosition(System, _capture.Kind);

    /// <summary>Looks at the rows from the bound on: whether any is new, and how far the marks go.</summary>
    /// <param name="connection">In the session's transaction.</param>
    /// <param name="request">The dataset and where it goes on from; it was inspected.</param>
    /// <param name="table">Its table or view; null for a query.</param>
    /// <param name="memory">What was delivered before.</param>
    /// <param name="clock">The source's clock.</param>
    /// <param name="identity">The file.</param>
    public static DatasetReader Open(SourceConnection connection, ReadRequest request, SqliteTable? table, MarkMemory memory, SessionClock clock, SourceIdentity identity)
    {
        var capture = (Capture.HighWaterMark)request.Dataset.Capture;
        var kind = MarkPosition.KindOf(System, capture.Kind);
        if (request.From is null)
        {
            memory.Clear();
            var start = new MarkPosition(Highest(connection, request.Dataset, capture, clock), null);
            return new UnreadableDataset(Reading.Start(identity, start.ToPosition(System, capture.Kind)));
        }
        if (CheckpointFit.Misfit(request.Dataset, request.From, kind, identity) is { } misfit)
            return new UnreadableDataset(misfit);
        if (MarkPosition.Parse(capture.Kind, request.From.Stream.Canonical) is not { } after)
            return new UnreadableDataset(CheckpointFit.Unreadable(request.Dataset, identity));
        if (capture.Kind == MarkKind.Sequence && table is not null && after.Mark is { } mark && LastGiven(connection, table, capture.Column) is { } last && last < mark)
            return new UnreadableDataset(Reading.Failed(ReadingState.Rewound, new CdcSyncException(ErrorCodes.SourceRewound,
                $"dataset {request.Dataset.Id}: the last number the source gave is {last}, the checkpoint is {mark}: it was restored to an older state.",
                $"Load the dataset again. Run: cdcsync resync {request.Dataset.Id}"), identity));
        return new MarkReader(connection, request, after, memory, clock, identity);
    }

    public override IEnumerable<ReadEvent> Read()
    {
        var chunks = new RowChunks(_dataset, _connection.IsUtf16);
        var read = new DeliveredRows();
        var keepFrom = Bound(_upTo.Floor);
        var digests = new RowDigests(_dataset);
        using var rows = Rows();
        while (rows.Step())
        {
            if (!IsInWindow(rows, out var mark)) continue;
            var (key, row) = digests.Of(rows);
            read.Add(key, row, mark, keepFrom);
            if (_delivered?.Has(key, row) == true) continue;
            chunks.AddUpsert(rows, 0);
            if (chunks.IsFull)
                yield return new ChunkRead(_dataset.Id, chunks.Take());
        }
        if (!chunks.IsEmpty)
            yield return new ChunkRead(_dataset.Id, chunks.Take());
        _memory.Read(read, UpTo, _from.Generation);
        yield return new WindowEnd(_dataset.Id, UpTo, _column.IsInstant && _upTo.Mark > (_after.Mark ?? Int128.MinValue) ? Instant(_upTo.Mark!.Value) : null);
    }

    private MarkPosition LookAhead()
    {
        var highest = _after.Mark;
        var digests = new RowDigests(_dataset);
        using var rows = Rows();
        while (rows.Step())
        {
            if (!IsInWindow(rows, out var mark)) continue;
            if (mark is { } m && IsPast(m, _capture, _clock) && !(m <= highest)) highest = m;
            if (!_isKnown) continue;
            var (key, row) = digests.Of(rows);
            _isKnown = _delivered?.Has(key, row) == true;
        }
        var isBehind = _capture.Kind == MarkKind.Timestamp && highest > Nanoseconds(_clock.Now);
        return new MarkPosition(highest, isBehind ? Nanoseconds(_clock.Now) : null);
    }

    private Statement Rows()
    {
        var bound = LowerBound;
        var rows = _connection.Prepare(_column.Rows(_dataset, bound is not null), $"reading dataset {_dataset.Id}");
        if (bound is { } from) _column.Bind(rows, from, _hasOffsets);
        return rows;
    }

    // The statement finds some rows too many: its bound is coarse.
    private bool IsInWindow(Statement row, out Int128? mark)
    {
        mark = _column.Read(row);
        return mark is null || LowerBound is null || mark >= LowerBound;
    }

    private Int128? LowerBound => field ??= Bound(_after.Floor);

    private Int128? Bound(Int128? floor)
    {
        if (floor is not { } from || _capture.Kind == MarkKind.Sequence) return floor;
        if (Nanoseconds(_clock.Now) < from) from = Nanoseconds(_clock.Now);
        if (_clock.SteppedBackTo is { } step && Nanoseconds(step) < from) from = Nanoseconds(step);
        var bound = from - ((Int128)_capture.Overlap.Ticks * NanosecondsPerTick);
        return MarkPosition.IsInRange(bound) ? bound : null;
    }

    private bool HasOffsets()
    {
        using var greatest = _connection.Prepare(_column.Greatest(_dataset), $"reading dataset {_dataset.Id}");
        return greatest.Step() && MarkColumn.HasOffset(greatest);
    }

    private static Int128? Highest(SourceConnection connection, Dataset dataset, Capture.HighWaterMark capture, SessionClock clock)
    {
        var column = new MarkColumn(dataset, capture);
        Int128? highest = null;
        using var rows = connection.Prepare(column.Rows(dataset, hasBound: false), $"reading dataset {dataset.Id}");
        while (rows.Step())
            if (column.Read(rows) is { } mark && IsPast(mark, capture, clock) && !(mark <= highest)) highest = mark;
        return highest;
    }

    private static bool IsPast(Int128 mark, Capture.HighWaterMark capture, SessionClock clock) => capture.Kind == MarkKind.Sequence || mark <= Nanoseconds(clock.Now);

    // AUTOINCREMENT remembers the last number it gave, also if its row is gone.
    private static long? LastGiven(SourceConnection connection, SqliteTable table, string column)
    {
        if (!table.KeyIsRowId || !SqliteNames.Same(table.Key[0].Name, column)) return null;
        using var exists = connection.Prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'", $"reading {table.Name}");
        if (!exists.Step()) return null;
        using var last = connection.Prepare("SELECT seq FROM sqlite_sequence WHERE name = ?1", $"reading {table.Name}").Bind(1, table.Name);
        return last.Step() ? last.Integer(0) : null;
    }

    private static Int128 Nanoseconds(DateTimeOffset instant) => (Int128)(instant - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick;

    private static DateTimeOffset Instant(Int128 nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / NanosecondsPerTick));

    /// <summary>Tells rows apart by their key and by all their values.</summary>
    private sealed class RowDigests(Dataset dataset)
    {
        private readonly RowBytes _bytes = new();
        private readonly int[] _key = [.. dataset.Key.Select(k => dataset.SourceSchema.GetFieldIndex(k.Source))];

        public (UInt128 Key, UInt128 Row) Of(Statement row)
        {
            _bytes.Clear();
            foreach (var column in _key) _bytes.Add(row, column, 1);
            var key = _bytes.Digest();
            _bytes.Clear();
            _bytes.Add(row, 0, dataset.Columns.Count);
            return (key, _bytes.Digest());
        }
    }
}
