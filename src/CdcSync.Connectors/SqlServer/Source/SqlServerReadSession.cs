using System.Runtime.CompilerServices;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>One read transaction that serves all datasets of a pass. It ends when the session is disposed.</summary>
internal sealed class SqlServerReadSession : IReadSession
{
    private readonly SessionContext _context;
    private readonly Dictionary<DatasetId, DatasetReader> _readers;
    private readonly ReadTurns _turns;
    private readonly Func<bool> _isTooOld;

    /// <summary>Takes over a database that is in its read transaction.</summary>
    /// <param name="context">What the readers share.</param>
    /// <param name="readers">One per dataset.</param>
    /// <param name="turns">Who has waited longest reads first.</param>
    /// <param name="isTooOld">True once the transaction is as old as it may be.</param>
    public SqlServerReadSession(SessionContext context, Dictionary<DatasetId, DatasetReader> readers, ReadTurns turns, Func<bool> isTooOld)
    {
        (_context, _readers, _turns, _isTooOld) = (context, readers, turns, isTooOld);
        Readings = readers.ToDictionary(r => r.Key, r => r.Value.Reading);
    }

    public DateTimeOffset SourceTime => _context.Facts.Clock;

    public IReadOnlyDictionary<DatasetId, Reading> Readings { get; }

    public required IReadOnlyDictionary<DatasetId, IReadOnlyList<SourceColumn>> Columns { get; init; }

    /// <inheritdoc/>
    public TimeSpan? HeldBackFor => _context.OldestWriter;

    public async IAsyncEnumerable<ReadEvent> ReadAsync(IReadOnlyCollection<DatasetId> datasets, [EnumeratorCancellation] CancellationToken ct)
    {
        // The driver is read synchronously, which costs half of its asynchronous way; not on the caller's thread.
        await Task.Yield();
        using var cancellation = _context.Database.CancelledBy(ct);
        foreach (var dataset in _turns.InTurn(datasets))
        {
            // A window is never cut: the age is looked at between two of them.
            if (_isTooOld())
            {
                yield return new WindowFailed(dataset, new CdcSyncException(ErrorCodes.SourceReadTooLong, $"dataset {dataset}: the read transaction on {_context.Source} is as old as it may be; its turn comes first in the next.",
                    "It is tried again. Run: cdcsync status"));
                continue;
            }
            using var events = _readers[dataset].Read().GetEnumerator();
            while (Next(dataset, events, ct) is { } found)
            {
                yield return found;
                if (found is WindowFailed) break;
            }
            _turns.Took(dataset);
        }
    }

    public ValueTask DisposeAsync() => _context.Database.DisposeAsync();

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
