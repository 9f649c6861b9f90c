using System.Runtime.CompilerServices;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>Two sessions as one: what is read from the log, and what is read in a snapshot.</summary>
internal sealed class JoinedSession(IReadSession first, IReadSession second) : IReadSession
{
    /// <summary>The earlier of both: what was committed before is in either.</summary>
    public DateTimeOffset SourceTime => first.SourceTime < second.SourceTime ? first.SourceTime : second.SourceTime;

    public IReadOnlyDictionary<DatasetId, Reading> Readings { get; } = first.Readings.Concat(second.Readings).ToDictionary(r => r.Key, r => r.Value);

    public IReadOnlyDictionary<DatasetId, IReadOnlyList<SourceColumn>> Columns { get; } = first.Columns.Concat(second.Columns).ToDictionary(c => c.Key, c => c.Value);

    public async IAsyncEnumerable<ReadEvent> ReadAsync(IReadOnlyCollection<DatasetId> datasets, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var session in new[] { first, second })
        {
            DatasetId[] its = [.. datasets.Where(session.Readings.ContainsKey)];
            if (its.Length == 0) continue;
            await foreach (var found in session.ReadAsync(its, ct)) yield return found;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
    }
}
