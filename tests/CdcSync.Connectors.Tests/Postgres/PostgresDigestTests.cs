using CdcSync.Arrow;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Reconciliation;
using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.Postgres;

/// <summary>Digests of tables that are not quite as CdcSync would have made them, on a real server.</summary>
public sealed class PostgresDigestTests
{
    /// <summary>Dates and instants at the ends of what the server has, among others: by ranges of their index as by their hash.</summary>
    [Theory]
    [InlineData("date", "'-infinity'", "'4713-11-24 BC'", "'1999-12-31'", "'2000-01-01'", "'2026-03-01'", "'5874897-12-31'", "'infinity'")]
    [InlineData("timestamp", "'-infinity'", "'4713-11-24 00:00:00 BC'", "'1999-12-31 23:59:59.999999'", "'2000-01-01'", "'2026-03-01 12:00'", "'294276-12-31 23:59:59.999999'", "'infinity'")]
    [InlineData("timestamptz", "'-infinity'", "'4713-11-24 00:00:00Z BC'", "'1999-12-31 23:59:59.999999Z'", "'2000-01-01Z'", "'2026-03-01 12:00+02'", "'294276-12-31 23:59:59.999999Z'", "'infinity'")]
    public async Task Keys_of_dates_and_instants_are_parted_by_ranges_of_their_index(string type, params string[] keys)
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var fixture = await PostgresFixture.CreateAsync();
        await using var warehouse = fixture.Open("pipe");
        ArrowType arrow = type switch { "date" => Date32Type.Default, "timestamp" => new TimestampType(TimeUnit.Microsecond, null), _ => new TimestampType(TimeUnit.Microsecond, "UTC") };
        var dataset = TestDatasets.Of("times", 1, ("k", arrow), ("n", Int64Type.Default));
        await fixture.ExecuteAsync($"CREATE TABLE times (k {type} PRIMARY KEY, n bigint); INSERT INTO times VALUES {string.Join(", ", keys.Select((k, i) => $"({k}, {i})"))}");
        var digests = warehouse.Digests(dataset)!;
        var (hashed, scope) = (DigestScope.Rows(dataset), DigestScope.Rows(dataset).For(digests, digests));
        Assert.True(scope.Places is { IsOrdered: true, IsTime: true } && !hashed.Places.IsOrdered);

        var rows = await digests.RowsAsync(hashed, [new Part(0, 63), new Part(-1, 63)], default).ToListAsync();
        var places = rows.Select(r => scope.Places.Of(r.Key.Bytes)).Order().ToArray();
        Assert.Equal((keys.Length, places[0], places[^1]), (rows.Count, (await digests.SurveyAsync(scope, default)).First, (await digests.SurveyAsync(scope, default)).Last));
        foreach (var shift in new[] { 0, 7, 40, 63 })
        {
            var expected = rows.GroupBy(r => scope.Places.Of(r.Key.Bytes) >> shift).ToDictionary(g => g.Key, g => g.Aggregate(default(PartDigest), (sum, r) => sum.With(r.Hash)));
            Assert.Equal(expected, await digests.DigestAsync(scope, null, shift, default));
            Part[] some = [.. expected.Keys.Where((_, i) => i % 2 == 0).Select(prefix => new Part(prefix, shift))];
            Assert.Equal(expected.Where(p => some.Contains(new Part(p.Key, shift))).ToDictionary(), await digests.DigestAsync(scope, some, shift, default));
            Assert.Equal(rows.Where(r => some.Any(p => p.Holds(scope.Places.Of(r.Key.Bytes)))).Select(r => r.Hash).ToHashSet(), (await digests.RowsAsync(scope, some, default).ToListAsync()).Select(r => r.Hash).ToHashSet());
        }

        var range = RowRange.Parse(dataset, "k=2000-01-01..2026-03-02");
        Assert.Equal(2, (await digests.DigestAsync(scope with { Range = range }, null, 0, default)).Count);
        var (first, last) = range.PlacesOf(scope)!.Value;
        Assert.Equal(2, places.Count(p => p >= first && p <= last));
    }

    [Fact]
    public async Task In_wider_columns_equal_values_are_equal_and_what_the_contract_has_no_value_for_differs_from_null_too()
    {
        if (PostgresServer.SkipReason is { } reason) Assert.Skip(reason);
        await using var fixture = await PostgresFixture.CreateAsync();
        await using var warehouse = fixture.Open("pipe");
        var dataset = TestDatasets.Of("wide", 1, ("id", Int32Type.Default), ("n", Int64Type.Default), ("amount", new Decimal128Type(12, 2)), ("f", FloatType.Default));
        await fixture.ExecuteAsync("""
            CREATE TABLE wide (id bigint PRIMARY KEY, n numeric, amount numeric(20, 6), f double precision);
            INSERT INTO wide VALUES (1, 5, 1.5, 0.5), (2, NULL, NULL, '-0'), (3, 5.5, NULL, NULL), (4, NULL, 1.555, NULL), (5, NULL, NULL, 'NaN'), (6, 'NaN', NULL, NULL), (7, 1e30, NULL, NULL)
            """);
        var expected = Change.Chunk(dataset, [Change.Upsert(1, 5L, 150L, 0.5f), Change.Upsert(2, null, null, 0f), Change.Upsert(3, null, null, null), Change.Upsert(4, null, null, null),
            Change.Upsert(5, null, null, float.NaN), Change.Upsert(6, null, null, null), Change.Upsert(7, null, null, null)]).Rows;
        var hashes = new CanonicalRows(expected, [0, 1, 2, 3]);
        var keys = new KeyCodec(dataset).KeysOf(expected);
        var found = await warehouse.Digests(dataset)!.RowsAsync(DigestScope.Rows(dataset), [new Part(0, 63)], default).ToDictionaryAsync(r => r.Key, r => r.Hash);
        Assert.Equal([true, true, false, false, true, false, false], Enumerable.Range(0, 7).Select(row => found[keys.Key(row)] == hashes.Hash(row)));
    }
}
