using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>Holds a pipeline's lease: renews it at a third of its time, and cancels <see cref="Lost"/> as soon as it can't be sure of it any more.</summary>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    private readonly EngineContext _engine;
    private readonly CancellationTokenSource _lost;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;

    private LeaseKeeper(EngineContext engine, Lease lease, CancellationToken ct)
    {
        _engine = engine;
        Lease = lease;
        _lost = CancellationTokenSource.CreateLinkedTokenSource(ct);
        _engine.Observer.LeaseChanged(true);
        _renewing = RenewAsync();
    }

    /// <summary>The lease; its token is compared in every publishing transaction.</summary>
    public Lease Lease { get; }

    /// <summary>Cancelled when the lease is lost, or with the token given.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Takes the lease if it is free.</summary>
    /// <returns>The keeper; null while another worker has it.</returns>
    public static async Task<LeaseKeeper?> TryTakeAsync(EngineContext engine, CancellationToken ct)
    {
        var lease = await engine.Warehouse.Control.TryAcquireLeaseAsync(engine.Pipeline, engine.Options.Holder, engine.Options.LeaseDuration, ct);
        return lease is null ? null : new LeaseKeeper(engine, lease, ct);
    }

    /// <summary>Waits for a rival's lease to end, but not for ever: a crashed worker's lease ends by itself, a living one's is renewed.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.LeaseLost"/>: a living one has it.</exception>
    public static async Task<LeaseKeeper> TakeAsync(EngineContext engine, CancellationToken ct)
    {
        var patience = engine.Time.GetUtcNow() + engine.Options.LeaseDuration + TimeSpan.FromSeconds(2);
        while (true)
        {
            if (await TryTakeAsync(engine, ct) is { } keeper)
                return keeper;
            if (engine.Time.GetUtcNow() >= patience)
                throw new CdcSyncException(ErrorCodes.LeaseLost, $"pipeline '{engine.Pipeline}': another worker holds the lease and renews it.", "Let it work, or stop it first. Run: cdcsync status");
            await Task.Delay(TimeSpan.FromMilliseconds(200), engine.Time, ct);
        }
    }

    /// <summary>Stops renewing and gives the lease back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewing;
        try
        {
            await _engine.Warehouse.Control.ReleaseLeaseAsync(Lease, CancellationToken.None);
        }
        catch (CdcSyncException)
        {
            // It ends by itself at its time; whoever stands by then takes it.
        }

        _engine.Observer.LeaseChanged(false);
        _lost.Dispose();
        _stop.Dispose();
    }

    private async Task RenewAsync()
    {
        var duration = _engine.Options.LeaseDuration;
        var sureUntil = _engine.Time.GetUtcNow() + duration;
        while (true)
        {
            try
            {
                await Task.Delay(duration / 3, _engine.Time, _stop.Token);
                var asked = _engine.Time.GetUtcNow();
                if (await _engine.Warehouse.Control.RenewLeaseAsync(Lease, duration, _stop.Token) is null)
                    break;
                sureUntil = asked + duration;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (CdcSyncException) when (_engine.Time.GetUtcNow() < sureUntil)
            {
                // The warehouse did not answer; the lease still runs, so ask again.
            }
            catch (CdcSyncException)
            {
                break;
            }
        }

        await _lost.CancelAsync();
    }
}
