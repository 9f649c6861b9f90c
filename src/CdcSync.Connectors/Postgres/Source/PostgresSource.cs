using System.Collections.Concurrent;
using System.Diagnostics;
using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Marks;
using CdcSync.Connectors.Postgres.Source.Ranges;
using CdcSync.Connectors.Postgres.Source.Replication;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Marks;
using CdcSync.Core.Sources.Pacing;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>
/// A PostgreSQL database (15 or newer) as a source: change tracking by its log, high-water marks, full refresh. Rows are read in one REPEATABLE READ transaction per pass, which ends as soon as
/// the rows are spooled. docs/postgresql.md says what each capture sees and misses.
/// </summary>
public sealed class PostgresSource : IChangeSource, ITrackingSetup, ITrackingRemoval, IDiagnosable, IGrantable
{
    private readonly PostgresSourceOptions _options;
    private readonly TimeProvider _time;
    private readonly Catalogue _catalogue = new();
    private readonly ReadTurns _turns = new();
    private readonly SourceClock _clock;
    private readonly ConcurrentDictionary<DatasetId, MarkMemory> _memories = [];
    private readonly SlotSource _log;

    /// <summary>Creates the source; it is connected to by the first call.</summary>
    /// <param name="name">Its name in the pipeline.</param>
    /// <param name="options">Where it is and how it is read.</param>
    public PostgresSource(string name, PostgresSourceOptions options) : this(name, options, TimeProvider.System)
    {
    }

