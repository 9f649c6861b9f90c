using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Sources.Marks;

/// <summary>
/// A reading by a mark (a timestamp or a number), for sources whose rows come as chunks: from the last mark, less the overlap, and less what the source's clock stepped
/// back. Rows that were delivered and did not change are dropped. Rows above the source's clock are delivered too, but don't move the position: a stamp from the
/// future would hide all that follow. Where the source can say up to which instant all stamps are settled, the position is that instant, and needs no overlap.
/// </summary>
public sealed class MarkWindow
{
    private const long NanosecondsPerTick = 100;

    private readonly string _system;
    private readonly Dataset _dataset;
    private readonly Capture.HighWaterMark _capture;
    private readonly MarkMemory _memory;
    private readonly SessionClock _clock;
    private readonly Checkpoint _from;
    private readonly Func<Int128?, IEnumerable<ChangeChunk>> _rows;
    private readonly DeliveredRows? _delivered;
    private readonly Int128? _bound;
    private readonly MarkPosition _upTo;

    /// <summary>Looks at the rows from the bound on: whether any is new, and how far the marks go.</summary>
    /// <param name="system">The system's word, in the kind of positions: <c>sqlserver</c>.</param>
    /// <param name="request">The dataset and the checkpoint it goes on from.</param>
    /// <param name="after">The checkpoint's position.</param>
    /// <param name="memory">What was delivered before.</param>
    /// <param name="clock">The source's clock.</param>
    /// <param name="rows">The rows whose mark is at or above a bound, or, without one, all; each time it is asked the same.</param>
    /// <param name="settled">The instant, in nanoseconds since 1970, up to which no row can be committed any more that is not among the rows; null = not known.</param>
    public MarkWindow(string system, ReadRequest request, MarkPosition after, MarkMemory memory, SessionClock clock, Func<Int128?, IEnumerable<ChangeChunk>> rows, Int128? settled = null)
    {
        (_system, _dataset, _from) = (system, request.Dataset, request.From!);
        _capture = (Capture.HighWaterMark)request.Dataset.Capture;
        (_memory, _clock, _rows) = (memory, clock, rows);
        _delivered = memory.Recall(_from);
        _bound = Bound(after);
        _upTo = LookAhead(after, settled);
        if (!HasNews) memory.Idle(_from.Stream, UpTo);
    }

    /// <summary>True if there is a row that was not delivered as it is now.</summary>
    public bool HasNews { get; private set; }

    /// <summary>Where the window ends.</summary>
    public Position UpTo => _upTo.ToPosition(_system, _capture.Kind);

    /// <summary>The highest mark up to the source's clock, as an instant; null = there is none.</summary>
    public DateTimeOffset? Newest => _capture.Kind == MarkKind.Timestamp && _newest is { } mark ? DateTimeOffset.UnixEpoch.AddTicks((long)(mark / NanosecondsPerTick)) : null;

    /// <summary>The rows that are news, in chunks. Read to the end they count as delivered once the window is acknowledged.</summary>
    public IEnumerable<ChangeChunk> Read()
    {
        var read = new DeliveredRows();
        var keepFrom = Bound(_upTo);
        var digests = new RowDigests(_dataset);
        foreach (var chunk in _rows(_bound))
        {
            var news = new List<int>(chunk.Length);
            for (var row = 0; row < chunk.Length; row++)
            {
                var mark = MarkOf(chunk, row);
                if (!IsInWindow(mark)) continue;
                var (key, all) = digests.Of(chunk, row);
                read.Add(key, all, mark, keepFrom);
                if (_delivered?.Has(key, all) != true) news.Add(row);
            }
            if (news.Count > 0) yield return news.Count == chunk.Length ? chunk : Only(chunk, news);
        }

        _memory.Read(read, UpTo, _from.Generation);
    }

    /// <summary>True if a mark may move a position: numbers always, stamps up to the source's clock.</summary>
    public static bool IsPast(Int128 mark, Capture.HighWaterMark capture, SessionClock clock) => capture.Kind == MarkKind.Sequence || mark <= Nanoseconds(clock.Now);

