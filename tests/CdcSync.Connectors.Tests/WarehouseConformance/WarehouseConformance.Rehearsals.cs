using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

public abstract partial class WarehouseConformance
{
    [Theory]
    [InlineData(PublishMode.Merge)]
    [InlineData(PublishMode.Difference)]
    public async Task A_rehearsal_tells_that_rows_would_be_taken_and_leaves_nothing(PublishMode mode)
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        await PublishAsync(dataset, PublishMode.Merge, [Change.Upsert(1L, "a", 1L)], quarantined: [Rejected(2)]);
        var gate = new Gate(_ => throw new InvalidOperationException("A rehearsal asks no gate."));

        Assert.Equal(PublicationOutcome.Committed, await RehearseAsync(dataset, mode, [Change.Upsert(2L, "b", 1L), Change.Delete(1L)], [Rejected(3)], [gate]));

        Assert.Equal(["1|a|0.01"], await LiveAsync(dataset));
        Assert.Equal(["[\"2\"] required found null"], await QuarantineAsync());
        Assert.Equal(1, (await CheckpointAsync(dataset))!.Generation);
        Assert.Single(await Control.ReadLedgerAsync(null, 10, default));
    }

    [Fact]
    public async Task A_rehearsal_of_rows_that_are_refused_says_why_without_values()
    {
        var dataset = await EnsuredAsync(TestDatasets.Of("names", 1, ("id", CdcSync.Arrow.Int64Type.Default), ("n", CdcSync.Arrow.Int64Type.Default)));
        await Fixture.ExecuteAsync($"CREATE UNIQUE INDEX one_each ON {Fixture.Quote("names")} ({Fixture.Quote("n")})");
        await PublishAsync(dataset, Change.Upsert(1L, 4711L));

        var refused = await Assert.ThrowsAsync<CdcSyncException>(() => RehearseAsync(dataset, PublishMode.Merge, [Change.Upsert(2L, 4711L)], [], []));

        Assert.Equal(ErrorCodes.WarehouseRefusedRows, refused.Code);
        Assert.True(refused.Refusal!.DependsOnOthers);
        Assert.Matches("'one_each'|names.n", refused.Refusal.Reason);
        Assert.DoesNotContain("4711", refused + refused.Refusal.Reason, StringComparison.Ordinal);
        Assert.Equal(PublicationOutcome.Committed, await RehearseAsync(dataset, PublishMode.Merge, [Change.Upsert(2L, 4712L)], [], []));
        Assert.Equal(["1|4711"], await LiveAsync(dataset));
    }

    [Fact]
    public async Task A_rehearsal_by_one_whose_checkpoint_or_lease_is_gone_says_so()
    {
        var dataset = await EnsuredAsync(TestDatasets.Accounts());
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        await using (publication)
        {
            var part = await StageAsync(publication, dataset, PublishMode.Merge, [Change.Upsert(1L, "a", 1L)]);
            Assert.Equal(PublicationOutcome.Superseded, await publication.RehearseAsync([part with { Move = Move(7) }], default));
        }

        await Control.ReleaseLeaseAsync(Lease, default);
        Assert.Equal(PublicationOutcome.LeaseLost, await RehearseAsync(dataset, PublishMode.Merge, [Change.Upsert(1L, "a", 1L)], [], []));
        Assert.Empty(await LiveAsync(dataset));
    }

    private async Task<PublicationOutcome> RehearseAsync(Dataset dataset, PublishMode mode, IReadOnlyList<Change> changes, IReadOnlyList<QuarantinedRow> quarantined, IReadOnlyList<IBatchGate> gates)
    {
        var publication = await Warehouse.OpenPublicationAsync(Lease, default);
        await using (publication)
            return await publication.RehearseAsync([await StageAsync(publication, dataset, mode, changes, quarantined, gates)], default);
    }
}
