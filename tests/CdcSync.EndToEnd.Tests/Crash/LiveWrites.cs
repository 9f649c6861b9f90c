using CdcSync.Cli.Demo;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Crash;

/// <summary>Keeps writing to the shop while processes die: everything the demo's writer does, and transfers between accounts, whose sum never changes.</summary>
internal sealed class LiveWrites : IAsyncDisposable
{
    /// <summary>The sum of all accounts, always.</summary>
    public const long Sum = 100 * 1_000;

    public const string Accounts = """
        CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO accounts SELECT i, 1000 FROM n;
        """;

    private readonly SqliteConnection _connection;
    private readonly ShopMoves _moves;
    private readonly Random _random;
    private readonly SemaphoreSlim _mayWrite = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;

    private LiveWrites(SqliteConnection connection, int seed)
    {
        _connection = connection;
        _moves = new ShopMoves(connection, seed, new SlowClock());
        _random = new Random(seed);
        _writing = Task.Run(WriteAsync);
    }

    public static async Task<LiveWrites> StartAsync(string path, int seed) => new(await ShopDatabase.OpenAsync(path, CancellationToken.None), seed);

    /// <summary>Holds the writes until the result is disposed.</summary>
    public async Task<IDisposable> PauseAsync()
    {
        await _mayWrite.WaitAsync();
        return new Pause(_mayWrite);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        await _connection.DisposeAsync();
        _mayWrite.Dispose();
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await _mayWrite.WaitAsync();
            try
            {
                for (var i = 0; i < 3; i++)
                    _moves.Next();
                Transfer();
            }
            finally
            {
                _mayWrite.Release();
            }

            await Task.Delay(10);
        }
    }

    private void Transfer()
    {
        using var transaction = _connection.BeginTransaction();
        const string sql = "UPDATE accounts SET balance = balance + $amount WHERE id = $id";
        var amount = _random.Next(1, 100);
        _connection.Execute(sql, new { amount, id = _random.Next(1, 101) }, transaction);
        _connection.Execute(sql, new { amount = -amount, id = _random.Next(1, 101) }, transaction);
        transaction.Commit();
    }

    private sealed class Pause(SemaphoreSlim mayWrite) : IDisposable
    {
        public void Dispose() => mayWrite.Release();
    }

    /// <summary>Stamps returns ten seconds late: then one pass sees them all, and no test waits for an overlap to pass.</summary>
    private sealed class SlowClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() - TimeSpan.FromSeconds(10);
    }
}
