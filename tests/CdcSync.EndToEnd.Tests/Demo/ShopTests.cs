using CdcSync.Cli.Demo;
using CdcSync.EndToEnd.Tests.Harness;
using Dapper;

namespace CdcSync.EndToEnd.Tests.Demo;

public sealed class ShopTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TempFolder _folder = new();

    private CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task One_seed_always_makes_the_same_shop()
    {
        var size = new ShopSize(200, 1_000, 50);
        await ShopDatabase.CreateAsync(_folder["a.sqlite"], size, 7, Now, Ct);
        await ShopDatabase.CreateAsync(_folder["b.sqlite"], size, 7, Now, Ct);
        await ShopDatabase.CreateAsync(_folder["c.sqlite"], size, 8, Now, Ct);

        Assert.Equal(await DumpAsync("a.sqlite"), await DumpAsync("b.sqlite"));
        Assert.NotEqual(await DumpAsync("a.sqlite"), await DumpAsync("c.sqlite"));
    }

    [Fact]
    public async Task The_shop_has_the_promised_size_and_some_customers_without_consent()
    {
        await ShopDatabase.CreateAsync(_folder["shop.sqlite"], ShopSize.Default, 1, Now, Ct);
        await using var connection = await ShopDatabase.OpenAsync(_folder["shop.sqlite"], Ct);

        Assert.Equal(50_000, connection.ExecuteScalar<int>("SELECT count(*) FROM orders"));
        Assert.Equal(120_000, connection.ExecuteScalar<int>("SELECT count(*) FROM order_lines"));
        Assert.Equal(5_000, connection.ExecuteScalar<int>("SELECT count(*) FROM returns"));
        Assert.InRange(connection.ExecuteScalar<int>("SELECT count(*) FROM customers WHERE consent = 0"), 1_000, 2_000);
        Assert.Equal("wal", connection.ExecuteScalar<string>("PRAGMA journal_mode"));
    }

    [Fact]
    public async Task The_writer_makes_every_kind_of_change_but_never_deletes_a_return()
    {
        await ShopDatabase.CreateAsync(_folder["shop.sqlite"], new ShopSize(500, 1_000, 300), 3, Now, Ct);
        await using var connection = await ShopDatabase.OpenAsync(_folder["shop.sqlite"], Ct);
        var returns = connection.Query<long>("SELECT return_id FROM returns").ToList();
        var moves = new ShopMoves(connection, 3, TimeProvider.System);

        var seen = Enumerable.Range(0, 2_000).Select(_ => moves.Next().Name).ToHashSet();

        Assert.Equal(
            ["consent given again", "consent withdrawn", "deleted, inserted again", "deletes", "inserts", "key changes", "late and back-dated", "money moved", "replaced", "rolled back", "updates"],
            seen.Order(StringComparer.Ordinal));
        Assert.Subset(connection.Query<long>("SELECT return_id FROM returns").ToHashSet(), returns.ToHashSet());
        Assert.Empty(connection.Query<long>("SELECT order_id FROM order_lines EXCEPT SELECT order_id FROM orders"));
    }

    [Fact]
    public async Task Every_change_of_a_return_has_a_stamp_of_its_own_at_most_a_few_seconds_late()
    {
        await ShopDatabase.CreateAsync(_folder["shop.sqlite"], new ShopSize(50, 50, 3), 3, Now, Ct);
        await using var connection = await ShopDatabase.OpenAsync(_folder["shop.sqlite"], Ct);
        connection.Execute("CREATE TABLE stamps (stamp TEXT PRIMARY KEY); CREATE TRIGGER t AFTER UPDATE ON returns BEGIN INSERT INTO stamps VALUES (NEW.updated_at); END");
        var oldest = TimeProvider.System.GetUtcNow() - ShopMoves.MaxLateness - TimeSpan.FromSeconds(1);
        var moves = new ShopMoves(connection, 3, TimeProvider.System);

        for (var i = 0; i < 2_000; i++)
            moves.Next();

        Assert.InRange(connection.ExecuteScalar<int>("SELECT count(*) FROM stamps"), 100, 2_000);
        Assert.True(string.CompareOrdinal(connection.ExecuteScalar<string>("SELECT min(stamp) FROM stamps"), ShopDatabase.Stamp(oldest.UtcDateTime)) > 0);
    }

    [Fact]
    public async Task The_writer_keeps_about_its_rate_and_stops_when_told()
    {
        await ShopDatabase.CreateAsync(_folder["shop.sqlite"], new ShopSize(500, 1_000, 100), 3, Now, Ct);
        var writer = new ShopWriter(_folder["shop.sqlite"], 3, 400, TimeProvider.System);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2));

        await writer.RunAsync(stop.Token);

        Assert.InRange(writer.Changes.Values.Sum(), 400, 1_000);
    }

    private async Task<string> DumpAsync(string name)
    {
        await using var connection = await ShopDatabase.OpenAsync(_folder[name], Ct);
        var tables = new[] { "customers", "orders", "order_lines", "returns" };
        return string.Join('\n', tables.SelectMany(t => connection.Query($"SELECT * FROM {t} ORDER BY 1, 2").Select(r => (string)string.Join('|', ((IDictionary<string, object?>)r).Values))));
    }
}
