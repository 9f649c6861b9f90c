using System.Collections.Concurrent;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using Npgsql;
using NpgsqlTypes;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>
/// Reads the datasets captured by <c>change-tracking</c>: one slot and one publication for all of them. Pulls: each pass asks a copy of the slot for whole transactions up
/// to where the log is now. docs/postgresql.md has the rules; each has a test of its name.
/// </summary>
internal sealed class SlotSource : IAsyncDisposable
{
    private readonly string _name;
    private readonly PostgresSourceOptions _options;
    private readonly Catalogue _catalogue;
    private readonly Func<CancellationToken, ValueTask<SourceConnection>> _connect;
    private readonly TimeProvider _time;
    private readonly LogFaults _faults;
    private readonly LogWaits _waits;
    private SlotReader? _idle;
    private readonly ConcurrentDictionary<DatasetId, LogGap> _gaps = new();
    private readonly ConcurrentDictionary<DatasetId, (Position From, Lsn UpTo)> _unchanged = new();
    private readonly SlotKeeper _keeper;

    public SlotSource(string name, PostgresSourceOptions options, Catalogue catalogue, Func<CancellationToken, ValueTask<SourceConnection>> connect, TimeProvider time)
    {
        (_name, _options, _catalogue, _connect, _time) = (name, options, catalogue, connect, time);
        _faults = new LogFaults(name, options.Slot, options.Publication);
        _keeper = new SlotKeeper(options, _faults, connect, time);
        _waits = new LogWaits(_faults, time);
    }

    /// <summary>Moves the slot.</summary>
    public SlotKeeper Keeper => _keeper;

