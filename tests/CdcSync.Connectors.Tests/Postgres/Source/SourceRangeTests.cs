using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Tests.Postgres.Source;

/// <summary>Key ranges: they touch, cover, and are compared by the server alone.</summary>
public sealed class SourceRangeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bigint", "(i - 500)::bigint * 37")]
    [InlineData("uuid", "md5(i::text)::uuid")]
    [InlineData("text", "chr(65 + i % 26) || md5(i::text)")]
    [InlineData("text COLLATE \"en-x-icu\"", "CASE WHEN i % 2 = 0 THEN 'ä' ELSE 'Z' END || i")]
    [InlineData("character(8)", "i::text")]
    [InlineData("character varying(40)", "'it''s \"é\" \\ ' || i")]
    [InlineData("timestamptz", "'2026-01-01'::timestamptz + i * interval '1 microsecond'")]
    [InlineData("timestamp", "'0044-03-15 BC'::timestamp + i * interval '1 day'")]
    [InlineData("date", "'5874897-12-31'::date - i")]
    [InlineData("numeric", "i * 1e-30 - 7")]
    [InlineData("double precision", "i / 7.0::double precision")]
    [InlineData("bytea", "decode(md5(i::text), 'hex')")]
    [InlineData("mood", "('m' || i % 4)::mood")]
    [InlineData("code", "('c' || i)::code")]
    public async Task Ranges_of_any_key_touch_and_cover_and_no_row_is_in_two(string type, string value)
    {
        await using var source = await SourceDatabase.CreateAsync("CREATE TYPE mood AS ENUM ('m2', 'm0', 'm3', 'm1'); CREATE DOMAIN code AS varchar(9)",
            $"CREATE TABLE t (n int, k {type}, PRIMARY KEY (k, n)); INSERT INTO t SELECT i, {value} FROM generate_series(1, 100) AS i");
        var dataset = await source.DatasetAsync("t");
        await using var reader = source.Open();
        Assert.True(await reader.Ranges.GuaranteesKeysAsync(dataset, Token));
        foreach (var perRange in (int[])[7, 50, 100, 1_000])
        {
            var plan = await reader.Ranges.PlanAsync(dataset, perRange, Token);
            Assert.Equal((100 + perRange - 1) / perRange, plan.Count);
            Assert.Equal([null, .. plan.SkipLast(1).Select(r => r.To)], plan.Select(r => r.From));
            Assert.Null(plan[^1].To);
            var read = new List<string>();
            foreach (var range in plan)
            {
                var rows = await source.RangeAsync(dataset, range);
                Assert.InRange(rows.Count, 1, perRange);
                read.AddRange(rows);
            }
            Assert.Equal((await source.ReadAsync(dataset)).Order(), read.Order());
        }
    }

    [Fact]
    public async Task A_range_is_sought_in_the_keys_index()
    {
        await using var source = await SourceDatabase.CreateAsync("CREATE TABLE t (tenant text COLLATE \"C\", no bigint, note text, PRIMARY KEY (tenant, no)); INSERT INTO t SELECT 't' || i % 50, i, 'x' FROM generate_series(1, 20000) AS i; ANALYZE t");
        var rows = await source.Database.QueryAsync("""
            SET SESSION "cdcsync.p0" = 't7'; SET "cdcsync.p1" = '7'; SET "cdcsync.p2" = 't8'; SET "cdcsync.p3" = '9';
            EXPLAIN SELECT b."note" FROM ONLY "public"."t" AS b
            WHERE (b."tenant", b."no") > (current_setting('cdcsync.p0')::pg_catalog.text, current_setting('cdcsync.p1')::pg_catalog.int8) AND (b."tenant", b."no") <= (current_setting('cdcsync.p2')::pg_catalog.text, current_setting('cdcsync.p3')::pg_catalog.int8)
            """);
        Assert.Contains(rows, r => $"{r[0]}".Contains("Index Cond", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_declared_key_and_a_table_without_one_are_a_single_range()
    {
        await using var source = await SourceDatabase.CreateAsync("CREATE TABLE t (id int, v text); INSERT INTO t VALUES (1, 'a'), (1, 'b'), (NULL, 'c')", "CREATE VIEW w AS SELECT * FROM t");
        await using var reader = source.Open();
        foreach (var name in (string[])["t", "w"])
        {
            var dataset = await source.DatasetAsync(name, null, "id");
            Assert.Equal([new KeyRange(0, null, null)], await reader.Ranges.PlanAsync(dataset, 1, Token));
            Assert.False(await reader.Ranges.GuaranteesKeysAsync(dataset, Token));
            Assert.Equal(["1|a", "1|b", "null|c !id: found NULL in the key"], (await source.RangeAsync(dataset, new KeyRange(0, null, null))).Order());
        }
    }

    [Fact]
    public async Task A_bound_of_another_key_is_refused()
    {
        await using var source = await SourceDatabase.CreateAsync("CREATE TABLE t (id int PRIMARY KEY, v text)");
        var dataset = await source.DatasetAsync("t");
        foreach (var bound in (string[])["[\"1\",\"2\"]", "no json", "[null]", "{}"])
            Assert.Equal(ErrorCodes.StateCorrupt, (await Assert.ThrowsAsync<CdcSyncException>(() => source.RangeAsync(dataset, new KeyRange(1, bound, null)))).Code);
    }

    [Fact]
    public async Task A_partitioned_table_is_read_once_through_its_root_and_an_inheriting_table_alone()
    {
        await using var source = await SourceDatabase.CreateAsync(
            "CREATE TABLE p (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
            "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); CREATE TABLE p2 PARTITION OF p DEFAULT",
            "INSERT INTO p SELECT i, '2026-01-25'::date + i FROM generate_series(1, 20) AS i",
            "CREATE TABLE parent (id int PRIMARY KEY, v text); CREATE TABLE child (extra int) INHERITS (parent); INSERT INTO parent VALUES (1, 'own'); INSERT INTO child VALUES (1, 'childs', 2)");
        var partitioned = await source.DatasetAsync("p");
        await using var reader = source.Open();
        var read = new List<string>();
        foreach (var range in await reader.Ranges.PlanAsync(partitioned, 6, Token)) read.AddRange(await source.RangeAsync(partitioned, range));
        Assert.Equal(20, read.Distinct().Count());
        Assert.Equal(20, read.Count);
        Assert.Equal(["1|own"], await source.ReadAsync(await source.DatasetAsync("parent")));
        Assert.Equal(["parent", "child"], (await reader.DiscoverAsync(["parent", "child"], Token)).Select(o => o.Name).OrderDescending());
        Assert.Equal(["p"], (await reader.DiscoverAsync(["p*"], Token)).Where(o => o.Name != "parent").Select(o => o.Name));
    }

    [Fact]
    public async Task Names_of_any_form_and_schema_are_found_and_quoted()
    {
        await using var source = await SourceDatabase.CreateAsync(
            "CREATE SCHEMA \"Odd \"\"one\"\"\"; CREATE TABLE \"Odd \"\"one\"\"\".\"Ta.ble\" (\"I d\" int PRIMARY KEY, \"sel\"\"ect\" text, twice int GENERATED ALWAYS AS (\"I d\" * 2) STORED)",
            "INSERT INTO \"Odd \"\"one\"\"\".\"Ta.ble\" (\"I d\", \"sel\"\"ect\") VALUES (1, 'x')");
        await using var reader = source.Open();
        var found = Assert.Single(await reader.DiscoverAsync(["Ta*"], Token));
        var dataset = SourceDatabase.Dataset(new SourceObject.Table(found.Schema, found.Name), null, [.. found.Columns.Select((c, i) => new DatasetColumn(c.Name, c.Name, c.Type!, c.Type!, i == 0 ? 0 : null))]);
        Assert.Equal(["1|x|2"], await source.ReadAsync(dataset));
        Assert.Equal(["1|x|2"], await source.RangeAsync(dataset, new KeyRange(0, null, "[\"1\"]")));
        Assert.Empty(await source.RangeAsync(dataset, new KeyRange(0, "[\"1\"]", null)));
    }

    [Theory]
    [InlineData("smallint")]
    [InlineData("integer")]
    [InlineData("bigint")]
    public async Task Integer_keys_are_read_from_one_to_another_also_beyond_their_type(string type)
    {
        await using var source = await SourceDatabase.CreateAsync($"CREATE TABLE t (id {type} PRIMARY KEY)");
        var dataset = await source.DatasetAsync("t");
        await using var reader = source.Open();
        Assert.Null(await reader.Ranges.IntegerKeysAsync(dataset, Token));
        await source.RunAsync("INSERT INTO t VALUES (-5), (0), (7), (100)");
        Assert.Equal((-5L, 100L), await reader.Ranges.IntegerKeysAsync(dataset, Token));
        Assert.Equal(["0", "7"], (await source.RangeAsync(dataset, reader.Ranges.Between(0, 7))).Order());
        Assert.Equal(4, (await source.RangeAsync(dataset, reader.Ranges.Between(long.MinValue + 2, long.MaxValue - 1))).Count);
        Assert.Equal(["-5"], await source.RangeAsync(dataset, reader.Ranges.Between(long.MinValue, -1)));
    }
}
