using CdcSync.Core.Gates;
using CdcSync.Core.Sources.Schemas;
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

    [Fact]
    public async Task The_columns_of_sources_are_kept_with_their_history_and_the_newest_are_read()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        Assert.Empty(await Control.ReadSourceSchemasAsync("pipe", default));
        SourceColumn[] first = [new("id", "bigint", false, 1, 1), new("náme \"'", "", true)];
        SourceColumn[] second = [first[0] with { Type = "numeric(20,0)" }, first[1]];
        SchemaChange[] changes = [new(SchemaChangeKind.Widened, "id", "'id' was bigint, and is numeric(20,0)")];
        await Control.WriteSourceSchemaAsync("pipe", dataset.Id, new SourceSchema(1, first, []), default);
        await Control.WriteSourceSchemaAsync("pipe", dataset.Id, new SourceSchema(2, second, changes), default);
        // Another worker was faster: its row stays.
        await Control.WriteSourceSchemaAsync("pipe", dataset.Id, new SourceSchema(2, first, []), default);

        var (id, schema) = Assert.Single(await Control.ReadSourceSchemasAsync("pipe", default));
        Assert.Equal((dataset.Id, 2), (id, schema.Number));
        Assert.Equal(second, schema.Columns);
        Assert.Equal(changes, schema.Changes);
        Assert.Empty(await Control.ReadSourceSchemasAsync("other", default));
        Assert.Equal("2", $"{await Fixture.ScalarAsync($"SELECT count(*) FROM {Fixture.Control("source_schema")}")}");
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
