using System.Runtime.CompilerServices;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>One read transaction that serves all datasets of a pass. It ends when the session is disposed.</summary>
internal sealed class PostgresReadSession : IReadSession
{
    private readonly ReadTransaction _transaction;
    private readonly Dictionary<DatasetId, DatasetReader> _readers;
    private readonly ReadTurns _turns;
    private readonly Func<bool> _isTooOld;

    /// <summary>Takes over a connection that is in its read transaction.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="readers">One per dataset.</param>
    /// <param name="turns">Who has waited longest reads first.</param>
    /// <param name="isTooOld">True once the transaction is as old as it may be.</param>
    public PostgresReadSession(ReadTransaction transaction, Dictionary<DatasetId, DatasetReader> readers, ReadTurns turns, Func<bool> isTooOld)
    {
        (_transaction, _readers, _turns, _isTooOld) = (transaction, readers, turns, isTooOld);
        Readings = readers.ToDictionary(r => r.Key, r => r.Value.Reading);
    }

    public DateTimeOffset SourceTime => _transaction.Facts.Clock;

    public IReadOnlyDictionary<DatasetId, Reading> Readings { get; }

    public required IReadOnlyDictionary<DatasetId, IReadOnlyList<SourceColumn>> Columns { get; init; }

    /// <summary>The age of the oldest open transaction, where a dataset's mark waits for it.</summary>
    public TimeSpan? HeldBackFor { get; init; }

    public async IAsyncEnumerable<ReadEvent> ReadAsync(IReadOnlyCollection<DatasetId> datasets, [EnumeratorCancellation] CancellationToken ct)
    {
        // The wire is read synchronously; not on the caller's thread.
        await Task.Yield();
        using var cancellation = _transaction.Connection.CancelledBy(ct);
        foreach (var dataset in _turns.InTurn(datasets))
        {
            // A window is never cut: the age is looked at between two of them.
            if (_isTooOld())
            {
                yield return new WindowFailed(dataset, new CdcSyncException(ErrorCodes.SourceReadTooLong,
                    $"dataset {dataset}: the read transaction on {_transaction.Connection.Source} is as old as it may be; its turn comes first in the next.", "It is tried again. Run: cdcsync status"));
                continue;
            }
            using var events = _readers[dataset].Read().GetEnumerator();
            var isBegun = false;
            while (Next(dataset, events, ref isBegun, ct) is { } found)
            {
                yield return found;
                if (found is WindowFailed) break;
            }
            _turns.Took(dataset);
        }
    }

    public ValueTask DisposeAsync() => _transaction.Connection.DisposeAsync();

    private ReadEvent? Next(DatasetId dataset, IEnumerator<ReadEvent> events, ref bool isBegun, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            if (!isBegun) _transaction.Save();
            isBegun = true;
            return events.MoveNext() ? events.Current : null;
        }
        catch (CdcSyncException e)
        {
            Restore(events);
            return new WindowFailed(dataset, e);
        }
    }

    // The others of the session go on, if the session does; if not, their own statements say so.
    private void Restore(IDisposable events)
    {
        try
        {
            events.Dispose();
            _transaction.Restore();
        }
        catch (CdcSyncException)
        {
        }
    }
}
