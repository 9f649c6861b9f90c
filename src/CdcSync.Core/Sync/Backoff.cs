using CdcSync.Core.Errors;

namespace CdcSync.Core.Sync;

/// <summary>When a failed attempt is tried again: doubling, capped, jittered. The one retry rule of the engine; every retry reads the checkpoint again first.</summary>
internal static class Backoff
{
    private static readonly TimeSpan TransientFirst = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan TransientCap = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LastingFirst = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LastingCap = TimeSpan.FromMinutes(5);

    /// <summary>The wait after the <paramref name="failures"/>-th failure in a row (from 1), between half and all of the doubled time.</summary>
    /// <remarks>What is not transient is tried slowly: somebody may mend it without restarting the worker.</remarks>
    public static TimeSpan After(int failures, CdcSyncException fault, Random random)
    {
        var (first, cap) = fault.IsTransient ? (TransientFirst, TransientCap) : (LastingFirst, LastingCap);
        var full = Math.Min(cap.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 20)));
        return TimeSpan.FromMilliseconds(full * (0.5 + random.NextDouble() / 2));
    }
}
