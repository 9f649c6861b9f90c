using System.Collections.Concurrent;

namespace CdcSync.Cli.Demo;

/// <summary>Keeps changing the shop from a connection of its own, at a steady rate, until it is stopped.</summary>
/// <param name="path">The shop's file.</param>
/// <param name="seed">The random numbers' seed.</param>
/// <param name="rowsPerSecond">Rows changed per second, about.</param>
/// <param name="time">The clock.</param>
internal sealed class ShopWriter(string path, int seed, int rowsPerSecond, TimeProvider time)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, long> _changes = new(StringComparer.Ordinal);

    /// <summary>Rows changed so far, by what was done to them: a copy, as it was at one moment.</summary>
    public IReadOnlyDictionary<string, long> Changes => _changes.ToArray().ToDictionary(StringComparer.Ordinal);

    /// <summary>Writes until <paramref name="stop"/>; the transaction under way is finished, and stopping is no error.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await using var connection = await ShopDatabase.OpenAsync(path, stop);
        var moves = new ShopMoves(connection, seed, time);
        using var beat = new PeriodicTimer(Beat, time);
        var start = time.GetTimestamp();
        var written = 0L;
        try
        {
            while (await beat.WaitForNextTickAsync(stop))
            {
                var due = (long)(time.GetElapsedTime(start).TotalSeconds * rowsPerSecond);
                while (written < due && !stop.IsCancellationRequested)
                {
                    var (name, rows) = moves.Next();
                    _changes.AddOrUpdate(name, rows, (_, sum) => sum + rows);
                    written += Math.Max(rows, 1);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }
}
