using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

public abstract partial class WarehouseConformance
{
    [Fact]
    public async Task Deletes_of_a_day_are_summed_from_the_last_that_a_person_accepted()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        var day = TimeSpan.FromHours(24);
        Assert.Equal(0, await Control.SumDeletedAsync("pipe", dataset.Id, day, default));
        await PublishAsync(dataset, [.. Enumerable.Range(0, 10).Select(i => Change.Upsert((long)i, "a", 1L))]);
        await PublishAsync(dataset, Change.Delete(0L), Change.Delete(1L), Change.Delete(99L));
        await PublishAsync(dataset, Change.Delete(2L), Change.Erase(3L));
        Assert.Equal(3, await Control.SumDeletedAsync("pipe", dataset.Id, day, default));
        Assert.Equal(0, await Control.SumDeletedAsync("other", dataset.Id, day, default));
        await Fixture.ExecuteAsync($"UPDATE {Fixture.Control("ledger")} SET committed_at = {Fixture.Clock(-90_000)} WHERE generation = 2");
        Assert.Equal(1, await Control.SumDeletedAsync("pipe", dataset.Id, day, default));

        Assert.Equal(PublicationOutcome.Committed, (await AcceptAsync(dataset, [Change.Delete(4L), Change.Delete(5L)], new AcceptedVerdict("deletes", "CDC5001 it says"))).Outcome);
        Assert.Equal(0, await Control.SumDeletedAsync("pipe", dataset.Id, day, default));
        await AcceptAsync(dataset, [Change.Delete(6L)], new AcceptedVerdict("volume", "CDC5005 it says"));
        Assert.Equal(1, await Control.SumDeletedAsync("pipe", dataset.Id, day, default));
        Assert.Equal(["pipe accounts 4 deletes CDC5001 it says test-holder", "pipe accounts 5 volume CDC5005 it says test-holder"],
            (await Fixture.QueryAsync($"SELECT pipeline, dataset, generation, gate, verdict, holder FROM {Fixture.Control("acceptance")} ORDER BY generation")).Select(r => string.Join(' ', r)));

        await Control.ForgetAsync(Lease, dataset.Id, default);
        Assert.Equal("0", $"{await Fixture.ScalarAsync($"SELECT count(*) FROM {Fixture.Control("acceptance")}")}");
    }

    [Fact]
    public async Task Past_batches_of_a_kind_are_read_newest_first()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        foreach (var rows in new[] { 1, 2, 3 })
            await PublishAsync(dataset, [.. Enumerable.Range(0, rows).Select(i => Change.Upsert((long)i, $"{rows}", 1L))]);

        Assert.Equal([new PastBatch(3, SourceTime), new PastBatch(2, SourceTime)], await Control.ReadPastAsync("pipe", dataset.Id, BatchKind.Window, 2, default));
        Assert.Empty(await Control.ReadPastAsync("pipe", dataset.Id, BatchKind.Refresh, 2, default));
    }

    private async Task<PublicationResult> AcceptAsync(CdcSync.Core.Datasets.Dataset dataset, IReadOnlyList<Change> changes, AcceptedVerdict verdict)
    {
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        await using (publication)
        {
            // What a gate notes while it is asked, inside the transaction.
            var accepted = new List<AcceptedVerdict>();
            var gate = new Gate(_ =>
            {
                accepted.Add(verdict);
                return new((CdcSync.Core.Errors.CdcSyncException?)null);
            });
            var part = await StageAsync(publication, dataset, PublishMode.Merge, changes, [], [gate]);
            return await publication.PublishAsync([part with { Accepted = accepted }], default);
        }
    }
}
