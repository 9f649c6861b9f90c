using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Core.Tests.Fakes;

/// <summary>A source in memory with versions, cleanup and truncate, as change tracking has them: one table of (id, value) per dataset.</summary>
internal sealed class FakeSource(TimeProvider time, FaultPlan faults) : IChangeSource, IRangeReader
{
    private readonly ConcurrentDictionary<DatasetId, FakeTable> _tables = [];

    public string Name => "fake";

    public string Identity { get; set; } = "one";

    public int ChunkRows { get; set; } = 3;

    /// <summary>Runs in the middle of every read, as other sessions do.</summary>
    public Action? Meanwhile { get; set; }

    /// <summary>What the reading of a range waits for before it sees the table.</summary>
    public Func<KeyRange, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Told that the reading of a range has seen the table: later writes are none of its.</summary>
    public Action<KeyRange> Seen { get; set; } = _ => { };

    /// <summary>Runs when rows of a range have been read, as other sessions do.</summary>
    public Action? Afterwards { get; set; }

    public List<CommittedPosition> Acknowledged { get; } = [];

    /// <summary>Forgets at once whatever an acknowledgement does not say is needed, as a slot does: of each dataset what is before its position, of one not named everything.</summary>
    public bool IsSlot { get; set; }

    /// <summary>The most changes one reading hands over of a dataset; the rest is for the next.</summary>
    public int WindowRows { get; set; } = int.MaxValue;

    /// <summary>What an acknowledgement is answered with.</summary>
    public IReadOnlyList<CdcSyncException> Detached { get; set; } = [];

    public IRangeReader Ranges => this;

    public FakeTable this[DatasetId dataset] => _tables.GetOrAdd(dataset, _ => new FakeTable());

