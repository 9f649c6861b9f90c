using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;

namespace CdcSync.Core.Sync;

/// <summary>
/// Tells a source from where on its changes are needed. Datasets may share what a source keeps (a slot), so all of them are named each time: those of this pass, those not
/// due, those whose batch is blocked or failing, and those being loaded. Only a dataset that has to be loaded anew needs nothing.
/// </summary>
internal sealed class Acknowledgement(EngineContext engine, IChangeSource source, IReadOnlyList<Lane> lanes)
{
    private long _asked;
    private long _told;

    private SemaphoreSlim Turn { get; } = new(1);

    /// <summary>Reads the checkpoints back from the warehouse and tells the source. Callers that come while one is telling share the next one's answer.</summary>
    public async Task TellAsync(CancellationToken ct)
    {
        var mine = Interlocked.Increment(ref _asked);
        await Turn.WaitAsync(ct);
        try
        {
            if (_told >= mine)
                return;
            var upTo = Interlocked.Read(ref _asked);
            await TellNowAsync(ct);
            _told = upTo;
        }
        catch (CdcSyncException fault)
        {
            engine.Observer.WorkerFailed("source", fault, TimeSpan.Zero);       // the rows are in; the next pass acknowledges again
        }
        finally
        {
            Turn.Release();
        }
    }

    private async Task TellNowAsync(CancellationToken ct)
    {
        // Looked at before and after: a load that began meanwhile goes on from a position that these checkpoints may be beyond, one that ended meanwhile from its own.
        var before = Loads();
        DatasetId[] ids = [.. lanes.Where(l => !l.NeedsResync).Select(l => l.Dataset.Id)];
        var committed = await engine.Warehouse.Control.ReadCheckpointsAsync(ids, ct);
        CommittedPosition?[] loads = [.. before, .. Loads()];
        if (loads.Contains(null))
            return;
        if (await source.AcknowledgeAsync([.. committed.Select(c => new CommittedPosition(c.Key, c.Value.Stream)), .. loads.Select(l => l!)], ct) is { } backlog)
        {
            engine.Observer.SourceRetains(source.Name, backlog.Bytes);
            foreach (var detached in backlog.Detached)
                engine.Observer.WorkerFailed("source", detached, TimeSpan.Zero);
        }

        Failpoints.Hit(Failpoints.Acknowledged);
    }

    /// <summary>What loads under way need; null = a position that is just being asked for.</summary>
    private CommittedPosition?[] Loads() =>
        [.. lanes.Select(l => (l.Dataset.Id, l.Load)).Where(l => l.Load is not null).Select(l => l.Load!.From is { } from ? new CommittedPosition(l.Id, from) : null)];
}
