using System.Data.Common;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Crash;

/// <summary>Reads the warehouse all the while, as a report would: it must never see half a batch.</summary>
internal sealed class ReaderProbe : IAsyncDisposable
{
    private readonly WarehouseUnderTest _warehouse;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;
    private volatile bool _isGroupLoaded;

    public ReaderProbe(WarehouseUnderTest warehouse)
    {
        _warehouse = warehouse;
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>How often it read accounts.</summary>
    public int Readings { get; private set; }

    /// <summary>From now on orders and their lines are to be seen together.</summary>
    public void GroupIsLoaded() => _isGroupLoaded = true;

    /// <summary>Ends it; fails if it ever saw what never was.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        await using var connection = await _warehouse.OpenAsync();
        while (!_stop.IsCancellationRequested)
        {
            var isGroupLoaded = _isGroupLoaded;
            if (await AskAsync(connection, $"SELECT sum(balance) FROM {_warehouse.Table("accounts")}") is { } sum)
            {
                Assert.Equal(LiveWrites.Sum, sum);
                Readings++;
            }

            if (isGroupLoaded)
            {
                var orphans = await AskAsync(connection,
                    $"SELECT count(*) FROM {_warehouse.Table("order_lines")} l LEFT JOIN {_warehouse.Table("orders")} o ON o.order_id = l.order_id WHERE o.order_id IS NULL");
                Assert.Equal(0, orphans);
            }

            await Task.Delay(30);
        }
    }

    /// <summary>A number; null while the table is not there or empty.</summary>
    private static async Task<long?> AskAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        try
        {
            return await command.ExecuteScalarAsync() is { } value and not DBNull ? Convert.ToInt64(value) : null;
        }
        catch (DbException e) when (e.Message.Contains("no such table", StringComparison.Ordinal) || e.SqlState is "42P01" or "3F000")
        {
            return null;
        }
    }
}