    /// <summary>With a clock of a test's own.</summary>
    internal PostgresSource(string name, PostgresSourceOptions options, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(options);
        (Name, _options, _time) = (name, options, time);
        _clock = new SourceClock(time);
        Ranges = new PostgresRangeReader(ConnectAsync, _catalogue);
        _log = new SlotSource(name, options, _catalogue, ConnectAsync, time);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IRangeReader Ranges { get; }

    /// <inheritdoc/>
    public async ValueTask<IReadSession> OpenAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var tracked = requests.Where(r => r.Dataset.Capture is Capture.ChangeTracking).ToList();
        if (tracked.Count == 0) return await OpenSnapshotAsync(requests, ct);
        var log = await _log.OpenAsync(tracked, ct);
        if (tracked.Count == requests.Count) return log;
        try
        {
            return new JoinedSession(log, await OpenSnapshotAsync([.. requests.Except(tracked)], ct));
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>The slot is moved. The rows under a mark that were handed over are not handed over again.</remarks>
    public ValueTask<SourceBacklog?> AcknowledgeAsync(IReadOnlyList<CommittedPosition> needed, CancellationToken ct)
    {
        foreach (var (dataset, position) in needed)
            if (_memories.TryGetValue(dataset, out var memory)) memory.Commit(TimelineReader.Split(position).Mark);
        return _log.Keeper.AcknowledgeAsync(needed, ct);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<DiscoveredObject>> DiscoverAsync(IReadOnlyList<string> patterns, CancellationToken ct) =>
        AskAsync(connection => PostgresDiscovery.Of(_catalogue.DescribeAll(connection), LogFacts.Ask(connection, _options.Slot, _options.Publication), patterns), ct);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CdcSyncException>> CheckAsync(Dataset dataset, CancellationToken ct) => AskAsync(connection =>
    {
        var description = _catalogue.Describe(connection, dataset);
        var faults = DatasetInspection.Faults(Name, dataset, description, () => Catalogue.Names(connection));
        return faults.Count == 0 && dataset.Capture is Capture.ChangeTracking ? _log.Check(connection, dataset, description.Object!) : faults;
    }, ct);

    /// <inheritdoc/>
    public ConnectionNeed ConnectionsFor(IReadOnlyCollection<Dataset> datasets) => ConnectionsOf(datasets);

    /// <summary>The log is read in one session, and rows are looked up in another; what is not in the log is read in a third. The first is kept, with its copy of the slot.</summary>
    public static ConnectionNeed ConnectionsOf(IReadOnlyCollection<Dataset> datasets)
    {
        ArgumentNullException.ThrowIfNull(datasets);
        var tracked = datasets.Count(d => d.Capture is Capture.ChangeTracking);
        return tracked == 0 ? ConnectionNeed.One : new ConnectionNeed(Session: tracked == datasets.Count ? 2 : 3, Kept: 1, Acknowledgement: 1);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Finding>> DiagnoseAsync(IReadOnlyList<Dataset> datasets, CancellationToken ct) =>
        AskAsync(connection => new SourceDiagnosis(connection, _catalogue, _options.Slot).Findings(datasets), ct);

    /// <inheritdoc/>
    public GrantScript Grants(IReadOnlyList<Dataset> datasets, string login) => SourceGrants.For(SourceSettings.Database(_options), datasets, login);

    /// <summary>Which way a dataset is read by its timestamp now, and why.</summary>
    /// <param name="dataset">A dataset with a high-water mark.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Null if it has no such mark, or can't be read.</returns>
    public ValueTask<MarkWay?> MarkWayAsync(Dataset dataset, CancellationToken ct) => AskAsync(connection =>
    {
        if (dataset.Capture is not Capture.HighWaterMark capture || _catalogue.Describe(connection, dataset).Object?.Column(capture.Column) is not { } mark) return null;
        return MarkWay.Of(capture, mark, ReadTransaction.Ask(connection), OpenTransactions.Ask(connection));
    }, ct);

    /// <inheritdoc/>
    public bool KeepsByAge => false;

    /// <inheritdoc/>
    public async ValueTask<string> TrackingScriptAsync(IReadOnlyList<SourceObject.Table> tables, TimeSpan retention, CancellationToken ct) =>
        string.Join('\n', await AskAsync(connection => TrackingStatements(connection, tables), ct));

    /// <inheritdoc/>
    /// <remarks>A slot can't be made in a transaction that has written: what was done before a failure stays, and the next run goes on from there.</remarks>
    public async ValueTask EnableTrackingAsync(IReadOnlyList<SourceObject.Table> tables, TimeSpan retention, CancellationToken ct) =>
        await AskAsync(connection => Alter(connection, TrackingStatements(connection, tables), "switching change tracking on"), ct);

    /// <inheritdoc/>
    public async ValueTask<string> RemovalScriptAsync(CancellationToken ct) => string.Join('\n', await AskAsync(RemovalStatements, ct));

    /// <inheritdoc/>
    public async ValueTask RemoveTrackingAsync(CancellationToken ct)
    {
        // A copy of the slot that is kept for the next pass would keep the log.
        await _log.LetGoAsync();
        await AskAsync(connection => Alter(connection, RemovalStatements(connection), "removing slot and publication"), ct);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _log.DisposeAsync();

    private ValueTask<SourceConnection> ConnectAsync(CancellationToken ct) => SourceConnection.OpenAsync(Name, _options, ct);

    private IReadOnlyList<string> TrackingStatements(SourceConnection connection, IReadOnlyList<SourceObject.Table> tables) => new TrackingSetup(Name, _options.Slot, _options.Publication)
        .Statements(LogFacts.Ask(connection, _options.Slot, _options.Publication), tables, _catalogue.Describe(connection, tables));

    private IReadOnlyList<string> RemovalStatements(SourceConnection connection) =>
        new TrackingSetup(Name, _options.Slot, _options.Publication).Removal(LogFacts.Ask(connection, _options.Slot, _options.Publication));

    private static bool Alter(SourceConnection connection, IReadOnlyList<string> statements, string doing)
    {
        connection.Execute(SetupSql.AllowWrites(), doing);
        foreach (var statement in statements) connection.Execute(statement, doing);
        return true;
    }

    private async ValueTask<IReadSession> OpenSnapshotAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        var connection = await ConnectAsync(ct);
        try
        {
            return await Task.Run(() => Open(connection, requests, ct), ct);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private PostgresReadSession Open(SourceConnection connection, IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        using var cancellation = connection.CancelledBy(ct);
        var facts = ReadTransaction.Ask(connection);
        var clock = new SessionClock(facts.Clock, _clock.Observe(facts.Clock));
        var open = requests.Any(r => r.Dataset.Capture is Capture.HighWaterMark { IsStampedByServer: true }) ? OpenTransactions.Ask(connection) : null;
        var queries = requests.Where(r => r.Dataset.Object is SourceObject.Query).ToDictionary(r => r.Dataset.Id, r => _catalogue.Describe(connection, r.Dataset));
        var began = _time.GetTimestamp();
        var transaction = ReadTransaction.Begin(connection, facts);
        var tables = requests.Where(r => r.Dataset.Object is SourceObject.Table).ToList();
        var descriptions = tables.Zip(_catalogue.Describe(connection, [.. tables.Select(t => (SourceObject.Table)t.Dataset.Object)]), (t, o) => (t.Dataset.Id, Description: new Description(o)))
            .ToDictionary(d => d.Id, d => d.Description);
        var readers = requests.ToDictionary(r => r.Dataset.Id, r => Reader(transaction, r, queries.GetValueOrDefault(r.Dataset.Id) ?? descriptions[r.Dataset.Id], clock, open));
        return new PostgresReadSession(transaction, readers, _turns, () => _time.GetElapsedTime(began) > _options.MaxReadAge)
        {
            HeldBackFor = open is { MaySeeAll: true } ? facts.Clock - open.Oldest : null,
            Columns = descriptions.Concat(queries).Where(d => d.Value.Object is not null).ToDictionary(d => d.Key, d => d.Value.Object!.Describe()),
        };
    }

    private DatasetReader Reader(ReadTransaction transaction, ReadRequest request, Description description, SessionClock clock, OpenTransactions? open)
    {
        if (DatasetInspection.Faults(Name, request.Dataset, description, () => Catalogue.Names(transaction.Connection)) is [var fault, ..]) return NothingToRead.Denied(fault);
        return request.Dataset.Capture switch
        {
            Capture.FullRefresh => FullReader.Open(transaction, request, description.Object!),
            Capture.HighWaterMark { Kind: MarkKind.Timestamp } => Marks(from => StampReader.Open(transaction, from, description.Object!, _memories.GetOrAdd(request.Dataset.Id, _ => new MarkMemory()), clock, open)),
            Capture.HighWaterMark => Marks(from => NumberReader.Open(transaction, from, description.Object!)),
            var other => throw new UnreachableException(other.GetType().Name),
        };

        DatasetReader Marks(Func<ReadRequest, DatasetReader> read) => Apart(transaction, () => TimelineReader.Open(transaction.Facts, request, read));
    }

    // What goes wrong with one dataset leaves the others alone; where the session is gone, bringing the transaction back says so for all.
    private static DatasetReader Apart(ReadTransaction transaction, Func<DatasetReader> open)
    {
        transaction.Save();
        try
        {
            return open();
        }
        catch (CdcSyncException e)
        {
            transaction.Restore();
            return NothingToRead.Denied(e, transaction.Facts.Identity);
        }
    }

    private async ValueTask<T> AskAsync<T>(Func<SourceConnection, T> ask, CancellationToken ct)
    {
        await using var connection = await ConnectAsync(ct);
        return await Task.Run(() =>
        {
            using var cancellation = connection.CancelledBy(ct);
            return ask(connection);
        }, ct);
    }
}
