namespace CdcSync.Core.Sources.Marks;

/// <summary>Watches the source's clock between sessions, so that a step back is noticed even if it is hidden by the time that passed.</summary>
/// <param name="time">Measures how long it was between two sessions.</param>
public sealed class SourceClock(TimeProvider time)
{
    // Clocks are slewed and read at slightly different moments.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private (DateTimeOffset Source, long Stamp)? _last;

    /// <summary>Takes in what the source's clock shows now.</summary>
    /// <returns>Null, or, where it stepped back since the last session, the earliest it can have shown since then.</returns>
    public DateTimeOffset? Observe(DateTimeOffset now)
    {
        lock (_lock)
        {
            var stamp = time.GetTimestamp();
            var last = _last;
            _last = (now, stamp);
            if (last is not { } before) return null;
            var passed = time.GetElapsedTime(before.Stamp, stamp);
            return now < before.Source + passed - Tolerance ? now - passed : null;
        }
    }
}

/// <summary>The source's clock for one session.</summary>
/// <param name="Now">Before the snapshot began.</param>
/// <param name="SteppedBackTo">Where it stepped back since the last session, the earliest it can have shown since then; else null.</param>
public sealed record SessionClock(DateTimeOffset Now, DateTimeOffset? SteppedBackTo);