    public ValueTask<IReadSession> OpenAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        faults.Pass();
        var readings = requests.ToDictionary(r => r.Dataset.Id, Read);
        var windows = requests.ToDictionary(r => r.Dataset.Id, r => readings[r.Dataset.Id].State == ReadingState.Changed ? [.. this[r.Dataset.Id].After(VersionOf(r.From!)).Take(WindowRows)] : new List<Change>());
        return ValueTask.FromResult<IReadSession>(new Session(this, time.GetUtcNow(), readings, windows, requests.ToDictionary(r => r.Dataset.Id, r => r.Dataset)));
    }

    public ValueTask<SourceBacklog?> AcknowledgeAsync(IReadOnlyList<CommittedPosition> needed, CancellationToken ct)
    {
        faults.Pass();
        lock (Acknowledged)
        {
            Acknowledged.AddRange(needed);
            if (!IsSlot)
                return new((SourceBacklog?)null);
            foreach (var (dataset, table) in _tables)
                table.Forget(needed.Where(n => n.Dataset == dataset).Select(n => long.Parse(n.Position.Canonical, CultureInfo.InvariantCulture)).DefaultIfEmpty(table.Version).Min());
        }

        return new(new SourceBacklog(_tables.Values.Sum(t => t.Kept), Detached));
    }

    public ValueTask<IReadOnlyList<KeyRange>> PlanAsync(Dataset dataset, long rowsPerRange, CancellationToken ct)
    {
        faults.Pass();
        var keys = this[dataset.Id].Rows.Keys.Order().ToArray();
        var bounds = keys.Where((_, i) => (i + 1) % rowsPerRange == 0).Select(k => k.ToString(CultureInfo.InvariantCulture)).ToArray();
        string?[] all = [null, .. bounds, null];
        return ValueTask.FromResult<IReadOnlyList<KeyRange>>([.. all.Zip(all.Skip(1)).Select((b, i) => new KeyRange(i, b.First, b.Second))]);
    }

    public ValueTask<bool> GuaranteesKeysAsync(Dataset dataset, CancellationToken ct) => new(true);

    public async IAsyncEnumerable<ChangeChunk> ReadAsync(Dataset dataset, KeyRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        Meanwhile?.Invoke();
        await Before(range);
        var (from, to) = (Bound(range.From, long.MinValue), Bound(range.To, long.MaxValue));
        var rows = this[dataset.Id].Rows.Where(r => r.Key > from && r.Key <= to).OrderBy(r => r.Key).ToArray();
        Seen(range);
        foreach (var part in rows.Chunk(ChunkRows))
        {
            faults.Pass();
            await Task.Yield();
            yield return ChangeChunk.Upserts(Rows(dataset, part.Select(r => (r.Key, (string?)r.Value))));
        }

        Afterwards?.Invoke();
    }

    /// <summary>True if it finds rows by their keys.</summary>
    public bool FindsKeys { get; set; }

    /// <summary>The keys that were looked for.</summary>
    public ConcurrentQueue<long> Sought { get; } = [];

    public ValueTask<IAsyncEnumerable<ChangeChunk>?> FindAsync(Dataset dataset, RecordBatch keys, CancellationToken ct)
    {
        faults.Pass();
        if (!FindsKeys)
            return new((IAsyncEnumerable<ChangeChunk>?)null);
        var wanted = ((FixedWidthArray<long>)keys.Column(0)).Values.ToArray().ToHashSet();
        foreach (var key in wanted)
            Sought.Enqueue(key);
        return new(Found());

        async IAsyncEnumerable<ChangeChunk> Found()
        {
            await Task.Yield();
            // The rows with those keys, and one more: nobody is promised that there is none.
            var rows = this[dataset.Id].Rows.Where(r => wanted.Contains(r.Key) || r.Key == long.MaxValue).Select(r => (r.Key, (string?)r.Value));
            yield return ChangeChunk.Upserts(Rows(dataset, rows));
        }
    }

    /// <summary>The columns of all its tables; null = it does not tell.</summary>
    public IReadOnlyList<SourceColumn>? Columns { get; set; }

    /// <summary>How long it says it keeps changes.</summary>
    public TimeSpan? Retention { get; set; }

    /// <summary>For how long another's transaction holds back what it shows.</summary>
    public TimeSpan? HeldBackFor { get; set; }

    public ValueTask<IReadOnlyList<DiscoveredObject>> DiscoverAsync(IReadOnlyList<string> patterns, CancellationToken ct) => ValueTask.FromResult<IReadOnlyList<DiscoveredObject>>([]);

    public ValueTask<IReadOnlyList<CdcSyncException>> CheckAsync(Dataset dataset, CancellationToken ct) => ValueTask.FromResult<IReadOnlyList<CdcSyncException>>([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Reading Read(ReadRequest request) => Find(request) with { Retention = Retention };

    private Reading Find(ReadRequest request)
    {
        var table = this[request.Dataset.Id];
        var (identity, now) = (new SourceIdentity("fake", Identity), new Position("fake", table.Version.ToString(CultureInfo.InvariantCulture)));
        if (request.From is null)
            return Reading.Start(identity, now);
        var after = VersionOf(request.From);
        if (after < table.MinValid)
            return Reading.Failed(ReadingState.Expired, new CdcSyncException(ErrorCodes.ChangesExpired, $"kept from {table.MinValid}, checkpoint {after}.", "Run: cdcsync resync"), identity);
        if (after > table.Version)
            return Reading.Failed(ReadingState.Rewound, new CdcSyncException(ErrorCodes.SourceRewound, $"at {table.Version}, checkpoint {after}.", "Run: cdcsync resync"), identity);
        if (after == table.Version)
            return Reading.Unchanged(identity, now);
        var window = table.After(after).Take(WindowRows).ToArray();
        return window.Length < table.After(after).Count ? Reading.Changed(identity, now with { Canonical = window[^1].Version.ToString(CultureInfo.InvariantCulture) }) with { HasMore = true } : Reading.Changed(identity, now);
    }

    private static long VersionOf(Checkpoint checkpoint) => long.Parse(checkpoint.Stream.Canonical, CultureInfo.InvariantCulture);

    private static long Bound(string? text, long open) => text is null ? open : long.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Rows of (id, value).</summary>
    internal static RecordBatch Rows(Dataset dataset, IEnumerable<(long Key, string? Value)> rows)
    {
        var builder = new RecordBatchBuilder(dataset.SourceSchema);
        foreach (var (key, value) in rows)
        {
            ((FixedWidthBuilder<long>)builder[0]).Append(key);
            if (value is null)
                builder[1].AppendNull();
            else
                ((VarLengthBuilder)builder[1]).Append(value);
        }

        return builder.Build();
    }

    private sealed class Session(FakeSource source, DateTimeOffset sourceTime, Dictionary<DatasetId, Reading> readings, Dictionary<DatasetId, List<Change>> windows, Dictionary<DatasetId, Dataset> datasets) : IReadSession
    {
        public DateTimeOffset SourceTime => sourceTime;

        public TimeSpan? HeldBackFor => source.HeldBackFor;

        public IReadOnlyDictionary<DatasetId, IReadOnlyList<SourceColumn>> Columns => source.Columns is { } columns ? readings.Keys.ToDictionary(id => id, _ => columns) : [];

        public IReadOnlyDictionary<DatasetId, Reading> Readings => readings;

        public async IAsyncEnumerable<ReadEvent> ReadAsync(IReadOnlyCollection<DatasetId> wanted, [EnumeratorCancellation] CancellationToken ct)
        {
            foreach (var id in wanted)
            {
                source.Meanwhile?.Invoke();
                foreach (var part in windows[id].Chunk(source.ChunkRows))
                {
                    source.Faults.Pass();
                    await Task.Yield();
                    var kinds = part.Select(c => c.Value is null ? ChangeKind.Delete : ChangeKind.Upsert).ToArray();
                    yield return new ChunkRead(id, new ChangeChunk(Rows(datasets[id], part.Select(c => (c.Key, c.Value))), kinds, []));
                }

                yield return new WindowEnd(id, readings[id].UpTo!, sourceTime) { HasMore = readings[id].HasMore };
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private FaultPlan Faults => faults;
}

/// <summary>The last change of a key; a null value is a delete.</summary>
internal sealed record Change(long Key, string? Value, long Version);

/// <summary>A tracked table. Others write to it while it is read, as <see cref="FakeSource.Meanwhile"/> does from whichever thread reads.</summary>
internal sealed class FakeTable
{
    private readonly Lock _state = new();
    private readonly Dictionary<long, long> _changed = [];
    private Dictionary<long, string> _rows = [];
    private long _version;
    private long _minValid;

    /// <summary>The rows as they are now.</summary>
    public IReadOnlyDictionary<long, string> Rows
    {
        get
        {
            lock (_state)
                return new Dictionary<long, string>(_rows);
        }
    }

    public long Version => Volatile.Read(ref _version);

    public long MinValid => Volatile.Read(ref _minValid);

    /// <summary>The changes it still has.</summary>
    public int Kept
    {
        get
        {
            lock (_state)
                return _changed.Count;
        }
    }

    public void Put(long key, string value)
    {
        lock (_state)
        {
            _rows[key] = value;
            _changed[key] = ++_version;
        }
    }

    public void Delete(long key)
    {
        lock (_state)
        {
            if (_rows.Remove(key))
                _changed[key] = ++_version;
        }
    }

    /// <summary>Forgets the changes up to now, as retention does.</summary>
    public void Cleanup()
    {
        lock (_state)
        {
            _changed.Clear();
            _minValid = _version;
        }
    }

    /// <summary>Forgets the changes up to a version.</summary>
    public void Forget(long upTo)
    {
        lock (_state)
        {
            foreach (var key in _changed.Where(c => c.Value <= upTo).Select(c => c.Key).ToArray())
                _changed.Remove(key);
            _minValid = Math.Max(_minValid, upTo);
        }
    }

    /// <summary>Empties the table without tracking it, as TRUNCATE does: only the minimum valid version tells.</summary>
    public void Truncate()
    {
        lock (_state)
        {
            _rows.Clear();
            _changed.Clear();
            _minValid = ++_version;
        }
    }

    /// <summary>Goes back to an older state, as a restore does.</summary>
    public void Restore(IReadOnlyDictionary<long, string> rows, long version)
    {
        lock (_state)
            (_rows, _version) = (new(rows), version);
    }

    public List<Change> After(long version)
    {
        lock (_state)
            return [.. _changed.Where(c => c.Value > version).OrderBy(c => c.Value).Select(c => new Change(c.Key, _rows.GetValueOrDefault(c.Key), c.Value))];
    }
}
