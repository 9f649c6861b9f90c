using CdcSync.Core.Errors;

namespace CdcSync.Core.Sync;

/// <summary>Removes what workers that died left behind: stages in the warehouse, landing files that no batch of the ledger names; and the rows of quarantine entries that are kept long enough.</summary>
internal sealed class Sweeper(EngineContext engine)
{
    /// <summary>Sweeps now and then, until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            await SweepAsync(ct);
            await Task.Delay(engine.Options.SweepInterval, engine.Time, ct);
        }
    }

    /// <summary>Sweeps once. What can't be removed now is told, and removed another time.</summary>
    public async Task SweepAsync(CancellationToken ct)
    {
        try
        {
            await engine.Warehouse.SweepStagesAsync(ct);
            await engine.Warehouse.Control.ExpireQuarantinedAsync(engine.Pipeline, engine.Time.GetUtcNow() - engine.Options.QuarantineKeep, ct);
            await engine.Landing.SweepAsync(await engine.Warehouse.Control.ReadLandedPathsAsync(engine.Pipeline, ct), ct);
        }
        catch (CdcSyncException fault)
        {
            engine.Observer.WorkerFailed("warehouse", fault, engine.Options.SweepInterval);
        }
    }
}
