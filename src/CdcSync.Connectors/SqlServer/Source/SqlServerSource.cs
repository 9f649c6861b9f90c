using System.Collections.Concurrent;
using System.Diagnostics;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Marks;
using CdcSync.Connectors.SqlServer.Source.Ranges;
using CdcSync.Connectors.SqlServer.Source.Tracking;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Marks;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>
/// A SQL Server database as a source: change tracking, rowversions, high-water marks, full refresh. Each pass reads in one SNAPSHOT transaction and lets go of it as
/// soon as the rows are spooled. docs/sqlserver.md says what each capture sees and misses.
/// </summary>
public sealed class SqlServerSource : IChangeSource, ITrackingSetup, IDiagnosable, IGrantable
{
    private readonly Func<CancellationToken, ValueTask<ISourceDatabase>> _open;
    private readonly TimeSpan _maxReadAge;
    private readonly TimeProvider _time;
    private readonly VersionClock _versions = new();
    private readonly ReadTurns _turns = new();
    private readonly SourceClock _clock;
    private readonly ConcurrentDictionary<DatasetId, MarkMemory> _memories = [];

    /// <summary>Creates the source; it is connected to by the first call.</summary>
    /// <param name="name">Its name in the pipeline.</param>
    /// <param name="options">Where it is and how it is read.</param>
    public SqlServerSource(string name, SqlServerSourceOptions options) : this(name, ct => WireDatabase.OpenAsync(name, options, ct), options.MaxReadAge, TimeProvider.System)
    {
    }

