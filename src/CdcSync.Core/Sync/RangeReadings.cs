using CdcSync.Core.Checkpoints;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Sync;

/// <summary>
/// The ranges of a first load on their way into their landing files: as many are read side by side as there are places, and one more is begun, so that a place never waits for a commit. They are handed over in
/// their order, each with the checkpoint that the one before it leaves: what is committed is always the beginning of the plan. Nobody waits for the warehouse while he reads.
/// </summary>
/// <param name="engine">The engine.</param>
/// <param name="lane">The dataset's lane.</param>
/// <param name="checkpoint">Where the load stands.</param>
/// <param name="mode">How ranges are published.</param>
/// <param name="sourceTime">The source's clock at the position from which the stream goes on.</param>
/// <param name="ct">Cancels.</param>
internal sealed class RangeReadings(EngineContext engine, Lane lane, Checkpoint checkpoint, PublishMode mode, DateTimeOffset sourceTime, CancellationToken ct) : IAsyncDisposable
{
    private readonly IReadOnlyList<KeyRange> _ranges = checkpoint.Snapshot!.Remaining;
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
    private readonly Queue<RangeReading> _ahead = new();
    private Checkpoint _before = checkpoint;
    private Task _handedOver = Task.CompletedTask;
    private int _begun;

    /// <summary>The next range in order, once it is being read; who asks publishes it, and disposes it.</summary>
    /// <returns>Null = there is none left, or the source must not be read now.</returns>
    public async Task<Batch?> NextAsync()
    {
        await _handedOver;
        while (_begun < _ranges.Count && _ahead.Count <= lane.RangePlaces.Count)
            _ahead.Enqueue(Begin(_ranges[_begun++]));
        if (!_ahead.TryPeek(out var next) || !await next.MayRead)
            return null;
        _handedOver = _ahead.Dequeue().Ended;
        return next.Batch;
    }

    /// <summary>Gives up what was read ahead of a range that was not committed, or not read.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _handedOver.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (batch, _, ended) in _ahead)
        {
            await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await batch.DisposeAsync();
            batch.DiscardLanding();
        }

        _stop.Dispose();
    }

    private RangeReading Begin(KeyRange range)
    {
        var batch = new Batch(lane, new BatchStart(BatchKind.Range, mode, _before, _before.Source, sourceTime, range), engine);
        _before = batch.Start.Next(_before.Stream, sourceTime);
        // Asked for here, one after another: the line keeps the ranges' order.
        var place = lane.RangePlaces.EnterAsync(lane.Dataset.Id, _stop.Token);
        var mayRead = MayReadAsync(place);
        return new RangeReading(batch, mayRead, Task.Run(() => ReadAsync(batch, range, place, mayRead), CancellationToken.None));
    }

    /// <summary>What has begun is read to its end, in blackout hours too; what has not, waits for their end.</summary>
    private async Task<bool> MayReadAsync(Task<IDisposable> place)
    {
        await place;
        return lane.Blackout?.Covers(engine.Time.GetUtcNow()) is not true;
    }

    private async Task ReadAsync(Batch batch, KeyRange range, Task<IDisposable> place, Task<bool> mayRead)
    {
        try
        {
            using var held = await place;
            if (await mayRead)
                await batch.ReadAsync(lane.Source.Ranges.ReadAsync(lane.Dataset, range, _stop.Token), batch.Start.Before!.Stream, _stop.Token);
        }
        catch (OperationCanceledException e)
        {
            batch.Fail(e);                                               // before it had a place
        }
    }

    /// <param name="Batch">The range as a batch.</param>
    /// <param name="MayRead">Ends when its reading has a place; false = it is not read.</param>
    /// <param name="Ended">Ends with its reading.</param>
    private sealed record RangeReading(Batch Batch, Task<bool> MayRead, Task Ended);
}
