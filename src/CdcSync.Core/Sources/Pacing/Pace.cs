namespace CdcSync.Core.Sources.Pacing;

/// <summary>Keeps all readings of a source within its budget.</summary>
/// <param name="budget">The budget.</param>
/// <param name="time">The clock.</param>
internal sealed class Pace(ReadBudget budget, TimeProvider time)
{
    private readonly SemaphoreSlim? _places = budget.Parallel is { } parallel ? new(parallel) : null;
    private readonly Lock _lock = new();
    private DateTimeOffset _paidUntil = DateTimeOffset.MinValue;

    /// <summary>True if rows are counted.</summary>
    public bool CountsRows => budget.RowsPerSecond is not null;

    /// <summary>Waits for a place among the readings.</summary>
    /// <returns>Gives the place back.</returns>
    public async ValueTask<IDisposable?> EnterAsync(CancellationToken ct)
    {
        if (_places is null)
            return null;
        await _places.WaitAsync(ct);
        return new Place(_places);
    }

    /// <summary>Waits until rows that were read are paid for. Time in which nothing was read is not saved up.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask PayAsync(long rows, CancellationToken ct)
    {
        if (budget.RowsPerSecond is not { } perSecond || rows == 0)
            return;
        TimeSpan wait;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            _paidUntil = (_paidUntil > now ? _paidUntil : now) + TimeSpan.FromSeconds((double)rows / perSecond);
            wait = _paidUntil - now;
        }

        await Task.Delay(wait, time, ct);
    }

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
