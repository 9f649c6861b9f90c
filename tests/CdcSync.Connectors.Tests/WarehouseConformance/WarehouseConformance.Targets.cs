using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

public abstract partial class WarehouseConformance
{
    [Fact]
    public async Task A_target_is_created_once_and_is_empty()
    {
        var dataset = TestDatasets.Accounts();
        Assert.False(await Warehouse.HasRowsAsync(dataset, default));
        Assert.Contains("accounts", Assert.Single(await Warehouse.EnsureTargetAsync(dataset, default)), StringComparison.Ordinal);

        Assert.Empty(await Warehouse.EnsureTargetAsync(dataset, default));

        Assert.False(await Warehouse.HasRowsAsync(dataset, default));
        await PublishAsync(dataset, Change.Upsert(1L, "a", 1L));
        Assert.True(await Warehouse.HasRowsAsync(dataset, default));
    }

    [Fact]
    public async Task A_wider_dataset_adds_columns_and_rows_indexes_and_views_survive()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, Change.Upsert(1L, "a", 1L));
        await Fixture.ExecuteAsync($"CREATE INDEX user_index ON {Fixture.Quote("accounts")} ({Fixture.Quote("name")})");
        await Fixture.ExecuteAsync($"CREATE VIEW user_view AS SELECT count(*) AS n FROM {Fixture.Quote("accounts")}");
        var wider = dataset with { Columns = [.. dataset.Columns, new DatasetColumn("since", "since", Date32Type.Default, Date32Type.Default)], Deletes = DeleteMode.Soft };

        Assert.Equal(2, (await Warehouse.EnsureTargetAsync(wider, default)).Count);
        Assert.Empty(await Warehouse.EnsureTargetAsync(wider, default));

        await PublishAsync(wider, Change.Upsert(2L, "b", 2L, 1));
        Assert.Equal(["1|a|0.01|∅", "2|b|0.02|1970-01-02"], await LiveAsync(wider));
        Assert.Equal(2L, Convert.ToInt64(await Fixture.ScalarAsync("SELECT n FROM user_view"), System.Globalization.CultureInfo.InvariantCulture));
        // The index is still there: a second one of its name can't be made.
        await Assert.ThrowsAnyAsync<Exception>(() => Fixture.ExecuteAsync($"CREATE INDEX user_index ON {Fixture.Quote("accounts")} ({Fixture.Quote("amount")})"));
    }

    [Fact]
    public async Task A_dataset_with_fewer_columns_leaves_the_others_as_they_are()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, Change.Upsert(1L, "a", 1L));
        var narrower = dataset with { Columns = [.. dataset.Columns.Take(2)] };

        Assert.Empty(await Warehouse.EnsureTargetAsync(narrower, default));
        await PublishAsync(narrower, Change.Upsert(1L, "changed"), Change.Upsert(2L, "new"));

        Assert.Equal(["1|changed|0.01", "2|new|∅"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_table_of_the_users_that_fits_is_taken_with_its_rows()
    {
        await Fixture.ExecuteAsync($"CREATE TABLE {Fixture.Quote("accounts")} ({Fixture.Quote("id")} BIGINT NOT NULL PRIMARY KEY, {Fixture.Quote("name")} {Fixture.TextType}, {Fixture.Quote("extra")} INTEGER DEFAULT 7)");
        await Fixture.ExecuteAsync($"INSERT INTO {Fixture.Quote("accounts")} VALUES (1, 'a', 8)");
        var dataset = TestDatasets.Accounts();

        Assert.Single(await Warehouse.EnsureTargetAsync(dataset, default));
        Assert.True(await Warehouse.HasRowsAsync(dataset, default));
        await PublishAsync(dataset, Change.Upsert(1L, "b", 1L), Change.Upsert(2L, "c", 1L));

        Assert.Equal(["1|b|0.01", "2|c|0.01"], await LiveAsync(dataset));
        Assert.Equal(15L, Convert.ToInt64(await Fixture.ScalarAsync($"SELECT sum({Fixture.Quote("extra")}) FROM {Fixture.Quote("accounts")}"), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("another key", "id BIGINT NOT NULL, name KEYTEXT NOT NULL, amount NUMERIC(12,2), PRIMARY KEY (id, name)", "name")]
    [InlineData("no key", "id BIGINT NOT NULL, name TEXT, amount NUMERIC(12,2)", "id")]
    [InlineData("a key of another type", "id KEYTEXT NOT NULL PRIMARY KEY, name TEXT, amount NUMERIC(12,2)", "'id'")]
    [InlineData("a narrower type", "id BIGINT NOT NULL PRIMARY KEY, name INTEGER, amount NUMERIC(12,2)", "'name'")]
    [InlineData("a column that refuses null", "id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, amount NUMERIC(12,2)", "'name'")]
    [InlineData("a column of others that must be given", "id BIGINT NOT NULL PRIMARY KEY, name TEXT, amount NUMERIC(12,2), extra TEXT NOT NULL", "'extra'")]
    public async Task A_table_that_can_not_take_the_dataset_is_refused_by_name_and_left_alone(string what, string columns, string named)
    {
        await Fixture.ExecuteAsync($"CREATE TABLE {Fixture.Quote("accounts")} ({columns.Replace("KEYTEXT", Fixture.KeyTextType, StringComparison.Ordinal).Replace("TEXT", Fixture.TextType, StringComparison.Ordinal)})");

        var error = await Assert.ThrowsAsync<CdcSyncException>(async () => await Warehouse.EnsureTargetAsync(TestDatasets.Accounts(), default));

        Assert.True(error.Code == ErrorCodes.TargetMismatch, $"{what}: {error.Code} {error.Message}");
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Empty(await Control.ReadStatusAsync("pipe", default));
    }

    [Fact]
    public async Task A_view_is_no_target()
    {
        await Fixture.ExecuteAsync($"CREATE VIEW {Fixture.Quote("accounts")} AS SELECT 1 AS id, 'a' AS name, 1.5 AS amount");

        Assert.Equal(ErrorCodes.TargetMismatch, (await Assert.ThrowsAsync<CdcSyncException>(async () => await Warehouse.EnsureTargetAsync(TestDatasets.Accounts(), default))).Code);
    }

    [Fact]
    public async Task A_table_belongs_to_one_dataset_whichever_the_pipeline()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        var thief = dataset with { Id = new DatasetId("thief") };

        var error = await Assert.ThrowsAsync<CdcSyncException>(async () => await Warehouse.EnsureTargetAsync(thief, default));
        Assert.Equal(ErrorCodes.TargetTaken, error.Code);
        Assert.Contains("accounts of pipeline pipe", error.Message, StringComparison.Ordinal);
        var state = new DatasetState("pipe", thief.Id, thief.Target, DatasetPhase.New, null, null, null, thief.Contract);
        Assert.Equal(ErrorCodes.TargetTaken, (await Assert.ThrowsAsync<CdcSyncException>(async () => await Control.WriteStateAsync(state, default))).Code);
        var other = Fixture.Open("other");
        await using (other)
            Assert.Equal(ErrorCodes.TargetTaken, (await Assert.ThrowsAsync<CdcSyncException>(async () => await other.EnsureTargetAsync(dataset, default))).Code);
    }

    [Fact]
    public async Task Names_with_quotes_spaces_and_any_letters_are_names()
    {
        string[] names = ["id", "a \"quoted\" name", "it's", "select", "ž\U0001F40E", "semi;colon--", "Tab\tle", "[b]`c`", "%s {0}", "kind", "c0", "rowid", "t", "s"];
        names = [.. names.Where(Fixture.CanName)];
        var dataset = TestDatasets.Of("odd", 2, [.. names.Select(n => (n, (ArrowType)StringType.Default))]) with { Target = new TargetTable(null, "Odd \"Table\"; ž 'x'"), Deletes = DeleteMode.Soft };
        await EnsuredAsync(dataset);

        await PublishAsync(dataset, Change.Upsert([.. names]), Change.Upsert(["k", .. names[1..]]));
        await PublishAsync(dataset, Change.Delete("k", names[1]), Change.Upsert([names[0], names[1], .. names[2..].Select(n => n + "!")]));

        Assert.Equal([string.Join('|', names.Take(2).Concat(names.Skip(2).Select(n => n + "!")))], await LiveAsync(dataset));
        Assert.Single(await DeletedAsync(dataset));
    }

    [Fact]
    public async Task A_table_of_a_hundred_columns_merges_and_differs_in_any_of_them()
    {
        var dataset = await EnsuredAsync(TestDatasets.Of("wide", 1, [.. Enumerable.Range(0, 100).Select(i => ($"column_{i:000}", (ArrowType)Int64Type.Default))]));
        object?[] Row(long id, int changed = -1) => [id, .. Enumerable.Range(1, 99).Select(i => (object?)(long)(i == changed ? -1 : i))];
        await PublishAsync(dataset, [.. Enumerable.Range(0, 200).Select(i => Change.Upsert(Row(i)))]);

        var result = await PublishAsync(dataset, [.. Enumerable.Range(0, 200).Select(i => Change.Upsert(Row(i, changed: i)))]);

        // Row 0 has no column of its number to differ in, and neither have those from 100 on.
        Assert.Equal(new MergeStats(0, 99, 0, 0), Assert.Single(result.Stats));
        Assert.Equal(200, (await LiveAsync(dataset)).Count);
    }

    [Fact]
    public async Task A_table_of_nothing_but_its_key_merges()
    {
        var dataset = await EnsuredAsync(TestDatasets.Of("tags", 2, ("tag", StringType.Default), ("item", Int64Type.Default)));
        await PublishAsync(dataset, Change.Upsert("a", 1L), Change.Upsert("b", 1L));

        Assert.Equal(new MergeStats(1, 0, 1, 0), Assert.Single((await PublishAsync(dataset, Change.Upsert("a", 1L), Change.Delete("b", 1L), Change.Upsert("c", 1L))).Stats));
        Assert.Equal(["a|1", "c|1"], await LiveAsync(dataset));
    }
}
