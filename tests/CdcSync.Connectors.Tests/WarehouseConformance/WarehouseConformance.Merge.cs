using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

public abstract partial class WarehouseConformance
{
    [Fact]
    public async Task A_merge_inserts_updates_and_deletes_and_counts_what_it_changed()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, Change.Upsert(1L, "Ada", 100L), Change.Upsert(2L, "Bob", 200L), Change.Upsert(3L, "Cid", 300L));

        var result = await PublishAsync(dataset, Change.Upsert(1L, "Ada", 100L), Change.Upsert(2L, "Bob", 250L), Change.Delete(3L), Change.Delete(9L), Change.Upsert(4L, null, null));

        Assert.Equal(PublicationOutcome.Committed, result.Outcome);
        Assert.Equal(new MergeStats(Inserted: 1, Updated: 1, Deleted: 1, Erased: 0), Assert.Single(result.Stats));
        Assert.Equal(["1|Ada|1.00", "2|Bob|2.50", "4|∅|∅"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_batch_published_again_changes_nothing()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        Change[] changes = [Change.Upsert(1L, "Ada", null), Change.Upsert(2L, "", 5L), Change.Delete(3L)];
        await PublishAsync(dataset, changes);

        Assert.Equal(MergeStats.None, Assert.Single((await PublishAsync(dataset, changes)).Stats));
        Assert.Equal(["1|Ada|∅", "2||0.05"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task Of_several_changes_of_one_key_the_last_wins()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, Change.Upsert(1L, "old", 1L), Change.Upsert(2L, "old", 1L));

        var result = await PublishAsync(dataset,
            Change.Upsert(1L, "new", 2L), Change.Delete(1L),
            Change.Delete(2L), Change.Upsert(2L, "back", 3L),
            Change.Upsert(3L, "first", 1L), Change.Upsert(3L, "second", 2L),
            Change.Upsert(4L, "gone", 1L), Change.Erase(4L));

        Assert.Equal(new MergeStats(Inserted: 1, Updated: 1, Deleted: 1, Erased: 0), Assert.Single(result.Stats));
        Assert.Equal(["2|back|0.03", "3|second|0.02"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_key_that_changes_is_a_delete_and_an_insert_also_under_the_users_unique_index()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await Fixture.ExecuteAsync($"CREATE UNIQUE INDEX user_names ON {Fixture.Quote("accounts")} ({Fixture.Quote("name")})");
        await PublishAsync(dataset, Change.Upsert(1L, "Ada", 1L));

        var result = await PublishAsync(dataset, Change.Upsert(7L, "Ada", 1L), Change.Delete(1L));

        Assert.Equal(new MergeStats(1, 0, 1, 0), Assert.Single(result.Stats));
        Assert.Equal(["7|Ada|0.01"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_soft_delete_keeps_the_last_values_and_a_row_that_comes_back_loses_its_mark()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts(DeleteMode.Soft));
        await PublishAsync(dataset, Change.Upsert(1L, "Ada", 100L), Change.Upsert(2L, "Bob", 200L));

        Assert.Equal(new MergeStats(0, 0, 1, 0), Assert.Single((await PublishAsync(dataset, Change.Delete(1L))).Stats));
        Assert.Equal(["1|Ada|1.00"], await DeletedAsync(dataset));
        Assert.Equal(["2|Bob|2.00"], await LiveAsync(dataset));

        Assert.Equal(MergeStats.None, Assert.Single((await PublishAsync(dataset, Change.Delete(1L))).Stats));

        // The same values: the mark alone is a change of a row that was there.
        Assert.Equal(new MergeStats(0, 1, 0, 0), Assert.Single((await PublishAsync(dataset, Change.Upsert(1L, "Ada", 100L))).Stats));
        Assert.Empty(await DeletedAsync(dataset));
        Assert.Equal(["1|Ada|1.00", "2|Bob|2.00"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_soft_delete_of_an_unseen_key_leaves_a_tombstone()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts(DeleteMode.Soft));

        Assert.Equal(new MergeStats(0, 0, 1, 0), Assert.Single((await PublishAsync(dataset, Change.Delete(5L))).Stats));

        Assert.Equal(["5|∅|∅"], await DeletedAsync(dataset));
        Assert.Empty(await LiveAsync(dataset));
    }

    [Theory]
    [InlineData(DeleteMode.Hard)]
    [InlineData(DeleteMode.Soft)]
    public async Task An_erase_removes_the_row_whatever_the_delete_mode_and_a_marked_row_too(DeleteMode deletes)
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts(deletes));
        await PublishAsync(dataset, Change.Upsert(1L, "Ada", 1L), Change.Upsert(2L, "Bob", 2L), Change.Upsert(3L, "Cid", 3L));
        await PublishAsync(dataset, Change.Delete(2L));

        var result = await PublishAsync(dataset, Change.Erase(1L), Change.Erase(2L), Change.Erase(9L));

        Assert.Equal(new MergeStats(0, 0, 0, deletes == DeleteMode.Soft ? 2 : 1), Assert.Single(result.Stats));
        Assert.Empty(await DeletedAsync(dataset));
        Assert.Equal(["3|Cid|0.03"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task Composite_keys_are_one_key_each_and_their_columns_may_stand_anywhere()
    {
        var dataset = TestDatasets.Of("lines", 0, ("note", StringType.Default), ("line", Int32Type.Default), ("order", StringType.Default));
        dataset = await EnsuredAsync(dataset with { Columns = [dataset.Columns[0], dataset.Columns[1] with { KeyOrdinal = 1 }, dataset.Columns[2] with { KeyOrdinal = 0 }] });
        await PublishAsync(dataset, Change.Upsert("x", 1, "a"), Change.Upsert("y", 2, "a"), Change.Upsert("z", 1, "b"));

        await PublishAsync(dataset, Change.Delete("a", 1), Change.Upsert("w", 1, "b"));

        Assert.Equal(["w|1|b", "y|2|a"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_difference_upserts_what_differs_and_deletes_what_is_absent()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, Change.Upsert(1L, "Ada", 1L), Change.Upsert(2L, "Bob", 2L), Change.Upsert(3L, "Cid", 3L));

        var result = await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert(1L, "Ada", 1L), Change.Upsert(3L, "Cid", 4L), Change.Upsert(4L, "Dan", 4L)]);

        Assert.Equal(new MergeStats(1, 1, 1, 0), Assert.Single(result.Stats));
        Assert.Equal(["1|Ada|0.01", "3|Cid|0.04", "4|Dan|0.04"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_difference_under_soft_delete_marks_what_is_absent()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts(DeleteMode.Soft));
        await PublishAsync(dataset, Change.Upsert(1L, "Ada", 1L), Change.Upsert(2L, "Bob", 2L), Change.Upsert(3L, "Cid", 3L));
        await PublishAsync(dataset, Change.Delete(3L));

        var result = await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert(1L, "Ada", 1L)]);

        Assert.Equal(new MergeStats(0, 0, 1, 0), Assert.Single(result.Stats));
        Assert.Equal(["1|Ada|0.01"], await LiveAsync(dataset));
        Assert.Equal(["2|Bob|0.02", "3|Cid|0.03"], await DeletedAsync(dataset));
    }

    [Fact]
    public async Task A_difference_erases_rows_staged_as_erase_also_under_soft_delete()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts(DeleteMode.Soft));
        await PublishAsync(dataset, Change.Upsert(1L, "Ada", 1L), Change.Upsert(2L, "Bob", 2L), Change.Upsert(3L, "Cid", 3L));

        var result = await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert(1L, "Ada", 1L), Change.Erase(2L)]);

        Assert.Equal(new MergeStats(0, 0, 1, 1), Assert.Single(result.Stats));
        Assert.Equal(["1|Ada|0.01"], await LiveAsync(dataset));
        Assert.Equal(["3|Cid|0.03"], await DeletedAsync(dataset));
    }

    [Fact]
    public async Task Without_a_key_the_whole_content_is_replaced_where_it_differs_and_equal_rows_count()
    {
        var dataset = await EnsuredAsync(TestDatasets.Of("log", 0, ("line", StringType.Default), ("n", Int64Type.Default)));
        await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert("a", 1L), Change.Upsert("a", 1L), Change.Upsert("b", null)]);
        Assert.Equal(["a|1", "a|1", "b|∅"], await LiveAsync(dataset));

        Assert.Equal(MergeStats.None, Assert.Single((await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert("b", null), Change.Upsert("a", 1L), Change.Upsert("a", 1L)])).Stats));

        var result = await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert("a", 1L), Change.Upsert("b", null), Change.Upsert("b", null)]);
        Assert.Equal(new MergeStats(3, 0, 3, 0), Assert.Single(result.Stats));
        Assert.Equal(["a|1", "b|∅", "b|∅"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task An_empty_merge_moves_the_checkpoint_and_nothing_else()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, Change.Upsert(1L, "Ada", 1L));

        Assert.Equal(MergeStats.None, Assert.Single((await PublishAsync(dataset, [])).Stats));

        Assert.Equal(2, (await CheckpointAsync(dataset))!.Generation);
        Assert.Equal(["1|Ada|0.01"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_large_stage_gives_the_same_result_as_small_ones()
    {
        const int rows = 50_000;
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, [.. Enumerable.Range(0, rows).Select(i => Change.Upsert((long)i, $"name {i}", (long)i))]);

        // Every third changes, every fifth goes, a tenth is new, and a thousand come twice.
        Change[] changes =
        [
            .. Enumerable.Range(0, rows).Where(i => i % 3 == 0).Select(i => Change.Upsert((long)i, $"newer {i}", (long)-i)),
            .. Enumerable.Range(0, rows).Where(i => i % 5 == 0).Select(i => Change.Delete((long)i)),
            .. Enumerable.Range(rows, rows / 10).Select(i => Change.Upsert((long)i, null, (long)i)),
            .. Enumerable.Range(rows, 1_000).Select(i => Change.Upsert((long)i, "again", 0L)),
        ];
        var result = await PublishAsync(dataset, changes);

        var expected = new Dictionary<long, string>();
        for (long i = 0; i < rows; i++)
        {
            if (i % 5 != 0) expected[i] = i % 3 == 0 ? $"{i}|newer {i}|{Canonical.Decimal(-i, 2)}" : $"{i}|name {i}|{Canonical.Decimal(i, 2)}";
        }
        for (long i = rows; i < rows + (rows / 10); i++)
            expected[i] = i < rows + 1_000 ? $"{i}|again|0.00" : $"{i}|∅|{Canonical.Decimal(i, 2)}";
        Assert.Equal(expected.Values.Order(StringComparer.Ordinal), await LiveAsync(dataset));
        Assert.Equal(new MergeStats(rows / 10, Enumerable.Range(0, rows).Count(i => i % 3 == 0 && i % 5 != 0), rows / 5, 0), Assert.Single(result.Stats));
    }

    /// <summary>Creates the target and gives the dataset back.</summary>
    private async Task<Dataset> EnsuredAsync(Dataset dataset)
    {
        await Warehouse.EnsureTargetAsync(dataset, default);
        return dataset;
    }
}
