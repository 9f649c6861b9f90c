using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

public abstract partial class WarehouseConformance
{
    [Theory]
    [InlineData("ALTER TABLE {0} DROP COLUMN amount", false)]
    [InlineData("DROP TABLE {0}", false)]
    [InlineData("ALTER TABLE {0} ADD later integer", true)]
    public async Task A_target_that_is_altered_between_staging_and_merge_takes_all_of_the_batch_or_nothing_and_is_mended_by_the_next_start(string ddl, bool fits)
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, Change.Upsert(1L, "a", 100L));
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        await using (publication)
        {
            var part = await StageAsync(publication, dataset, PublishMode.Merge, [Change.Upsert(2L, "b", 200L)]);
            await Fixture.ExecuteAsync(string.Format(CultureInfo.InvariantCulture, ddl, Fixture.Quote("accounts")));
            if (fits)
                Assert.Equal(PublicationOutcome.Committed, (await publication.PublishAsync([part], default)).Outcome);
            else
                Assert.Equal(ErrorCodes.TargetMismatch, (await Assert.ThrowsAsync<CdcSyncException>(async () => await publication.PublishAsync([part], default))).Code);
        }

        Assert.Equal(fits ? 2 : 1, (await CheckpointAsync(dataset))!.Generation);
        Assert.Equal(fits ? 2 : 1, (await Control.ReadLedgerAsync(dataset.Id, 9, default)).Count);
        await Warehouse.EnsureTargetAsync(dataset, default);
        await PublishAsync(dataset, Change.Upsert(1L, "a", 100L), Change.Upsert(2L, "b", 200L));
        Assert.Equal(["1|a|1.00", "2|b|2.00"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_publication_whose_checkpoint_was_moved_by_another_changes_nothing()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        await using (publication)
        {
            var late = await StageAsync(publication, dataset, PublishMode.Merge, [Change.Upsert(1L, "late", 1L), Change.Delete(2L)]);
            await PublishAsync(dataset, Change.Upsert(1L, "first", 1L), Change.Upsert(2L, "first", 1L));

            var result = await publication.PublishAsync([late], default);

            Assert.Equal((PublicationOutcome.Superseded, 0), (result.Outcome, result.Stats.Count));
        }
        Assert.Equal(["1|first|0.01", "2|first|0.01"], await LiveAsync(dataset));
        Assert.Single(await Control.ReadLedgerAsync(null, 10, default));
        Assert.Equal(1, (await CheckpointAsync(dataset))!.Generation);
        Assert.False(await Control.WasCommittedAsync(publication.Id, default));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task A_generation_that_is_not_there_is_superseded_too(long expected)
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        if (expected == 0) await PublishAsync(dataset, Change.Upsert(1L, "a", 1L));
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        await using (publication)
        {
            var part = await StageAsync(publication, dataset, PublishMode.Merge, [Change.Upsert(2L, "b", 1L)]);

            Assert.Equal(PublicationOutcome.Superseded, (await publication.PublishAsync([part with { Move = Move(expected) }], default)).Outcome);
        }
    }

    [Fact]
    public async Task Without_the_lease_nothing_is_published()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await ExpireLeaseAsync();
        Assert.Equal(PublicationOutcome.LeaseLost, (await PublishAsync(dataset, Change.Upsert(1L, "a", 1L))).Outcome);

        var rival = (await Control.TryAcquireLeaseAsync("pipe", "rival", TimeSpan.FromMinutes(1), default))!;
        Assert.Equal(PublicationOutcome.LeaseLost, (await PublishAsync(dataset, Change.Upsert(1L, "a", 1L))).Outcome);

        Assert.Empty(await LiveAsync(dataset));
        Assert.Null(await CheckpointAsync(dataset));
        Lease = rival;
        Assert.Equal(PublicationOutcome.Committed, (await PublishAsync(dataset, Change.Upsert(1L, "a", 1L))).Outcome);
    }

    [Fact]
    public async Task A_gate_that_blocks_leaves_everything_as_it_was()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, Change.Upsert(1L, "a", 1L));
        var fault = new CdcSyncException(ErrorCodes.DeleteBreaker, "too many deletes", "Look. Run: cdcsync status");

        var result = await PublishAsync(dataset, PublishMode.Merge, [Change.Delete(1L), Change.Upsert(2L, "b", 1L)], gates: [new Gate(_ => new(default(CdcSyncException))), new Gate(_ => new(fault))]);

        Assert.Equal(PublicationOutcome.Blocked, result.Outcome);
        Assert.Same(fault, result.Blocked);
        Assert.Equal(dataset.Id, result.BlockedDataset);
        Assert.Empty(result.Stats);
        Assert.Equal(["1|a|0.01"], await LiveAsync(dataset));
        Assert.Equal(1, (await CheckpointAsync(dataset))!.Generation);
        Assert.Equal(PublicationOutcome.Committed, (await PublishAsync(dataset, Change.Delete(1L))).Outcome);
    }

    [Theory]
    [InlineData(DeleteMode.Hard)]
    [InlineData(DeleteMode.Soft)]
    public async Task A_gate_sees_what_is_staged_and_what_publishing_would_delete(DeleteMode deletes)
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts(deletes));
        await PublishAsync(dataset, [.. Enumerable.Range(1, 10).Select(i => Change.Upsert((long)i, "a", 1L))]);
        await PublishAsync(dataset, Change.Delete(10L));
        var seen = new List<(long, long, bool, long, long)>();
        var gate = new Gate(async view =>
        {
            Assert.Equal(Math.Min(1, await view.CountTargetRowsAsync(default)), await view.CountTargetRowsUpToAsync(1, default));
            Assert.Equal(await view.CountTargetRowsAsync(default), await view.CountTargetRowsUpToAsync(1_000_000, default));
            seen.Add((view.StagedRows, view.StagedDeletes, view.IsWholeContent, await view.CountRowsToDeleteAsync(default), await view.CountTargetRowsAsync(default)));
            return new CdcSyncException(ErrorCodes.DeleteBreaker, "blocked", "Run: cdcsync status");
        });

        // Deletes: one of a live row, one of a key folded back into an upsert, one of a key already gone, one unknown. An erase does not count.
        await PublishAsync(dataset, PublishMode.Merge, [Change.Delete(1L), Change.Delete(2L), Change.Upsert(2L, "b", 1L), Change.Delete(10L), Change.Delete(99L), Change.Erase(3L)], gates: [gate]);
        await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert(1L, "a", 1L), Change.Upsert(50L, "a", 1L), Change.Erase(2L)], gates: [gate]);

        Assert.Equal([(6L, 4L, false, 1L, 9L), (3L, 0L, true, 7L, 9L)], seen);
    }

    [Fact]
    public async Task A_gate_sees_how_many_rows_without_a_key_would_go()
    {
        var dataset = await EnsuredAsync(TestDatasets.Of("log", 0, ("line", StringType.Default)));
        await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert("a"), Change.Upsert("a"), Change.Upsert("b"), Change.Upsert([null])]);
        var toDelete = -1L;

        await PublishAsync(dataset, PublishMode.Difference, [Change.Upsert("a"), Change.Upsert("c")], gates: [new Gate(async view =>
        {
            toDelete = await view.CountRowsToDeleteAsync(default);
            return null;
        })]);

        Assert.Equal(3, toDelete);
        Assert.Equal(["a", "c"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_group_is_published_whole()
    {
        var (orders, lines) = await GroupAsync();

        var result = await PublishGroupAsync((lines, [Change.Upsert(1L, 10L), Change.Upsert(2L, 10L)]), (orders, [Change.Upsert(10L, 0L)]));

        Assert.Equal(PublicationOutcome.Committed, result.Outcome);
        Assert.Equal([new MergeStats(2, 0, 0, 0), new MergeStats(1, 0, 0, 0)], result.Stats);
        Assert.Equal(1, (await CheckpointAsync(orders))!.Generation);
        Assert.Equal(1, (await CheckpointAsync(lines))!.Generation);
        Assert.Single((await Control.ReadLedgerAsync(null, 10, default)).Select(e => e.Publication).Distinct());
    }

    [Fact]
    public async Task A_group_of_which_one_part_is_superseded_or_blocked_or_refused_is_not_published_at_all()
    {
        var (orders, lines) = await GroupAsync();
        await PublishAsync(orders, Change.Upsert(10L, 0L));
        var fault = new CdcSyncException(ErrorCodes.DeleteBreaker, "blocked", "Run: cdcsync status");

        Assert.Equal(PublicationOutcome.Superseded, (await PublishGroupAsync(stale: true, gates: [], (lines, [Change.Upsert(1L, 10L)]), (orders, [Change.Upsert(11L, 0L)]))).Outcome);
        var blocked = await PublishGroupAsync(stale: false, gates: [new Gate(view => new(view.Dataset.Id == orders.Id ? fault : null))], (lines, [Change.Upsert(1L, 10L)]), (orders, [Change.Upsert(11L, 0L)]));
        Assert.Equal((PublicationOutcome.Blocked, orders.Id), (blocked.Outcome, blocked.BlockedDataset));
        await Fixture.ExecuteAsync($"CREATE UNIQUE INDEX one_each ON {Fixture.Quote("orders")} ({Fixture.Quote("n")})");
        var refused = await Assert.ThrowsAsync<CdcSyncException>(() => PublishGroupAsync((lines, [Change.Upsert(1L, 10L)]), (orders, [Change.Upsert(11L, 0L)])));
        Assert.Equal(ErrorCodes.WarehouseRefusedRows, refused.Code);

        Assert.Empty(await LiveAsync(lines));
        Assert.Equal(["10|0"], await LiveAsync(orders));
        Assert.Null(await CheckpointAsync(lines));
        Assert.Single(await Control.ReadLedgerAsync(null, 10, default));
    }

    [Fact]
    public async Task A_stage_that_is_never_published_leaves_nothing()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, Change.Upsert(1L, "a", 1L));
        foreach (var rows in new[] { 1, 10_000 })
        {
            var publication = await Warehouse.OpenPublicationAsync(Lease, default);
            await using (publication)
            {
                await StageAsync(publication, dataset, PublishMode.Merge, [.. Enumerable.Range(0, rows).Select(i => Change.Upsert((long)i, "staged", 2L))]);
                Assert.Equal(["1|a|0.01"], await LiveAsync(dataset));
            }
        }

        Assert.Equal(["1|a|0.01"], await LiveAsync(dataset));
        await Warehouse.SweepStagesAsync(default);
        Assert.Equal(0, await Warehouse.SweepStagesAsync(default));
        Assert.Equal(MergeStats.None, Assert.Single((await PublishAsync(dataset, Change.Upsert(1L, "a", 1L))).Stats));
    }

    [Fact]
    public async Task A_cancelled_publication_changes_nothing_and_is_no_error()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        using var cancelled = new CancellationTokenSource();
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        await using (publication)
        {
            var part = await StageAsync(publication, dataset, PublishMode.Merge, [Change.Upsert(1L, "a", 1L)]);
            var gate = new Gate(async _ =>
            {
                await cancelled.CancelAsync();
                return null;
            });

            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await publication.PublishAsync([part with { Gates = [gate] }], cancelled.Token));
        }

        Assert.Empty(await LiveAsync(dataset));
        Assert.Null(await CheckpointAsync(dataset));
        Assert.Equal(PublicationOutcome.Committed, (await PublishAsync(dataset, Change.Upsert(1L, "a", 1L))).Outcome);
    }

    [Fact]
    public async Task Of_two_workers_that_publish_the_same_generation_one_commits()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        for (var round = 0; round < 5; round++)
        {
            var move = await NextAsync(dataset);
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 3).Select(worker => Task.Run(async () =>
            {
                var warehouse = Fixture.Open("pipe");
                await using (warehouse)
                {
                    var publication = await warehouse.OpenPublicationAsync(Lease, default);
                    await using (publication)
                    {
                        var part = await StageAsync(publication, dataset, PublishMode.Merge, [Change.Upsert(1L, $"worker {worker}", (long)round)]);
                        return (worker, (await publication.PublishAsync([part with { Move = move }], default)).Outcome);
                    }
                }
            })));

            var winner = Assert.Single(outcomes, o => o.Outcome == PublicationOutcome.Committed);
            Assert.Equal(2, outcomes.Count(o => o.Outcome == PublicationOutcome.Superseded));
            Assert.Equal([$"1|worker {winner.worker}|{Canonical.Decimal(round, 2)}"], await LiveAsync(dataset));
        }
    }

    [Fact]
    public async Task Datasets_publish_side_by_side()
    {
        var datasets = Enumerable.Range(0, 6).Select(i => TestDatasets.Accounts() with { Id = new DatasetId($"side-{i}"), Target = new TargetTable(null, $"side {i}") }).ToList();
        foreach (var dataset in datasets) await EnsuredAsync(dataset);

        await Task.WhenAll(datasets.Select(dataset => Task.Run(async () =>
        {
            for (var window = 0; window < 5; window++)
                Assert.Equal(PublicationOutcome.Committed, (await PublishAsync(dataset, Change.Upsert(1L, "a", (long)window), Change.Upsert(2L + window, "b", 1L))).Outcome);
        })));

        foreach (var dataset in datasets) Assert.Equal(6, (await LiveAsync(dataset)).Count);
        Assert.Equal(30, (await Control.ReadLedgerAsync(null, 100, default)).Count);
    }

    [Fact]
    public async Task Readers_never_see_half_a_publication()
    {
        var (left, right) = await GroupAsync();
        Change[] Both(int money) => [.. Enumerable.Range(0, 50).Select(i => Change.Upsert((long)i, (long)money))];
        await PublishGroupAsync((left, Both(100)), (right, Both(100)));
        using var stop = new CancellationTokenSource();
        var sums = new List<long>();
        var reader = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                sums.Add(Convert.ToInt64(await Fixture.ScalarAsync($"SELECT (SELECT sum(n) FROM {Fixture.Quote("orders")}) + (SELECT sum(n) FROM {Fixture.Quote("lines")})"), CultureInfo.InvariantCulture));
        });

        // On a busy machine the reader's thread may come late.
        for (var moved = 1; moved <= 40 || (sums.Count <= 5 && moved < 4_000 && !reader.IsCompleted); moved++)
            await PublishGroupAsync((left, Both(100 - moved)), (right, Both(100 + moved)));
        await stop.CancelAsync();
        await reader;

        Assert.True(sums.Count > 5, $"{sums.Count} readings");
        Assert.All(sums, sum => Assert.Equal(10_000, sum));
    }

    /// <summary>Two datasets, orders and lines, each id int64 (key), n int64.</summary>
    private async Task<(Dataset Orders, Dataset Lines)> GroupAsync() =>
        (await EnsuredAsync(TestDatasets.Of("orders", 1, ("id", Int64Type.Default), ("n", Int64Type.Default))),
         await EnsuredAsync(TestDatasets.Of("lines", 1, ("id", Int64Type.Default), ("n", Int64Type.Default))));

    private Task<PublicationResult> PublishGroupAsync(params IReadOnlyList<(Dataset Dataset, Change[] Changes)> parts) => PublishGroupAsync(stale: false, gates: [], parts);

    /// <summary>Publishes several datasets in one publication; a stale one expects the last of them at a generation it has passed.</summary>
    private async Task<PublicationResult> PublishGroupAsync(bool stale, IReadOnlyList<IBatchGate> gates, params IReadOnlyList<(Dataset Dataset, Change[] Changes)> parts)
    {
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        await using (publication)
        {
            var staged = new List<DatasetPublication>();
            foreach (var (dataset, changes) in parts)
                staged.Add(await StageAsync(publication, dataset, PublishMode.Merge, changes, gates: gates));
            if (stale) staged[^1] = staged[^1] with { Move = Move(staged[^1].Move.ExpectedGeneration - 1) };
            return await publication.PublishAsync(staged, default);
        }
    }

    private sealed class Gate(Func<IStagedView, ValueTask<CdcSyncException?>> judge) : IBatchGate
    {
        public ValueTask<CdcSyncException?> InspectAsync(IStagedView staged, CancellationToken ct) => judge(staged);
    }
}