    /// <summary>An instant in nanoseconds since 1970.</summary>
    public static Int128 Nanoseconds(DateTimeOffset instant) => (Int128)(instant - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick;

    private MarkPosition LookAhead(MarkPosition after, Int128? settled)
    {
        var highest = after.Mark;
        var digests = new RowDigests(_dataset);
        foreach (var chunk in _rows(_bound))
        {
            for (var row = 0; row < chunk.Length; row++)
            {
                var mark = MarkOf(chunk, row);
                if (!IsInWindow(mark)) continue;
                if (mark is { } m && IsPast(m, _capture, _clock) && !(m <= highest)) highest = m;
                if (HasNews) continue;
                var (key, all) = digests.Of(chunk, row);
                HasNews = _delivered?.Has(key, all) != true;
            }
        }

        _newest = highest;
        // A settled instant below the last mark is no contradiction where that mark was only seen; where it was settled itself, the clock stepped back.
        if (settled is { } instant && _clock.SteppedBackTo is null && !(after.IsSettled && instant < after.Mark)) return new MarkPosition(instant, null) { IsSettled = true };
        var isBehind = _capture.Kind == MarkKind.Timestamp && highest > Nanoseconds(_clock.Now);
        return new MarkPosition(highest, isBehind ? Nanoseconds(_clock.Now) : null);
    }

    private bool IsInWindow(Int128? mark) => mark is null || _bound is null || mark >= _bound;

    private Int128? Bound(MarkPosition at)
    {
        if (at.Floor is not { } from || _capture.Kind == MarkKind.Sequence) return at.Floor;
        var isSettled = at.IsSettled;
        if (Nanoseconds(_clock.Now) < from) (from, isSettled) = (Nanoseconds(_clock.Now), false);
        if (_clock.SteppedBackTo is { } step && Nanoseconds(step) < from) (from, isSettled) = (Nanoseconds(step), false);
        var bound = isSettled ? from : from - ((Int128)_capture.Overlap.Ticks * NanosecondsPerTick);
        return MarkPosition.IsInRange(bound) ? bound : null;
    }

    private Int128? MarkOf(ChangeChunk chunk, int row)
    {
        var column = chunk.Rows.Column(_column ??= _dataset.SourceSchema.GetFieldIndex(_dataset.Columns.First(c => c.Source.Equals(_capture.Column, StringComparison.OrdinalIgnoreCase)).Source));
        if (column.IsNull(row)) return null;
        return column switch
        {
            FixedWidthArray<long> { Type: TimestampType t } a => a[row] * PerUnit(t.Unit),
            FixedWidthArray<long> a => a[row],
            FixedWidthArray<ulong> a => a[row],
            FixedWidthArray<int> a => a[row],
            FixedWidthArray<uint> a => a[row],
            FixedWidthArray<short> a => a[row],
            FixedWidthArray<ushort> a => a[row],
            FixedWidthArray<sbyte> a => a[row],
            FixedWidthArray<byte> a => a[row],
            _ => throw new InvalidOperationException($"{column.Type} is no mark"),
        };
    }

    private int? _column;
    private Int128? _newest;

    private static Int128 PerUnit(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => 1_000_000_000,
        TimeUnit.Millisecond => 1_000_000,
        TimeUnit.Microsecond => 1_000,
        _ => 1,
    };

    private static ChangeChunk Only(ChangeChunk chunk, List<int> rows)
    {
        var builder = new RecordBatchBuilder(chunk.Rows.Schema);
        var kinds = new ChangeKind[rows.Count];
        var faults = new List<RowFault>();
        for (var i = 0; i < rows.Count; i++)
        {
            for (var column = 0; column < chunk.Rows.ColumnCount; column++) builder[column].AppendFrom(chunk.Rows.Column(column), rows[i]);
            kinds[i] = chunk.Kinds.Span[rows[i]];
            faults.AddRange(chunk.Faults.Where(f => f.Row == rows[i]).Select(f => f with { Row = i }));
        }
        return new ChangeChunk(builder.Build(), kinds, faults);
    }
}
