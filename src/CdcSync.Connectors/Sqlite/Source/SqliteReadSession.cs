using System.Runtime.CompilerServices;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>One read transaction that serves all datasets of a pass. It ends when the session is disposed.</summary>
internal sealed class SqliteReadSession : IReadSession
{
    private readonly SourceConnection _connection;
    private readonly Dictionary<DatasetId, DatasetReader> _readers;

    /// <summary>Takes over a connection that is in its read transaction.</summary>
    public SqliteReadSession(SourceConnection connection, DateTimeOffset sourceTime, Dictionary<DatasetId, DatasetReader> readers)
    {
        _connection = connection;
        _readers = readers;
        SourceTime = sourceTime;
        Readings = readers.ToDictionary(r => r.Key, r => r.Value.Reading);
    }

    public DateTimeOffset SourceTime { get; }

    public IReadOnlyDictionary<DatasetId, Reading> Readings { get; }

    public required IReadOnlyDictionary<DatasetId, IReadOnlyList<SourceColumn>> Columns { get; init; }

    public async IAsyncEnumerable<ReadEvent> ReadAsync(IReadOnlyCollection<DatasetId> datasets, [EnumeratorCancellation] CancellationToken ct)
    {
        // Reading a file never waits: without this the caller's own work could not overlap it.
        await Task.Yield();
        using var cancellation = _connection.CancelledBy(ct);
        foreach (var dataset in datasets)
        {
            using var events = _readers[dataset].Read().GetEnumerator();
            while (Next(dataset, events, ct) is { } found)
            {
                yield return found;
                if (found is WindowFailed) break;
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _connection.Dispose();
        return ValueTask.CompletedTask;
    }

    private static ReadEvent? Next(DatasetId dataset, IEnumerator<ReadEvent> events, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            return events.MoveNext() ? events.Current : null;
        }
        catch (CdcSyncException e)
        {
            return new WindowFailed(dataset, e);
        }
    }
}
