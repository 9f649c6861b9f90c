using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>Moves the pipeline's slot forward, to the lowest position that a dataset still needs, so that the server can remove what lies before.</summary>
internal sealed class SlotKeeper(PostgresSourceOptions options, LogFaults faults, Func<CancellationToken, ValueTask<SourceConnection>> connect, TimeProvider time) : IAsyncDisposable
{
    private readonly HashSet<DatasetId> _detached = [];
    private long? _movedAt;
    private Lsn? _pending;
    private bool _isUsed;

    private SemaphoreSlim Turn { get; } = new(1);

    /// <summary>Does something while the slot is not being moved, which would show it as in use.</summary>
    public async ValueTask<T> BesideAsync<T>(Func<T> work, CancellationToken ct)
    {
        _isUsed = true;
        await Turn.WaitAsync(ct);
        try
        {
            return await Task.Run(work, ct);
        }
        finally
        {
            Turn.Release();
        }
    }

    /// <summary>Moves the slot, at most every so often: each time the server reads its log again from where the oldest open transaction began.</summary>
    /// <param name="needed">Where the datasets go on from; of those not named nothing is needed.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>What the server still keeps; null = it was not asked.</returns>
    public async ValueTask<SourceBacklog?> AcknowledgeAsync(IReadOnlyList<CommittedPosition> needed, CancellationToken ct)
    {
        if (!_isUsed) return null;
        await Turn.WaitAsync(ct);
        try
        {
            var positions = needed.Where(n => n.Position.Kind == LogPosition.Kind).Select(n => (n.Dataset, At: LogPosition.Parse(n.Position.Canonical)?.At ?? Lsn.Zero)).ToList();
            if (positions.Count == 0) return null;
            var first = positions.Max(p => p.At);
            var behind = positions.Where(p => first.Since(p.At) > options.RetainLimit).ToList();
            _pending = positions.Except(behind).Min(p => p.At);
            if (_movedAt is { } at && time.GetElapsedTime(at) < options.AcknowledgeEvery) return null;
            var bytes = await MoveAsync(_pending.Value, ct);
            var detached = behind.Where(b => _detached.Add(b.Dataset)).Select(b => faults.Detached(b.Dataset, first.Since(b.At), options.RetainLimit)).ToList();
            _detached.IntersectWith(behind.Select(b => b.Dataset));
            return new SourceBacklog(bytes, detached);
        }
        finally
        {
            Turn.Release();
        }
    }

    /// <summary>Does what was put off.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_pending is { } at)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            try
            {
                await MoveAsync(at, patience.Token);
            }
            catch (Exception e) when (e is CdcSyncException or OperationCanceledException)
            {
                // The next worker acknowledges again.
            }
        }
    }

    private async Task<long> MoveAsync(Lsn to, CancellationToken ct)
    {
        await using var connection = await connect(ct);
        var bytes = await Task.Run(() => Move(connection, to, ct), ct);
        (_movedAt, _pending) = (time.GetTimestamp(), null);
        return bytes;
    }

    private long Move(SourceConnection connection, Lsn to, CancellationToken ct)
    {
        using var cancellation = connection.CancelledBy(ct);
        var before = LogFacts.Ask(connection, options.Slot, options.Publication);
        if (before.Slot?.Confirmed is not { } confirmed || before.Server.Flushed is not { } flushed) return 0;
        // The server moves a slot no further than its log is safe, and never back.
        if (to > confirmed && to <= flushed) connection.Ask([Parameter.Statement(SlotSql.Advance(), Parameter.Text(options.Slot), Parameter.Text($"{to}"))], $"moving the slot {options.Slot}", _ => true);
        var after = LogFacts.Ask(connection, options.Slot, options.Publication);
        return after is { Slot.Restart: { } restart, Server.Flushed: { } end } ? end.Since(restart) : 0;
    }
}
