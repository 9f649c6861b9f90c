namespace CdcSync.Core.Tests.Fakes;

/// <summary>A clock on which every wait is over at once, and has taken as long as it should.</summary>
internal sealed class EagerTime : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Lock _lock = new();
    private TimeSpan _elapsed, _restarted;

    /// <summary>What all waits took since the restart.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
                return _elapsed - _restarted;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return Start + _elapsed;
    }

    /// <summary>Lets time pass.</summary>
    public void Pass(TimeSpan time)
    {
        lock (_lock)
            _elapsed += time;
    }

    /// <summary>Counts from now on.</summary>
    public void Restart()
    {
        lock (_lock)
            _restarted = _elapsed;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Pass(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
