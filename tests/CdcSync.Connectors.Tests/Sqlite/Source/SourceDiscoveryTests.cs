using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

public sealed class SourceDiscoveryTests
{
    [Theory]
    // what the declaration promises, where there is nothing to look at
    [InlineData("INTEGER", null, "int64")]
    [InlineData("TINYINT UNSIGNED", null, "int64")]
    [InlineData("NVARCHAR(160)", null, "utf8")]
    [InlineData("VARYING CHARACTER(255)", null, "utf8")]
    [InlineData("NUMERIC(10,2)", null, "decimal128(10, 2)")]
    [InlineData("decimal( 12 , 4 )", null, "decimal128(12, 4)")]
    [InlineData("DECIMAL(18)", null, "decimal128(18, 0)")]
    [InlineData("NUMERIC", null, "double")]
    [InlineData("DOUBLE PRECISION", null, "double")]
    [InlineData("DATETIME", null, "timestamp[us]")]
    [InlineData("TIMESTAMP WITH TIME ZONE", null, "timestamp[us, UTC]")]
    [InlineData("DATE", null, "date32")]
    [InlineData("TIME", null, "time64[us]")]
    [InlineData("BOOLEAN", null, "bool")]
    [InlineData("BLOB", null, "binary")]
    [InlineData("", null, "binary")]
    [InlineData("JSON", null, "utf8")]
    // what the values say
    [InlineData("INTEGER", "1, 2, NULL", "int64")]
    [InlineData("INTEGER", "1, 2.5", "double")]
    [InlineData("INTEGER", "1, 'x'", "utf8")]
    [InlineData("NUMERIC(10,2)", "1, 2.25", "decimal128(10, 2)")]
    [InlineData("NUMERIC(10,2)", "1, 2.255", "double")]
    [InlineData("NUMERIC(10,2)", "1, 'n/a'", "utf8")]
    [InlineData("NUMERIC(10,2)", "100000000", "double")]
    [InlineData("NUMERIC", "1, 2", "int64")]
    [InlineData("NUMERIC", "1.5, 9007199254740993", "utf8")]
    [InlineData("DATETIME", "'2009-01-01 00:00:00'", "timestamp[us]")]
    [InlineData("DATETIME", "'2009-01-01 00:00:00.1234567'", "timestamp[ns]")]
    [InlineData("DATETIME", "'2009-01-01T00:00:00Z', '2009-01-01T00:00:00+01:00'", "timestamp[us, UTC]")]
    [InlineData("DATETIME", "'2009-01-01', 'soon'", "utf8")]
    [InlineData("DATETIME", "1700000000, 1600000000", "timestamp[s, UTC]")]
    [InlineData("TIMESTAMP", "1700000000123", "timestamp[ms, UTC]")]
    [InlineData("TIMESTAMP", "1700000000123456", "timestamp[us, UTC]")]
    [InlineData("TIMESTAMP", "1700000000123456789", "timestamp[ns, UTC]")]
    [InlineData("DATETIME", "2020, 2021", "int64")]
    [InlineData("DATETIME", "2455000.25", "timestamp[ms, UTC]")]
    [InlineData("DATETIME", "1700000000.5", "double")]
    [InlineData("DATETIME", "'2009-01-01', 1700000000", "utf8")]
    [InlineData("DATE", "'2009-01-01', '2010-12-31'", "date32")]
    [InlineData("DATE", "'2009-01-01 12:00:00'", "timestamp[us]")]
    [InlineData("TIME", "'12:00'", "time64[us]")]
    [InlineData("TIME", "'noon'", "utf8")]
    [InlineData("BOOLEAN", "0, 1, 'true'", "bool")]
    [InlineData("BOOLEAN", "0, 2", "int64")]
    [InlineData("TEXT", "x'00'", "binary")]
    [InlineData("BLOB", "'text'", "utf8")]
    [InlineData("", "1, 2", "int64")]
    [InlineData("", "1, 2.5", "double")]
    [InlineData("", "1, 'a'", "utf8")]
    [InlineData("REAL", "1, 2", "double")]
    [InlineData("DOUBLE", "'a'", "utf8")]
    // what nothing holds
    [InlineData("", "x'00', 'a'", null)]
    [InlineData("TEXT", "CAST(x'ff' AS TEXT)", null)]
    public async Task The_type_of_a_column_holds_all_its_values(string declared, string? values, string? expected)
    {
        using var file = new SourceFile($"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared})");
        if (values is not null)
            file.Run($"INSERT INTO t (v) VALUES {string.Join(", ", values.Split(", ").Select(v => $"({v})"))}");
        var column = Assert.Single(await Find(file)).Columns[1];
        Assert.Equal(expected, column.Type?.ToString());
        Assert.Equal(declared, column.DeclaredType);
        Assert.Equal(expected is null, column.Problem is not null);
        if (expected is null)
            Assert.Contains("CAST(\"v\" AS BLOB)", column.Problem);
    }

