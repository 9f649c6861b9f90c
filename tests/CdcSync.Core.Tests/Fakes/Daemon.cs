using System.Diagnostics;
using CdcSync.Core.Sync;

namespace CdcSync.Core.Tests.Fakes;

/// <summary>A world's engine that works until disposed.</summary>
internal sealed class Daemon(World world) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task? _running;

    /// <summary>The engine; it begins with the first wait.</summary>
    public SyncEngine Engine { get; } = world.Engine();

    /// <summary>Waits until something is so; the tables are looked at while they are written.</summary>
    public async Task UntilAsync(Func<bool> holds)
    {
        _running ??= Task.Run(() => Engine.RunAsync(_stop.Token));
        var began = Stopwatch.GetTimestamp();
        while (!Holds())
        {
            Assert.False(_running.IsCompleted, "the daemon ended");
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60), "it did not come true");
            await Task.Delay(5);
        }

        bool Holds()
        {
            try
            {
                return holds();
            }
            catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException)
            {
                return false;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_running is not null)
            await _running;
        _stop.Dispose();
    }
}
