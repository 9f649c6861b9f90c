using System.Diagnostics;

namespace CdcSync.Core.Tests.Fakes;

/// <summary>A clock that runs a thousand times faster, so that waits of seconds take milliseconds.</summary>
internal sealed class FastTime : TimeProvider
{
    private const int Factor = 1_000;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly long _begun = Stopwatch.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => Start + (Stopwatch.GetElapsedTime(_begun) * Factor);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Scaled(dueTime), Scaled(period));

    private static TimeSpan Scaled(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time / Factor;
}
