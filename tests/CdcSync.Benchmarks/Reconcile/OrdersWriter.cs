using System.Diagnostics;
using System.Text;

namespace CdcSync.Benchmarks.Reconcile;

/// <summary>
/// Writes into the upper half of the source's keys: updates to and fro, inserts, deletes, of which half go to a few hundred keys, so that a row is often as it was before,
/// with other versions in between.
/// </summary>
internal sealed class OrdersWriter : IAsyncDisposable
{
    /// <summary>Changes a second.</summary>
    public const int PerSecond = 1_000;

    private const int PerTransaction = 20;
    private const int OftenWritten = 400;

    private readonly CancellationTokenSource _stop = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Task _writing;

    public OrdersWriter(OrdersPair pair) => _writing = Task.Run(() => WriteAsync(pair));

    /// <summary>Changes made.</summary>
    public long Changes { get; private set; }

    /// <summary>Changes that were made a second, since it began.</summary>
    public double Rate => Changes / _clock.Elapsed.TotalSeconds;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        _stop.Dispose();
    }

    private async Task WriteAsync(OrdersPair pair)
    {
        var random = new Random(1);
        await using var connection = await pair.Source();
        while (!_stop.IsCancellationRequested)
        {
            // What a slow commit held up is made up for.
            if (TimeSpan.FromSeconds((double)Changes / PerSecond) - _clock.Elapsed is { Ticks: > 0 } early) await Task.Delay(early);
            var sql = new StringBuilder("BEGIN;");
            for (var i = 0; i < PerTransaction; i++) sql.Append(Change(pair.Rows, random));
            await using var command = connection.CreateCommand();
            command.CommandText = sql.Append("COMMIT;").ToString();
            await command.ExecuteNonQueryAsync();
            Changes += PerTransaction;
        }
    }

    private static string Change(int rows, Random random)
    {
        var key = (rows / 2) + 1 + random.Next(random.Next(2) == 0 ? OftenWritten : rows / 2);
        return random.Next(5) switch
        {
            0 => $"DELETE FROM orders WHERE id = {key};",
            1 => OrdersPair.Insert(key, like: 1),
            _ => $"UPDATE orders SET is_gift = NOT is_gift WHERE id = {key};",
        };
    }
}
