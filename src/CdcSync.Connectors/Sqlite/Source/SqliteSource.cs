using System.Collections.Concurrent;
using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Connectors.Sqlite.Source.Discovery;
using CdcSync.Connectors.Sqlite.Source.Marks;
using CdcSync.Connectors.Sqlite.Source.Ranges;
using CdcSync.Connectors.Sqlite.Source.Tracking;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Marks;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>
/// A SQLite file as a source: change tracking by triggers, high-water marks, full refresh. Each pass opens the file read-only, reads in one transaction and
/// closes it. docs/sqlite.md says what each capture sees and misses.
/// </summary>
public sealed class SqliteSource : IChangeSource, ITrackingSetup, IDiagnosable
{
    private readonly SqliteSourceOptions _options;
    private readonly Func<SourceConnection, DateTimeOffset> _readClock;
    private readonly SourceClock _clock;
    private readonly ConcurrentDictionary<DatasetId, MarkMemory> _memories = [];
    private SqliteCatalog? _catalog;

    /// <summary>Creates the source; the file is opened by the first call.</summary>
    /// <param name="name">Its name in the pipeline.</param>
    /// <param name="options">Where it is and how it is read.</param>
    public SqliteSource(string name, SqliteSourceOptions options) : this(name, options, TimeProvider.System, SourceTime)
    {
    }

    /// <summary>With clocks of a test's own.</summary>
    internal SqliteSource(string name, SqliteSourceOptions options, TimeProvider time, Func<SourceConnection, DateTimeOffset> readClock)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(options);
        Name = name;
        _options = options;
        _readClock = readClock;
        _clock = new SourceClock(time);
        Ranges = new SqliteRangeReader(OpenToRead);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IRangeReader Ranges { get; }

