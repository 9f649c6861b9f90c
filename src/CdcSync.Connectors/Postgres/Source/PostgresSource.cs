using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Ranges;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>
/// A PostgreSQL database (15 or newer) as a source: high-water marks, full refresh. Each pass reads in one REPEATABLE READ transaction and lets go of it as soon as
/// the rows are spooled. docs/postgresql.md says what each capture sees and misses.
/// </summary>
public sealed class PostgresSource : IChangeSource
{
    private readonly PostgresSourceOptions _options;
    private readonly TimeProvider _time;
    private readonly Catalogue _catalogue = new();
    private readonly ReadTurns _turns = new();

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
        Ranges = new PostgresRangeReader(ConnectAsync, _catalogue);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IRangeReader Ranges { get; }

    /// <inheritdoc/>
    public async ValueTask<IReadSession> OpenAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
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

    /// <inheritdoc/>
    public ValueTask<SourceBacklog?> AcknowledgeAsync(IReadOnlyList<CommittedPosition> needed, CancellationToken ct) => new((SourceBacklog?)null);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<DiscoveredObject>> DiscoverAsync(IReadOnlyList<string> patterns, CancellationToken ct) =>
        AskAsync(connection => PostgresDiscovery.Of(_catalogue.DescribeAll(connection), patterns), ct);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CdcSyncException>> CheckAsync(Dataset dataset, CancellationToken ct) => AskAsync(connection =>
        DatasetInspection.Faults(Name, dataset, _catalogue.Describe(connection, dataset), () => Catalogue.Names(connection)), ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ValueTask<SourceConnection> ConnectAsync(CancellationToken ct) => SourceConnection.OpenAsync(Name, _options, ct);

    private PostgresReadSession Open(SourceConnection connection, IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        using var cancellation = connection.CancelledBy(ct);
        var facts = ReadTransaction.Ask(connection);
        var queries = requests.Where(r => r.Dataset.Object is SourceObject.Query).ToDictionary(r => r.Dataset.Id, r => _catalogue.Describe(connection, r.Dataset));
        var began = _time.GetTimestamp();
        var transaction = ReadTransaction.Begin(connection, facts);
        var tables = requests.Where(r => r.Dataset.Object is SourceObject.Table).ToList();
        var descriptions = tables.Zip(_catalogue.Describe(connection, [.. tables.Select(t => (SourceObject.Table)t.Dataset.Object)]), (t, o) => (t.Dataset.Id, Description: new Description(o)))
            .ToDictionary(d => d.Id, d => d.Description);
        var readers = requests.ToDictionary(r => r.Dataset.Id, r => Reader(transaction, r, queries.GetValueOrDefault(r.Dataset.Id) ?? descriptions[r.Dataset.Id]));
        return new PostgresReadSession(transaction, readers, _turns, () => _time.GetElapsedTime(began) > _options.MaxReadAge);
    }

    private DatasetReader Reader(ReadTransaction transaction, ReadRequest request, Description description)
    {
        if (DatasetInspection.Faults(Name, request.Dataset, description, () => Catalogue.Names(transaction.Connection)) is [var fault, ..]) return NothingToRead.Denied(fault);
        return request.Dataset.Capture switch
        {
            Capture.FullRefresh => FullReader.Open(transaction, request, description.Object!),
            _ => NothingToRead.Denied(new CdcSyncException(ErrorCodes.TrackingOff, $"dataset {request.Dataset.Id}: a PostgreSQL source has no {request.Dataset.Capture.GetType().Name} yet.", "Use capture: full-refresh. Run: cdcsync validate")),
        };
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
