using CdcSync.Arrow;
using CdcSync.Connectors.Sqlite.Source;
using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Connectors.Sqlite.Source.Ranges;
using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Tests.Sqlite.Source;

/// <summary>Key ranges over the keys that SQLite allows: any mix of types, collations, NULL, and keys that no index orders.</summary>
public sealed class SourceRangeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Shapes() => new()
    {
        { "row id", "CREATE TABLE t (k INTEGER PRIMARY KEY)", "k" },
        { "untyped, all types", "CREATE TABLE t (k PRIMARY KEY)", "k" },
        { "untyped without row id", "CREATE TABLE t (k PRIMARY KEY) WITHOUT ROWID", "k" },
        { "numeric", "CREATE TABLE t (k NUMERIC PRIMARY KEY)", "k" },
        { "real", "CREATE TABLE t (k REAL PRIMARY KEY)", "k" },
        { "case-blind", "CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY)", "k" },
        { "collation of the key's index", "CREATE TABLE t (k TEXT COLLATE NOCASE, PRIMARY KEY (k COLLATE BINARY))", "k" },
        { "descending", "CREATE TABLE t (k TEXT, PRIMARY KEY (k DESC))", "k" },
        { "composite", "CREATE TABLE t (j, k TEXT, PRIMARY KEY (j, k))", "j,k" },
        { "composite, mixed directions", "CREATE TABLE t (j, k TEXT, PRIMARY KEY (j ASC, k DESC))", "j,k" },
        { "composite in another order", "CREATE TABLE t (j, k TEXT, PRIMARY KEY (k, j))", "j,k" },
        { "view", "CREATE TABLE b (j, k TEXT); CREATE VIEW t AS SELECT j, k FROM b", "j,k" },
        { "view with keys that are not unique", "CREATE TABLE b (k); CREATE VIEW t AS SELECT k FROM b UNION ALL SELECT k FROM b", "k" },
        { "strict", "CREATE TABLE t (k ANY PRIMARY KEY) STRICT", "k" },
    };

    [Theory]
    [InlineData("CREATE TABLE t (k INTEGER PRIMARY KEY)", "k", true)]
    [InlineData("CREATE TABLE t (k BIGINT PRIMARY KEY)", "k", true)]
    [InlineData("CREATE TABLE t (j INT, k INT, PRIMARY KEY (j, k)) WITHOUT ROWID", "j,k", true)]
    [InlineData("CREATE TABLE t (k PRIMARY KEY)", "k", false)]
    [InlineData("CREATE TABLE t (k TEXT PRIMARY KEY)", "k", false)]
    [InlineData("CREATE TABLE b (k INT); CREATE VIEW t AS SELECT k FROM b", "k", false)]
    public async Task Integer_keys_are_guaranteed_where_a_primary_key_of_integers_holds_them(string schema, string key, bool guaranteed)
    {
        using var file = new SourceFile(schema);
        await using var source = new SqliteSource("shop", file.Options);
        Assert.Equal(guaranteed, await source.Ranges.GuaranteesKeysAsync(Dataset(new SourceObject.Table(null, "t"), key.Split(','), Int64Type.Default), Token));
    }

    [Theory]
    [InlineData("CREATE TABLE t (k TEXT PRIMARY KEY)", true)]
    [InlineData("CREATE TABLE t (k PRIMARY KEY)", false)]
    [InlineData("CREATE TABLE t (k NUMERIC PRIMARY KEY)", false)]
    public async Task Text_keys_are_guaranteed_where_the_table_keeps_nothing_but_texts(string schema, bool guaranteed)
    {
        using var file = new SourceFile(schema);
        await using var source = new SqliteSource("shop", file.Options);
        Assert.Equal(guaranteed, await source.Ranges.GuaranteesKeysAsync(Dataset(new SourceObject.Table(null, "t"), ["k"], StringType.Default), Token));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Ranges_hold_every_row_once_whatever_the_keys(string shape, string schema, string key)
    {
        using var file = new SourceFile(schema);
        var random = new Random(1);
        var into = schema.Contains("VIEW") ? "b" : "t";
        var keys = key.Split(',');
        for (var i = 0; i < 150; i++)
            file.Run($"INSERT OR IGNORE INTO {into} VALUES ({string.Join(", ", keys.Select(_ => shape == "row id" ? $"{random.Next(-9999, 9999)}" : Value(random, i)))})");
        var dataset = Dataset(new SourceObject.Table(null, "t"), keys);
        await using var source = new SqliteSource("shop", file.Options);
        foreach (var perRange in new[] { 1, 7, 100, 10_000 })
        {
            var plan = await source.Ranges.PlanAsync(dataset, perRange, Token);
            Assert.Equal([null, .. plan.SkipLast(1).Select(r => r.To)], plan.Select(r => r.From));
            Assert.Null(plan[^1].To);
            Assert.Equal(plan.Count, plan.Select(r => r.To).Distinct().Count());
            var read = new List<string>();
            foreach (var range in plan)
                read.AddRange(await ReadAsync(source, dataset, range));
            Assert.Equal(file.Rows($"SELECT {key} FROM t").Select(Bare).Order(StringComparer.Ordinal), read.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task A_range_is_read_in_pages_that_hold_no_transaction_while_the_reader_works()
    {
        using var file = new SourceFile("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)", "DELETE");
        file.Run("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) INSERT INTO t SELECT i, 'x' FROM n");
        file.Run("PRAGMA busy_timeout=0");
        await using var source = new SqliteSource("shop", file.Options);
        var dataset = Dataset(new SourceObject.Table(null, "t"), ["k"]);
        var (rows, chunks) = (0, 0);
        await foreach (var chunk in source.Ranges.ReadAsync(dataset, new KeyRange(0, null, null), Token))
        {
            rows += chunk.Length;
            chunks++;
            file.Run($"DELETE FROM t WHERE k = {40_000 - chunks}");
        }
        Assert.Equal((39_998, 3), (rows, chunks));
    }

    [Fact]
    public async Task A_page_that_ends_between_keys_that_only_the_column_s_collation_makes_equal_loses_none()
    {
        using var file = new SourceFile("CREATE TABLE t (k TEXT COLLATE NOCASE, PRIMARY KEY (k COLLATE BINARY))");
        file.Run($"WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ChunkLimit.Rows - 1}) INSERT INTO t SELECT 'b' || i FROM n; INSERT INTO t VALUES ('zz'), ('ZZ')");
        await using var source = new SqliteSource("shop", file.Options);
        Assert.Equal(ChunkLimit.Rows + 1, (await ReadAsync(source, Dataset(new SourceObject.Table(null, "t"), ["k"]), new KeyRange(0, null, null))).Count);
    }

    [Fact]
    public async Task A_query_is_read_by_ranges_of_its_declared_key()
    {
        using var file = new SourceFile("CREATE TABLE b (k TEXT); WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) INSERT INTO b SELECT 'k' || i FROM n");
        await using var source = new SqliteSource("shop", file.Options);
        var dataset = Dataset(new SourceObject.Query("SELECT upper(k) AS k FROM b WHERE k <> 'k7' -- not that"), ["k"]);
        var plan = await source.Ranges.PlanAsync(dataset, 10, Token);
        Assert.Equal(5, plan.Count);
        var read = new List<string>();
        foreach (var range in plan) read.AddRange(await ReadAsync(source, dataset, range));
        Assert.Equal(49, read.Distinct().Count());
    }

    [Fact]
    public void The_statement_of_a_page()
    {
        using var file = new SourceFile("CREATE TABLE t (j TEXT, k TEXT COLLATE NOCASE NOT NULL, PRIMARY KEY (j, k))");
        using var connection = SourceConnection.Open(file.Options, "shop");
        var table = SqliteCatalog.Read(connection, null).Find(connection, "t");
        var sql = new RangeSql(Dataset(new SourceObject.Table(null, "t"), ["j", "k"]), table);
        Assert.Equal("""SELECT b."j", b."k", b."j", b."k" FROM main."t" AS b WHERE b."j" IS NOT NULL AND (b."j" COLLATE "BINARY", b."k" COLLATE "NOCASE") > (?1, ?2) """ +
            """AND (b."j" COLLATE "BINARY", b."k" COLLATE "NOCASE") <= (?3, ?4) ORDER BY b."j" COLLATE "BINARY", b."k" COLLATE "NOCASE" LIMIT 5""", sql.Page(true, true, 5));
        Assert.Equal("""SELECT b."j", b."k" FROM main."t" AS b WHERE b."j" IS NULL""", sql.RowsWithNull());
        var plan = string.Join('\n', file.Rows("EXPLAIN QUERY PLAN " + sql.Page(true, true, 5)));
        Assert.Contains("SEARCH b USING", plan);
        Assert.DoesNotContain("TEMP B-TREE", plan);
    }

    [Theory]
    [InlineData("[5]", "[5]")]
    [InlineData("[-9223372036854775808,\"it's \\\"é\\\" \\\\\"]", "[-9223372036854775808,\"it's \\\"é\\\" \\\\\"]")]
    [InlineData("[{\"real\":\"1.5\"},{\"blob\":\"00ff\"},{\"text\":\"ff\"},\"\"]", "[{\"real\":\"1.5\"},{\"blob\":\"00ff\"},{\"text\":\"ff\"},\"\"]")]
    [InlineData("[1,2", null)]
    [InlineData("[1.5]", null)]
    [InlineData("[null]", null)]
    [InlineData("[{\"date\":\"x\"}]", null)]
    [InlineData("{}", null)]
    public void A_bound_has_one_text(string json, string? expected) =>
        Assert.Equal(expected, KeyBound.Parse(json, json.Count(c => c == ',') + 1)?.ToJson());

    [Fact]
    public async Task A_bound_that_does_not_fit_the_key_is_refused()
    {
        using var file = new SourceFile("CREATE TABLE t (k INTEGER PRIMARY KEY)");
        await using var source = new SqliteSource("shop", file.Options);
        var dataset = Dataset(new SourceObject.Table(null, "t"), ["k"]);
        foreach (var bound in new[] { "[1,2]", "nonsense" })
        {
            var fault = await Assert.ThrowsAsync<CdcSyncException>(() => ReadAsync(source, dataset, new KeyRange(1, bound, null)));
            Assert.Equal(ErrorCodes.StateCorrupt, fault.Code);
        }
    }

    [Fact]
    public async Task What_is_missing_is_named()
    {
        using var file = new SourceFile("CREATE TABLE t (k INTEGER PRIMARY KEY)");
        await using var source = new SqliteSource("shop", file.Options);
        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await source.Ranges.PlanAsync(Dataset(new SourceObject.Table(null, "u"), ["k"]), 10, Token));
        Assert.Equal(ErrorCodes.SourceObjectMissing, fault.Code);
        fault = await Assert.ThrowsAsync<CdcSyncException>(() => ReadAsync(source, Dataset(new SourceObject.Table(null, "t"), ["k", "l"]), new KeyRange(0, null, null)));
        Assert.Equal(ErrorCodes.SourceSchemaMismatch, fault.Code);
    }

    [Fact]
    public async Task Rows_with_null_in_the_key_are_in_the_first_range_with_their_fault()
    {
        using var file = new SourceFile("CREATE TABLE t (j INT, k INT, PRIMARY KEY (j, k)); INSERT INTO t VALUES (NULL, 1), (5, NULL), (1, 1), (2, 2), (9, NULL), (9, 9)");
        await using var source = new SqliteSource("shop", file.Options);
        var dataset = Dataset(new SourceObject.Table(null, "t"), ["j", "k"]);
        var plan = await source.Ranges.PlanAsync(dataset, 1, Token);
        Assert.Equal(["[1,1]", "[2,2]", null], plan.Select(r => r.To));
        var faults = new List<int>();
        foreach (var range in plan)
        {
            faults.Add(0);
            await foreach (var chunk in source.Ranges.ReadAsync(dataset, range, Token))
                faults[^1] += chunk.Faults.Count(f => f.Reason == "found NULL in the key");
        }
        Assert.Equal([3, 0, 0], faults);
    }

    private static async Task<List<string>> ReadAsync(SqliteSource source, Dataset dataset, KeyRange range)
    {
        var rows = new List<string>();
        await foreach (var chunk in source.Ranges.ReadAsync(dataset, range, Token))
            for (var row = 0; row < chunk.Length; row++)
                rows.Add(string.Join('|', Enumerable.Range(0, chunk.Rows.ColumnCount).Select(c => chunk.Kinds.Span[row] != ChangeKind.Upsert ? "delete"
                    : chunk.Rows.Column(c).IsNull(row) ? "null" : ((VarLengthArray)chunk.Rows.Column(c)).GetString(row))));
        return rows;
    }

    private static string Value(Random random, int i) => random.Next(8) switch
    {
        0 => $"{random.Next(-50, 50)}",
        1 => $"{random.Next(50)}.5",
        2 => $"'{(char)('a' + random.Next(26))}{i % 20}'",
        3 => $"'{(char)('A' + random.Next(26))}{i % 20}'",
        4 => $"'{random.Next(100)}'",
        5 => "'é🎉 ''\"' || " + i,
        6 => i % 10 == 0 ? "NULL" : $"{i}e10",
        _ => $"{i}",
    };

    // As the source reads it into a text column.
    private static string Bare(string shown) => string.Join('|', shown.Split('|').Select(v => v switch
    {
        "null" => v,
        ['r', ':', ..] when v.All(c => c is not ('.' or 'E')) => v[2..] + ".0",
        _ => v[2..],
    }));

    private static Dataset Dataset(SourceObject source, string[] keys, ArrowType? type = null) => new()
    {
        Id = new DatasetId("t"),
        SourceName = "shop",
        Object = source,
        Capture = new Capture.FullRefresh(),
        Target = new TargetTable(null, "t"),
        Contract = new ContractReference("t", "1.0.0", "tests"),
        Columns = [.. keys.Select((k, i) => new DatasetColumn(k, k, type ?? StringType.Default, type ?? StringType.Default, i))],
    };
}
