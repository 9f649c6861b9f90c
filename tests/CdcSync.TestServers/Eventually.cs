using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace CdcSync.TestServers;

/// <summary>Waits for what somebody else does. Every wait has an end: a test that waits for what never comes fails by name instead of holding up all others.</summary>
public static class Eventually
{
    /// <summary>Far beyond what anything takes on a machine that does ten things beside it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Asks again and again until something is so.</summary>
    /// <param name="holds">What shall be so.</param>
    /// <param name="meanwhile">What it needs to become so, where that may fail: its error is told at once.</param>
    /// <param name="what">What is waited for, in the error; the condition's own text if not given.</param>
    /// <exception cref="TimeoutException">It is not so after two minutes.</exception>
    public static async Task HoldsAsync(Func<Task<bool>> holds, Task? meanwhile = null, [CallerArgumentExpression(nameof(holds))] string what = "")
    {
        var began = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (meanwhile is { IsFaulted: true } or { IsCanceled: true }) await meanwhile;
            if (Stopwatch.GetElapsedTime(began) > Patience) throw new TimeoutException($"Waited {Patience.TotalSeconds} s for: {what}");
            await Task.Delay(5);
        }
    }

    /// <inheritdoc cref="HoldsAsync(Func{Task{bool}}, Task?, string)"/>
    public static Task HoldsAsync(Func<bool> holds, Task? meanwhile = null, [CallerArgumentExpression(nameof(holds))] string what = "") => HoldsAsync(() => Task.FromResult(holds()), meanwhile, what);
}
