using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Core.Sources.Pacing;

/// <summary>A source that never has more connections open than its budget allows.</summary>
/// <param name="source">The source; disposed by who made it.</param>
/// <param name="budget">Its connections.</param>
public sealed class BudgetedSource(IChangeSource source, ConnectionBudget budget) : IChangeSource
{
    /// <inheritdoc/>
    public string Name => source.Name;

    /// <inheritdoc/>
    public IRangeReader Ranges { get; } = new BudgetedRanges(source.Ranges, budget);

    /// <inheritdoc/>
    public ConnectionNeed ConnectionsFor(IReadOnlyCollection<Dataset> datasets) => source.ConnectionsFor(datasets);

    /// <inheritdoc/>
    public async ValueTask<IReadSession> OpenAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(requests);
        var held = await budget.ForSessionAsync(source.ConnectionsFor([.. requests.Select(r => r.Dataset)]).Session, ct);
        try
        {
            return new Session(await source.OpenAsync(requests, ct), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<SourceBacklog?> AcknowledgeAsync(IReadOnlyList<CommittedPosition> needed, CancellationToken ct)
    {
        using var held = budget.Acknowledgement is > 0 and var connections ? await budget.ForSessionAsync(connections, ct) : null;
        return await source.AcknowledgeAsync(needed, ct);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<DiscoveredObject>> DiscoverAsync(IReadOnlyList<string> patterns, CancellationToken ct)
    {
        using var held = await budget.ForTableAsync(ct);
        return await source.DiscoverAsync(patterns, ct);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CdcSyncException>> CheckAsync(Dataset dataset, CancellationToken ct)
    {
        using var held = await budget.ForTableAsync(ct);
        return await source.CheckAsync(dataset, ct);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Session(IReadSession session, IDisposable held) : IReadSession
    {
        public DateTimeOffset SourceTime => session.SourceTime;

        public IReadOnlyDictionary<DatasetId, Reading> Readings => session.Readings;

        public IReadOnlyDictionary<DatasetId, IReadOnlyList<SourceColumn>> Columns => session.Columns;

        public TimeSpan? HeldBackFor => session.HeldBackFor;

        public IAsyncEnumerable<ReadEvent> ReadAsync(IReadOnlyCollection<DatasetId> datasets, CancellationToken ct) => session.ReadAsync(datasets, ct);

        public async ValueTask DisposeAsync()
        {
            try
            {
                await session.DisposeAsync();
            }
            finally
            {
                held.Dispose();
            }
        }
    }
}
