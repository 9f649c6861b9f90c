using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Sources.Pacing;

/// <summary>A source whose tables are read within a budget. Its changes are read as they are.</summary>
/// <param name="source">The source; disposed by who made it.</param>
/// <param name="budget">The budget.</param>
/// <param name="time">The clock.</param>
public sealed class PacedSource(IChangeSource source, ReadBudget budget, TimeProvider time) : IChangeSource
{
    /// <inheritdoc/>
    public string Name => source.Name;

    /// <inheritdoc/>
    public IRangeReader Ranges { get; } = new PacedRanges(source.Ranges, new Pace(budget, time));

    /// <inheritdoc/>
    public ValueTask<IReadSession> OpenAsync(IReadOnlyList<ReadRequest> requests, CancellationToken ct) => source.OpenAsync(requests, ct);

    /// <inheritdoc/>
    public ValueTask<SourceBacklog?> AcknowledgeAsync(IReadOnlyList<CommittedPosition> needed, CancellationToken ct) => source.AcknowledgeAsync(needed, ct);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<DiscoveredObject>> DiscoverAsync(IReadOnlyList<string> patterns, CancellationToken ct) => source.DiscoverAsync(patterns, ct);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CdcSyncException>> CheckAsync(Dataset dataset, CancellationToken ct) => source.CheckAsync(dataset, ct);

    /// <inheritdoc/>
    public ConnectionNeed ConnectionsFor(IReadOnlyCollection<Dataset> datasets) => source.ConnectionsFor(datasets);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