    /// <summary>Over another server than one on the wire.</summary>
    internal SqlServerSource(string name, Func<CancellationToken, ValueTask<ISourceDatabase>> open, TimeSpan maxReadAge, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        (Name, _open, _maxReadAge, _time) = (name, open, maxReadAge, time);
        _clock = new SourceClock(time);
        Ranges = new SqlServerRangeReader(name, open);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IRangeReader Ranges { get; }

    /// <inheritdoc/>
    public async ValueTask<IReadSession> OpenAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var database = await _open(ct);
        try
        {
            return await Task.Run(() => Open(database, requests, ct), ct);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Nothing is written to the source: the rows under a mark that were handed over are not handed over again.</remarks>
    public ValueTask<SourceBacklog?> AcknowledgeAsync(IReadOnlyList<CommittedPosition> needed, CancellationToken ct)
    {
        foreach (var (dataset, position) in needed)
            if (_memories.TryGetValue(dataset, out var memory)) memory.Commit(position);
        return new((SourceBacklog?)null);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<DiscoveredObject>> DiscoverAsync(IReadOnlyList<string> patterns, CancellationToken ct) =>
        AskAsync(database => SqlServerDiscovery.Of(database.DescribeAll(), patterns), ct);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CdcSyncException>> CheckAsync(Dataset dataset, CancellationToken ct) =>
        AskAsync(database => DatasetInspection.Faults(Name, dataset, database.Describe([dataset.Object])[0]), ct);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Finding>> DiagnoseAsync(IReadOnlyList<Dataset> datasets, CancellationToken ct) =>
        AskAsync(database => SourceDiagnosis.Findings(Name, database, datasets), ct);

    /// <inheritdoc/>
    public GrantScript Grants(IReadOnlyList<Dataset> datasets, string login) => SourceGrants.For(datasets, login);

    /// <inheritdoc/>
    public ValueTask<string> TrackingScriptAsync(IReadOnlyList<SourceObject.Table> tables, TimeSpan retention, CancellationToken ct) =>
        AskAsync(database => string.Join('\n', TrackingSetup.Statements(Name, database, tables, retention).Select(s => s.Text)), ct);

    /// <inheritdoc/>
    /// <remarks>ALTER DATABASE takes no part in a transaction: what was done before a failure stays, and the next run goes on from there.</remarks>
    public async ValueTask EnableTrackingAsync(IReadOnlyList<SourceObject.Table> tables, TimeSpan retention, CancellationToken ct) => await AskAsync(database =>
    {
        foreach (var statement in TrackingSetup.Statements(Name, database, tables, retention)) database.Alter(statement);
        return true;
    }, ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private SqlServerReadSession Open(ISourceDatabase database, IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        using var cancellation = database.CancelledBy(ct);
        var facts = database.Facts();
        var clock = new SessionClock(facts.Clock, _clock.Observe(facts.Clock));
        var descriptions = database.Describe([.. requests.Select(r => r.Dataset.Object)]);
        var hasRowVersions = requests.Any(r => r.Dataset.Capture is Capture.HighWaterMark { Kind: MarkKind.RowVersion });
        var ceiling = hasRowVersions ? database.Ceiling() : 0;
        var context = new SessionContext(Name, database, facts, facts.AllowsSnapshot ? ReadIsolation.Snapshot : ReadIsolation.Committed, ceiling, _versions)
        {
            OldestWriter = hasRowVersions ? database.OldestWriter() : null,
        };
        var began = _time.GetTimestamp();
        database.Begin(context.Isolation);
        var readers = new Dictionary<DatasetId, DatasetReader>();
        var tracked = new List<(ReadRequest Request, SqlServerObject Table)>();
        foreach (var (request, description) in requests.Zip(descriptions))
        {
            if (DatasetInspection.Faults(Name, request.Dataset, description) is [var fault, ..]) readers[request.Dataset.Id] = NothingToRead.Denied(fault);
            else if (request.Dataset.Capture is Capture.ChangeTracking) tracked.Add((request, description.Object!));
            else readers[request.Dataset.Id] = Untracked(context, request, description.Object!, clock);
        }

        foreach (var (request, reader) in Tracked(context, tracked)) readers[request.Dataset.Id] = reader;
        return new SqlServerReadSession(context, readers, _turns, () => _time.GetElapsedTime(began) > _maxReadAge)
        {
            Columns = requests.Zip(descriptions).Where(r => r.Second.Object is not null).ToDictionary(r => r.First.Dataset.Id, r => r.Second.Object!.Describe()),
        };
    }

    private static IEnumerable<(ReadRequest, DatasetReader)> Tracked(SessionContext context, List<(ReadRequest Request, SqlServerObject Table)> tracked)
    {
        if (tracked.Count == 0) yield break;
        if (context.Facts.IsReadOnly)
        {
            foreach (var (request, _) in tracked) yield return (request, NothingToRead.Denied(TrackingFaults.NotPrimary($"dataset {request.Dataset.Id}: the database is read-only"), context.Identity));
            yield break;
        }
        var versions = context.Database.Versions([.. tracked.Select(t => (t.Table, TrackedReader.Last(t.Request)))]);
        if (versions.Current is { } current) context.Versions.Observe(current, context.Facts.Clock);
        foreach (var ((request, table), found) in tracked.Zip(versions.Tables)) yield return (request, TrackedReader.Open(context, request, table, versions.Current, found));
    }

    private DatasetReader Untracked(SessionContext context, ReadRequest request, SqlServerObject source, SessionClock clock)
    {
        try
        {
            return request.Dataset.Capture switch
            {
                Capture.HighWaterMark { Kind: MarkKind.RowVersion } => RowVersionReader.Open(context, request, source),
                Capture.HighWaterMark => MarkReader.Open(context, request, source, _memories.GetOrAdd(request.Dataset.Id, _ => new MarkMemory()), clock),
                Capture.FullRefresh => FullReader.Open(context, request, source),
                var other => throw new UnreachableException(other.GetType().Name),
            };
        }
        catch (CdcSyncException e) when (!e.IsTransient)
        {
            return NothingToRead.Denied(e);
        }
    }

    private async ValueTask<T> AskAsync<T>(Func<ISourceDatabase, T> ask, CancellationToken ct)
    {
        await using var database = await _open(ct);
        return await Task.Run(() =>
        {
            using var cancellation = database.CancelledBy(ct);
            return ask(database);
        }, ct);
    }
}
