using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <content>The ranges of a first load, whose keys are certainly new.</content>
public abstract partial class WarehouseConformance
{
    [Theory]
    [InlineData(DeleteMode.Hard)]
    [InlineData(DeleteMode.Soft)]
    public async Task Ranges_are_appended_and_after_the_last_one_the_target_is_merged_into(DeleteMode deletes)
    {
        var dataset = TestDatasets.Accounts(deletes);
        await Warehouse.EnsureTargetForAppendAsync(dataset, default);
        var first = await AppendAsync(dataset, remaining: 1, [Change.Upsert(1L, "Ada", 1L), Change.Erase(2L), Change.Upsert(3L, null, null)]);
        Assert.Equal(new MergeStats(2, 0, 0, 0), Assert.Single(first.Stats));
        Assert.Single((await CheckpointAsync(dataset))!.Snapshot!.Remaining);

        // A restart in between looks at the target again.
        await Warehouse.EnsureTargetForAppendAsync(dataset, default);
        var last = await AppendAsync(dataset, remaining: 0, [Change.Upsert(5L, "Eve", 5L)]);
        Assert.Equal(new MergeStats(1, 0, 0, 0), Assert.Single(last.Stats));
        Assert.Null((await CheckpointAsync(dataset))!.Snapshot);
        Assert.Empty(await Warehouse.EnsureTargetAsync(dataset, default));

        var result = await PublishAsync(dataset, Change.Upsert(1L, "Ada L.", 1L), Change.Upsert(4L, "Dan", 4L), Change.Delete(5L));
        Assert.Equal(new MergeStats(1, 1, 1, 0), Assert.Single(result.Stats));
        Assert.Equal(["1|Ada L.|0.01", "3|∅|∅", "4|Dan|0.04"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task An_append_of_nothing_ends_a_first_load_too()
    {
        var dataset = TestDatasets.Accounts();
        await Warehouse.EnsureTargetForAppendAsync(dataset, default);
        Assert.Equal(MergeStats.None, Assert.Single((await AppendAsync(dataset, remaining: 0, [])).Stats));
        Assert.Empty(await Warehouse.EnsureTargetAsync(dataset, default));
        await PublishAsync(dataset, Change.Upsert(1L, "Ada", 1L));
        await PublishAsync(dataset, Change.Upsert(1L, "Bob", 1L));
        Assert.Equal(["1|Bob|0.01"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_first_load_that_was_left_is_merged_into_once_the_target_is_ensured()
    {
        var dataset = TestDatasets.Accounts();
        await Warehouse.EnsureTargetForAppendAsync(dataset, default);
        await AppendAsync(dataset, remaining: 3, [.. Enumerable.Range(0, 2_500).Select(i => Change.Upsert((long)i, "old", 1L))]);
        await Warehouse.EnsureTargetAsync(dataset, default);
        Assert.Empty(await Warehouse.EnsureTargetAsync(dataset, default));

        var result = await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert(7L, "new", 1L), Change.Upsert(9_999L, "new", 1L)]);
        Assert.Equal(new MergeStats(1, 1, 2_499, 0), Assert.Single(result.Stats));
        Assert.Equal(["7|new|0.01", "9999|new|0.01"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task An_append_that_is_superseded_leaves_nothing()
    {
        var dataset = TestDatasets.Accounts();
        await Warehouse.EnsureTargetForAppendAsync(dataset, default);
        await using (var late = await Warehouse.OpenPublicationAsync(Lease, default))
        {
            var part = await StageAsync(late, dataset, PublishMode.Append, [.. Enumerable.Range(0, 2_500).Select(i => Change.Upsert((long)i, "late", 1L))]);
            await AppendAsync(dataset, remaining: 1, [Change.Upsert(1L, "quick", 1L)]);
            Assert.Equal(PublicationOutcome.Superseded, (await late.PublishAsync([part], default)).Outcome);
        }
        Assert.Equal(["1|quick|0.01"], await LiveAsync(dataset));
    }

    /// <summary>Publishes a range of a first load that has so many left.</summary>
    private async Task<PublicationResult> AppendAsync(Dataset dataset, int remaining, IReadOnlyList<Change> changes)
    {
        await using var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        var part = await StageAsync(publication, dataset, PublishMode.Append, changes);
        var progress = remaining == 0 ? null : new SnapshotProgress(9, [.. Enumerable.Range(0, remaining).Select(i => new KeyRange(i, $"{i}", $"{i + 1}"))]);
        var move = part.Move with { Next = part.Move.Next with { Snapshot = progress, CompleteUpTo = null } };
        return await publication.PublishAsync([part with { Move = move, Ledger = Draft(move, changes.Count, BatchKind.Range) }], default);
    }
}