    [Fact]
    public async Task Tables_and_views_are_listed_with_keys_and_rows_and_internal_ones_are_not()
    {
        using var file = new SourceFile("""
            CREATE TABLE "a b" (x INT NOT NULL, y TEXT, z INTEGER AS (x + 1), PRIMARY KEY (y, x)) WITHOUT ROWID;
            CREATE TABLE seq (id INTEGER PRIMARY KEY AUTOINCREMENT);
            INSERT INTO seq DEFAULT VALUES;
            CREATE TABLE keyless (v BLOB);
            CREATE VIEW shown AS SELECT id, 'x' AS label FROM seq;
            CREATE VIEW broken AS SELECT * FROM nowhere;
            CREATE VIRTUAL TABLE search USING fts5(body);
            """);
        file.Track("seq");
        var found = await Find(file);
        Assert.Equal(["a b", "broken", "keyless", "search", "seq", "shown"], found.Select(f => f.Name));
        var spaced = found[0];
        Assert.Equal(["y", "x"], spaced.Key);
        Assert.Equal([("x", false), ("y", false), ("z", true)], spaced.Columns.Select(c => (c.Name, c.IsNullable)));
        Assert.Equal((false, 0L), (spaced.IsTracked, spaced.Rows));
        Assert.All(found[1].Columns, c => Assert.Null(c.Type));
        Assert.Equal((true, 1L, false), (found[4].IsTracked, found[4].Rows, found[4].Columns[0].IsNullable));
        Assert.Equal((true, null), (found[5].IsView, found[5].Rows));
        Assert.Equal(["int64", "utf8"], found[5].Columns.Select(c => c.Type!.ToString()));
    }

    [Theory]
    [InlineData("order*", "order_lines,orders")]
    [InlineData("ORDERS", "orders")]
    [InlineData("main.orders", "orders")]
    [InlineData("main.*", "customers,order_lines,orders")]
    [InlineData("?ustomers", "customers")]
    [InlineData("none", "")]
    public async Task Patterns_choose_by_name(string pattern, string expected)
    {
        using var file = new SourceFile("CREATE TABLE orders (id INT); CREATE TABLE order_lines (id INT); CREATE TABLE customers (id INT)");
        Assert.Equal(expected, string.Join(',', (await Find(file, pattern)).Select(f => f.Name)));
    }

    [Fact]
    public async Task A_key_that_mixes_numbers_and_texts_has_no_type()
    {
        using var file = new SourceFile("CREATE TABLE t (k PRIMARY KEY, v); INSERT INTO t VALUES (1, 1), ('1', '1')");
        var columns = Assert.Single(await Find(file)).Columns;
        Assert.Null(columns[0].Type);
        Assert.Contains("two keys", columns[0].Problem);
        Assert.Equal(StringType.Default, columns[1].Type);
    }

    [Fact]
    public async Task The_last_rows_are_looked_at_too()
    {
        using var file = new SourceFile("CREATE TABLE t (id INTEGER PRIMARY KEY, v INT)");
        file.Run("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO t (v) SELECT i FROM n; INSERT INTO t (v) VALUES ('odd')");
        Assert.Equal(StringType.Default, Assert.Single(await Find(file)).Columns[1].Type);
    }

    private static async Task<IReadOnlyList<DiscoveredObject>> Find(SourceFile file, params string[] patterns)
    {
        await using var source = new SqliteSource("shop", file.Options);
        return await source.DiscoverAsync(patterns, TestContext.Current.CancellationToken);
    }
}
