using CdcSync.Cli.Demo;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CdcSync.EndToEnd.Tests.Demo;

public sealed class FullComparisonTests : IDisposable
{
    private static readonly byte[] Key = "a key of the test only"u8.ToArray();

    private static readonly ComparedTable Table = new(
        "t",
        "SELECT id, mail, amount, at, flag, ratio FROM t WHERE flag = 1",
        "SELECT id, mail_hmac, amount, at, flag, ratio FROM t",
        1,
        [ColumnForm.Integer, ColumnForm.Masked, ColumnForm.Amount, ColumnForm.Instant, ColumnForm.Flag, ColumnForm.Number]);

    private readonly SqliteConnection _source = new("Data Source=:memory:");
    private readonly SqliteConnection _warehouse = new("Data Source=:memory:");

    public FullComparisonTests()
    {
        _source.Open();
        _warehouse.Open();
        _source.Execute(
            """
            CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT, amount DECIMAL(10,2), at TIMESTAMP, flag BOOLEAN, ratio DOUBLE);
            INSERT INTO t VALUES (1, 'a@example.com', 10.1, '2026-01-01 10:00:00.5', 1, 0.1), (2, NULL, NULL, NULL, 1, NULL), (3, 'c@example.com', 1, NULL, 0, 1);
            """);
        _warehouse.Execute("CREATE TABLE t (id INTEGER, mail_hmac TEXT, amount TEXT, at TEXT, flag INTEGER, ratio REAL)");
        // The first digest is what `openssl dgst -sha256 -hmac` says.
        _warehouse.Execute("INSERT INTO t VALUES (1, $mask, '10.10', '2026-01-01T10:00:00.500000', 1, 0.1), (2, NULL, NULL, NULL, 1, NULL)", new { mask = "93fa7a53c1417c24ccfbbb66279a6f93419bc80150de25d0a950129c12b562ac" });
    }

    public void Dispose()
    {
        _source.Dispose();
        _warehouse.Dispose();
    }

    [Fact]
    public async Task Equal_values_in_other_types_are_equal() => Assert.Equal(new ComparisonResult("t", 2, 2, 0, 0, 0), await CompareAsync());

    [Theory]
    [InlineData("DELETE FROM t WHERE id = 2", 1, 0, 0)]
    [InlineData("INSERT INTO t VALUES (3, NULL, NULL, NULL, 1, NULL)", 0, 1, 0)]
    [InlineData("INSERT INTO t SELECT * FROM t WHERE id = 1", 0, 1, 0)]
    [InlineData("UPDATE t SET mail_hmac = 'a@example.com' WHERE id = 1", 0, 0, 1)]
    [InlineData("UPDATE t SET amount = '10.11' WHERE id = 1", 0, 0, 1)]
    [InlineData("UPDATE t SET amount = '0' WHERE id = 2", 0, 0, 1)]
    [InlineData("UPDATE t SET at = '2026-01-01T10:00:00.500001' WHERE id = 1", 0, 0, 1)]
    [InlineData("UPDATE t SET flag = 0", 0, 0, 2)]
    [InlineData("UPDATE t SET ratio = 0.10000000000000002 WHERE id = 1", 0, 0, 1)]
    [InlineData("UPDATE t SET id = 3 WHERE id = 2", 1, 1, 0)]
    public async Task A_difference_of_one_value_is_found(string damage, int missing, int extra, int different)
    {
        _warehouse.Execute(damage);

        var result = await CompareAsync();

        Assert.Equal((missing, extra, different, false), (result.Missing, result.Extra, result.Different, result.IsEqual));
    }

    private Task<ComparisonResult> CompareAsync() => FullComparison.CompareAsync(Table, _source, _warehouse, Key, TestContext.Current.CancellationToken);
}