    /// <summary>Opens a session for datasets that are captured by change tracking.</summary>
    public async ValueTask<IReadSession> OpenAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        while (true)
        {
            var reader = Interlocked.Exchange(ref _idle, null);
            var isKept = reader is not null;
            reader ??= SlotReader.On(await _connect(ct), _options.Slot);
            try
            {
                // The slot is in use for a moment while this very source moves it, or another process of the pipeline does.
                var facts = await _waits.UnusedAsync(() => _keeper.BesideAsync(() => Ask(reader, ct), ct), ct);
                return await Task.Run(() => OpenAsync(reader, facts, requests, ct), ct);
            }
            catch (CdcSyncException fault) when (isKept && fault.IsTransient && !ct.IsCancellationRequested)
            {
                await reader.DisposeAsync();                             // a session that was kept may be gone: a new one tells whether the server is
            }
            catch
            {
                await reader.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>What keeps a dataset from being read from the log; its rows can be read.</summary>
    public IReadOnlyList<CdcSyncException> Check(SourceConnection connection, Dataset dataset, PostgresObject found)
    {
        var facts = LogFacts.Ask(connection, _options.Slot, _options.Publication);
        if (_faults.Of(facts with { Slot = facts.Slot is null ? null : facts.Slot with { ActivePid = null } }) is { } fault) return [fault];
        if (!connection.Ask([Parameter.Statement(SlotSql.MayReplicate())], "reading the role's rights", rows => rows.Read() && rows.GetBoolean(0))) return [_faults.NoReplication(dataset)];
        return [.. TrackingInspection.Faults(dataset, found, facts.Publication!, _faults)];
    }

    /// <summary>A session to look rows up in.</summary>
    public async ValueTask<RowLookup> LookupAsync(CancellationToken ct) => new(await _connect(ct), _faults, _time);

    /// <summary>A place that a dataset can't be read across was found while rows before it were handed over.</summary>
    public void Remember(DatasetId dataset, LogGap gap) => _gaps[dataset] = gap;

    /// <summary>Keeps one reader for the next session.</summary>
    public ValueTask ReturnAsync(SlotReader reader)
    {
        return reader.IsWhole && Interlocked.CompareExchange(ref _idle, reader, null) is null ? ValueTask.CompletedTask : reader.DisposeAsync();
    }

    /// <summary>Ends the session that is kept, and with it its copy of the slot.</summary>
    public async ValueTask LetGoAsync()
    {
        if (Interlocked.Exchange(ref _idle, null) is { } reader) await reader.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _keeper.DisposeAsync();
        await LetGoAsync();
    }

    private LogFacts Ask(SlotReader reader, CancellationToken ct)
    {
        using var cancellation = reader.Connection.CancelledBy(ct);
        return LogFacts.Ask(reader.Connection, _options.Slot, _options.Publication);
    }

    private async Task<IReadSession> OpenAsync(SlotReader reader, LogFacts facts, IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        using var cancellation = reader.Connection.CancelledBy(ct);
        var readings = new Dictionary<DatasetId, Reading>();
        var identity = new ServerFacts(facts.Server.Clock, facts.Server.IsStandby, facts.Server.System, facts.Server.DatabaseName, facts.Server.Timeline).Identity;
        var (flushed, clock) = facts.Server.IsStandby ? new LogEnd(Lsn.Zero, facts.Server.Clock) : await _waits.EndAsync(reader.Connection, facts.Server, ct);
        var tracked = new List<TrackedDataset>();
        var starts = new List<(Dataset Dataset, LogPosition At)>();
        // Described after the end of what is read was fixed: what was altered since shows as a difference to the checkpoint, or comes with the next window.
        var tables = requests.Where(r => r.Dataset.Object is SourceObject.Table).ToList();
        var found = tables.Zip(_catalogue.Describe(reader.Connection, [.. tables.Select(t => (SourceObject.Table)t.Dataset.Object)]), (t, o) => (t.Dataset.Id, Object: o)).ToDictionary(d => d.Id, d => d.Object);
        foreach (var request in requests)
        {
            var (dataset, table) = (request.Dataset, found.GetValueOrDefault(request.Dataset.Id));
            if (request.From is { } made && Lost(dataset, made, facts, identity) is { } lost)
            {
                readings[dataset.Id] = lost with { Identity = identity };
                continue;
            }
            if (Refusal(reader.Connection, facts, dataset, table) is { } fault)
            {
                readings[dataset.Id] = Reading.Failed(ReadingState.Denied, fault, identity);
                continue;
            }
            var now = new LogPosition(flushed, facts.Server.Timeline, facts.Publication!.Version, facts.Publication.Members[table!.Oid].Oid, table.Oid, SchemaFingerprint.Of(dataset, table));
            if (request.From is not { } from) starts.Add((dataset, now));
            else if (Gap(dataset, from, now, table, out var after) is { } gap) readings[dataset.Id] = gap with { Identity = identity };
            else tracked.Add(new TrackedDataset(dataset, table, after, now));
        }
        var unsettled = starts.Count > 0 ? await _waits.UnsettledAsync(reader.Connection, ct) : null;
        foreach (var (dataset, at) in starts)
            readings[dataset.Id] = unsettled is null ? Reading.Start(identity, at.ToPosition()) : Reading.Failed(ReadingState.Denied, _faults.Unsettled($"the load of dataset {dataset.Id} can't begin", $"transaction {unsettled}"), identity);
        var window = Read(reader, flushed, tracked, readings, identity);
        Judge(window, flushed, tracked, requests, readings, identity);
        return new LogSession(this, reader, window, tracked, readings, clock, _options.LogBuffer) { Columns = found.Where(t => t.Value is not null).ToDictionary(t => t.Key, t => t.Value!.Describe()) };
    }

    /// <summary>Why a dataset can't be read from the log at all; null = it can.</summary>
    private CdcSyncException? Refusal(SourceConnection connection, LogFacts facts, Dataset dataset, PostgresObject? table)
    {
        if (dataset.Object is SourceObject.Query) return _faults.Off(dataset, "a query has no change tracking; use a high-water mark or full-refresh");
        return DatasetInspection.Faults(_name, dataset, new Description(table), () => Catalogue.Names(connection)).FirstOrDefault()
            ?? _faults.Of(facts) ?? TrackingInspection.Faults(dataset, table!, facts.Publication!, _faults).FirstOrDefault();
    }

    /// <summary>What happened to the server and the slot since a checkpoint was made, whatever else is wrong now; null = nothing.</summary>
    private Reading? Lost(Dataset dataset, Checkpoint from, LogFacts facts, SourceIdentity identity)
    {
        if (facts.Server.IsStandby) return null;
        if (CheckpointFit.Misfit(dataset, from, LogPosition.Kind, identity) is { } misfit) return misfit;
        if (LogPosition.Parse(from.Stream.Canonical) is not { } last) return CheckpointFit.Unreadable(dataset, identity);
        if (last.Timeline != facts.Server.Timeline) return CheckpointFaults.Rewound(dataset, $"the server is on timeline {facts.Server.Timeline}, the checkpoint on {last.Timeline}");
        if (last.At > facts.Server.Flushed) return CheckpointFaults.Rewound(dataset, $"the server's log ends at {facts.Server.Flushed}, the checkpoint is {last.At}");
        if (facts.Slot is null) return CheckpointFaults.Expired(dataset, $"there is no replication slot {_options.Slot} any more (cdcsync discover {_name} --enable-tracking --apply makes it anew)");
        if (facts.Slot.WalStatus == "lost" || facts.Slot.Confirmed is null) return CheckpointFaults.Expired(dataset, $"the slot {_options.Slot} has lost its log (max_slot_wal_keep_size)");
        // The server would forward an older start in silence.
        return facts.Slot.Confirmed <= last.At ? null
            : CheckpointFaults.Expired(dataset, $"the slot {_options.Slot} hands out changes from {facts.Slot.Confirmed} on, the checkpoint is {last.At}: it was made anew, read by something else, or went on without the dataset");
    }

    /// <summary>Why the log can't be gone on with from a checkpoint; null = it can, and then from where.</summary>
    private Reading? Gap(Dataset dataset, Checkpoint from, LogPosition now, PostgresObject table, out Lsn after)
    {
        var last = LogPosition.Parse(from.Stream.Canonical)!;
        after = _unchanged.TryGetValue(dataset.Id, out var seen) && seen.From == from.Stream ? seen.UpTo : last.At;
        if (last.Table != now.Table) return CheckpointFaults.Expired(dataset, $"{table} is another table than the checkpoint was made on: it was created again under its name");
        if (last.Publication != now.Publication || last.Membership != now.Membership) return CheckpointFaults.Expired(dataset, $"the publication was altered, or {table} was taken out of it and put back: what changed meanwhile is not known");
        if (last.Columns != now.Columns) return CheckpointFaults.ColumnsChanged(dataset, $"{table}");
        return _gaps.TryGetValue(dataset.Id, out var gap) && gap.At >= last.At ? gap.Reading : null;
    }

    /// <summary>Reads the window, as much of it as memory may hold; null = there is nothing in the log since.</summary>
    private LogWindow? Read(SlotReader reader, Lsn flushed, List<TrackedDataset> tracked, Dictionary<DatasetId, Reading> readings, SourceIdentity identity)
    {
        if (tracked.Count == 0 || tracked.All(t => t.After >= flushed)) return null;
        var columns = Columns(reader.Connection, [.. tracked.Select(t => t.Table.Oid).Distinct()]);
        var from = tracked.Min(t => t.After);
        var at = reader.MoveTo(from);
        foreach (var late in tracked.Where(t => t.After < at).ToList())
        {
            readings[late.Dataset.Id] = CheckpointFaults.Expired(late.Dataset, $"the slot {_options.Slot} went on to {at} while it was looked at, the checkpoint is {late.After}") with { Identity = identity };
            tracked.Remove(late);
            late.Dispose();
        }
        if (tracked.Count == 0) return null;
        var window = new LogWindow(reader.Read(_options.Publication, flushed, _options.LogMessages), _options.LogMessages, flushed, tracked, columns);
        try
        {
            window.Fill(_options.LogBuffer);
        }
        catch
        {
            window.Dispose();
            throw;
        }
        if (window.IsEnded) reader.Done(window.End);
        return window;
    }

    private void Judge(LogWindow? window, Lsn flushed, List<TrackedDataset> tracked, IReadOnlyList<ReadRequest> requests, Dictionary<DatasetId, Reading> readings, SourceIdentity identity)
    {
        var from = requests.Where(r => r.From is not null).ToDictionary(r => r.Dataset.Id, r => r.From!.Stream);
        foreach (var dataset in tracked)
        {
            var id = dataset.Dataset.Id;
            var upTo = dataset.UpTo(window is { IsEnded: true } ? window.End : flushed);
            if (dataset.Gap is { } gap) readings[id] = gap.Reading with { Identity = identity };
            else if (dataset.Fault is { } fault) readings[id] = Reading.Failed(ReadingState.Denied, fault, identity);
            else if (window is null) readings[id] = Reading.Unchanged(identity, upTo);
            else if (!window.IsEnded || dataset.HasChanges) readings[id] = Reading.Changed(identity, upTo);
            else
            {
                readings[id] = Reading.Unchanged(identity, upTo) with { HasMore = window.HasMore };
                // The checkpoint may be persisted later; until then what was found need not be read again.
                _unchanged[id] = (from[id], LogPosition.Parse(upTo.Canonical)!.At);
            }
        }
    }

    private static Dictionary<uint, IReadOnlyDictionary<string, (uint Type, int Modifier)>> Columns(SourceConnection connection, uint[] tables)
    {
        var parameter = new NpgsqlParameter<uint[]> { TypedValue = tables, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid };
        return connection.Ask([Parameter.Statement(SlotSql.Columns(), parameter)], "reading the catalogue", rows =>
        {
            var found = tables.ToDictionary(t => t, _ => new Dictionary<string, (uint, int)>(StringComparer.Ordinal));
            while (rows.Read()) found[rows.GetFieldValue<uint>(0)][rows.GetString(1)] = (rows.GetFieldValue<uint>(2), rows.GetInt32(3));
            return found.ToDictionary(t => t.Key, IReadOnlyDictionary<string, (uint, int)> (t) => t.Value);
        });
    }
}
