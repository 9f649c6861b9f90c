using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>Writes into the upper half of the table's keys without a pause: inserts, updates to and fro, deletes, about <see cref="PerSecond"/> a second.</summary>
internal sealed class Writer : IAsyncDisposable
{
    public const int PerSecond = 500;
    private const int PerTransaction = 25;

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;

    public Writer(string path, int rows, int seed) => _writing = Task.Run(() => WriteAsync(path, rows, new Random(seed)));

    /// <summary>Changes made.</summary>
    public int Changes { get; private set; }

    /// <summary>Stops it.</summary>
    /// <exception cref="SqliteException">It could not write.</exception>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _writing;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task WriteAsync(string path, int rows, Random random)
    {
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        await connection.OpenAsync();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1) * PerTransaction / PerSecond);
        while (!_stop.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
            await using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE; {string.Concat(Enumerable.Range(0, PerTransaction).Select(_ => Change(rows, random)))} COMMIT;";
            await command.ExecuteNonQueryAsync();
            Changes += PerTransaction;
        }
    }

    // Few keys, and values that come back: a row may be as it was before, with another version in between.
    private static string Change(int rows, Random random)
    {
        var key = 3 * ((rows / 2) + 1 + random.Next(Math.Min(400, rows / 2)));
        return random.Next(5) switch
        {
            0 => $"DELETE FROM entries WHERE id = {key};",
            1 => $"INSERT OR REPLACE INTO entries (id, account, note) VALUES ({key}, {random.Next(2)}, 'new');",
            _ => $"UPDATE entries SET account = 1 - account WHERE id = {key};",
        };
    }
}