    /// <inheritdoc/>
    public async ValueTask<IReadSession> OpenAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct) => await Task.Run(() => Open(requests, ct), ct);

    /// <inheritdoc/>
    /// <remarks>Nothing is written to the source: the rows under a mark that were handed over are not handed over again.</remarks>
    public ValueTask<SourceBacklog?> AcknowledgeAsync(IReadOnlyList<CommittedPosition> needed, CancellationToken ct)
    {
        foreach (var (dataset, position) in needed)
            if (_memories.TryGetValue(dataset, out var memory)) memory.Commit(position);
        return new((SourceBacklog?)null);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<DiscoveredObject>> DiscoverAsync(IReadOnlyList<string> patterns, CancellationToken ct) =>
        await InTransactionAsync((connection, catalog) => new SqliteDiscovery(connection, catalog).Find(patterns), ct);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CdcSyncException>> CheckAsync(Dataset dataset, CancellationToken ct) =>
        await InTransactionAsync((connection, catalog) => DatasetInspection.Faults(connection, catalog, dataset), ct);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Finding>> DiagnoseAsync(IReadOnlyList<Dataset> datasets, CancellationToken ct) =>
        await InTransactionAsync((connection, catalog) => SourceDiagnosis.Findings(connection, catalog, datasets), ct);

    /// <summary>The statements that <see cref="EnableTrackingAsync"/> would run; empty = all the tables are tracked.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="retention">How long changes are kept at least.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="CdcSyncException">A table is missing, is a view, or has no key.</exception>
    public async ValueTask<string> TrackingScriptAsync(IReadOnlyList<string> tables, TimeSpan retention, CancellationToken ct) =>
        await InTransactionAsync((connection, catalog) => SqliteTracking.Script(connection, catalog, tables, retention), ct);

    /// <summary>Turns change tracking on for tables, in one transaction; those that are tracked already only get the retention. Writes to the source.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="retention">How long changes are kept at least; longer than the longest pause of the pipeline.</param>
    /// <param name="ct">Cancels; nothing is changed then.</param>
    /// <exception cref="CdcSyncException">A table is missing, is a view, or has no key; or its triggers don't compile. Nothing was changed then.</exception>
    public async ValueTask EnableTrackingAsync(IReadOnlyList<string> tables, TimeSpan retention, CancellationToken ct) =>
        await WriteAsync(connection => SqliteTracking.Enable(connection, tables, retention), ct);

    ValueTask<string> ITrackingSetup.TrackingScriptAsync(IReadOnlyList<SourceObject.Table> tables, TimeSpan retention, CancellationToken ct) =>
        TrackingScriptAsync([.. tables.Select(t => t.Name)], retention, ct);

    ValueTask ITrackingSetup.EnableTrackingAsync(IReadOnlyList<SourceObject.Table> tables, TimeSpan retention, CancellationToken ct) =>
        EnableTrackingAsync([.. tables.Select(t => t.Name)], retention, ct);

    /// <summary>Turns change tracking off for tables and removes all that belongs to it, in one transaction. Writes to the source.</summary>
    /// <param name="tables">The tables; those that are not tracked, or gone, are no error.</param>
    /// <param name="ct">Cancels; nothing is changed then.</param>
    public async ValueTask RemoveTrackingAsync(IReadOnlyList<string> tables, CancellationToken ct) =>
        await WriteAsync(connection => SqliteTracking.Remove(connection, tables), ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private SqliteReadSession Open(IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        var connection = SourceConnection.Open(_options, Name);
        try
        {
            using var cancellation = connection.CancelledBy(ct);
            // Before the snapshot: what was committed before this instant is in it.
            var sourceTime = _readClock(connection);
            var clock = new SessionClock(sourceTime, _clock.Observe(sourceTime));
            connection.Execute("BEGIN", "beginning to read");
            var catalog = ReadCatalog(connection);
            var readers = requests.ToDictionary(r => r.Dataset.Id, r => Reader(connection, catalog, r, clock));
            var tables = requests.Select(r => (r.Dataset.Id, Table: DatasetInspection.Table(connection, catalog, r.Dataset))).Where(t => t.Table is not null);
            return new SqliteReadSession(connection, sourceTime, readers) { Columns = tables.ToDictionary(t => t.Id, t => t.Table!.Describe()) };
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private DatasetReader Reader(SourceConnection connection, SqliteCatalog catalog, ReadRequest request, SessionClock clock)
    {
        try
        {
            if (DatasetInspection.Faults(connection, catalog, request.Dataset) is [var fault, ..])
                return new UnreadableDataset(Reading.Failed(ReadingState.Denied, fault));
            var table = DatasetInspection.Table(connection, catalog, request.Dataset);
            return request.Dataset.Capture switch
            {
                Capture.ChangeTracking => TrackedReader.Open(connection, request, table!),
                Capture.HighWaterMark => MarkReader.Open(connection, request, table, _memories.GetOrAdd(request.Dataset.Id, _ => new MarkMemory()), clock, FileIdentity()),
                Capture.FullRefresh => FullReader.Open(connection, request, FileIdentity()),
                var other => throw new InvalidOperationException(other.GetType().Name),
            };
        }
        catch (CdcSyncException e) when (!e.IsTransient)
        {
            return new UnreadableDataset(Reading.Failed(ReadingState.Denied, e));
        }
    }

    private (SourceConnection, SqliteCatalog) OpenToRead()
    {
        var connection = SourceConnection.Open(_options, Name);
        try
        {
            return (connection, ReadCatalog(connection));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private async Task<T> InTransactionAsync<T>(Func<SourceConnection, SqliteCatalog, T> read, CancellationToken ct) => await Task.Run(() =>
    {
        using var connection = SourceConnection.Open(_options, Name);
        using var cancellation = connection.CancelledBy(ct);
        connection.Execute("BEGIN", "beginning to read");
        return read(connection, ReadCatalog(connection));
    }, ct);

    private async Task WriteAsync(Action<SourceConnection> write, CancellationToken ct) => await Task.Run(() =>
    {
        using var connection = SourceConnection.Open(_options, Name, SourceAccess.Write);
        using var cancellation = connection.CancelledBy(ct);
        write(connection);
    }, ct);

    /// <summary>The file, by the path it really has: what tells sources apart where nothing in them does.</summary>
    private SourceIdentity FileIdentity()
    {
        var path = Path.GetFullPath(_options.Path);
        return new SourceIdentity("sqlite-file", File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
    }

    private SqliteCatalog ReadCatalog(SourceConnection connection) => _catalog = SqliteCatalog.Read(connection, _catalog);

    private static DateTimeOffset SourceTime(SourceConnection connection)
    {
        using var now = connection.Prepare(SourceSql.SourceTime, "reading the source's clock");
        now.Step();
        return DateTimeOffset.FromUnixTimeMilliseconds(now.Integer(0));
    }
}
