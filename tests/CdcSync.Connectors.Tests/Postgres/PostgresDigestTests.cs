using CdcSync.Arrow;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Reconciliation;
using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.Postgres;

/// <summary>Digests of tables that are not quite as CdcSync would have made them, on a real server.</summary>
public sealed class PostgresDigestTests
{
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
