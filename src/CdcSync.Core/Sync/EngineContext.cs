using CdcSync.Core.Checks;
using CdcSync.Core.Landing;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>What the parts of the engine share.</summary>
internal sealed record EngineContext(string Pipeline, IWarehouse Warehouse, LandingZone Landing, ISyncObserver Observer, TimeProvider Time, EngineOptions Options)
{
    /// <summary>One place per warehouse transaction that may run side by side.</summary>
    public WaitingLine Slots { get; } = new(Options.MaxParallel);

    /// <summary>Rings when a lane of another flow may have become due, or lanes were asked for something.</summary>
    public Bell Bell { get; } = new();

    /// <summary>What is known of the contracts' checks.</summary>
    public CheckBook Checks { get; } = new(Pipeline, Warehouse, Observer);
}
