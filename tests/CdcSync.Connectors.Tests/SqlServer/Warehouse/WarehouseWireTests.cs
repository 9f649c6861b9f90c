using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Connectors.Tests.SqlServer.Wire;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;
using CdcSync.TestServers;

namespace CdcSync.Connectors.Tests.SqlServer.Warehouse;

/// <summary>What answers, errors and broken connections become, over recorded dialogues; without a server. See <see cref="TdsDouble"/> for what this does not prove.</summary>
public sealed class WarehouseWireTests
{
    /// <summary>Requests of the publication's dialogue.</summary>
    private const int Merging = 15, Committing = 17;

    /// <summary>The request of the other dialogue that reads the checkpoints.</summary>
    private const int Reading = 4;

    private static readonly Dataset Accounts = TestDatasets.Of("accounts", 1, ("id", Int64Type.Default), ("name", StringType.Default));

    [Fact]
    public async Task A_recorded_reading_is_read()
    {
        await using var server = new TdsDouble("read-checkpoints.tds");
        await using var warehouse = Open(server);

        var found = await warehouse.Control.ReadCheckpointsAsync([Accounts.Id], default);

        Assert.Equal(new Checkpoint(1, new SourceIdentity("test", "1"), new Position("test", "1"), null, null), found[Accounts.Id]);
    }

    [Fact]
    public async Task A_recorded_publication_is_committed()
    {
        await using var server = new TdsDouble("publish-one-row.tds");
        await using var warehouse = Open(server);

        Assert.Equal((PublicationOutcome.Committed, MergeStats.None), await PublishAsync(warehouse));
    }

    [Theory]
    [InlineData(1205, 13, "CDC3003")]
    [InlineData(1222, 16, "CDC3003")]
    [InlineData(3960, 16, "CDC3003")]
    [InlineData(3961, 16, "CDC3003")]
    [InlineData(22117, 16, "CDC3002")]
    [InlineData(229, 14, "CDC3002")]
    [InlineData(3906, 16, "CDC3002")]
    [InlineData(9002, 17, "CDC3006")]
    [InlineData(1105, 17, "CDC3006")]
    [InlineData(2627, 14, "CDC3008")]
    [InlineData(2628, 16, "CDC3008")]
    [InlineData(207, 16, "CDC3004")]
    [InlineData(40197, 20, "CDC3001")]
    [InlineData(40613, 20, "CDC3001")]
    [InlineData(50000, 16, "CDC3008")]
    public async Task An_error_of_the_server_has_its_code_and_no_value_of_a_row_gets_through(int number, byte severity, string code)
    {
        await using var server = new TdsDouble("publish-one-row.tds", (Merging, new WireFault.Error(number, severity, "the value is 'Ada Lovelace'.")));
        await using var warehouse = Open(server);

        var fault = await Assert.ThrowsAsync<CdcSyncException>(() => PublishAsync(warehouse));

        Assert.Equal(code, fault.Code.Id);
        Assert.Equal(code is "CDC3001" or "CDC3003" or "CDC3006", fault.IsTransient);
        if (code == "CDC3008") Assert.DoesNotContain("Lovelace", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_TLS_is_refused_where_TLS_is_asked_for()
    {
        await using var server = new TdsDouble("read-checkpoints.tds");
        await using var warehouse = new SqlServerWarehouse(new SqlServerWarehouseOptions { Connection = () => server.ConnectionString.Replace("Encrypt=false", "Encrypt=true", StringComparison.Ordinal), Pipeline = "pipe" });

        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.ReadCheckpointsAsync([Accounts.Id], default));

        Assert.Equal(ErrorCodes.WarehouseDenied, fault.Code);
        Assert.Contains("TLS", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_control_schema_is_named()
    {
        await using var server = new TdsDouble("read-checkpoints.tds", (Reading, new WireFault.Error(208, 16, "Invalid object name 'cdcsync.checkpoint'.")));
        await using var warehouse = Open(server);

        Assert.Equal(ErrorCodes.ControlSchemaMissing, (await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.ReadCheckpointsAsync([Accounts.Id], default))).Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(50)]
    [InlineData(-20)]
    public async Task A_connection_that_is_cut_in_the_middle_of_an_answer_may_come_back(int after)
    {
        await using var server = new TdsDouble("read-checkpoints.tds", (Reading, new WireFault.Cut(length => after < 0 ? length + after : after)));
        await using var warehouse = Open(server);

        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.ReadCheckpointsAsync([Accounts.Id], default));

        Assert.Equal(ErrorCodes.WarehouseUnavailable, fault.Code);
    }

    [Fact]
    public async Task A_commit_without_an_answer_is_of_unknown_outcome()
    {
        await using var server = new TdsDouble("publish-one-row.tds", (Committing, new WireFault.Cut(_ => 0)));
        await using var warehouse = Open(server);

        Assert.Equal(ErrorCodes.CommitUnknown, (await Assert.ThrowsAsync<CdcSyncException>(() => PublishAsync(warehouse))).Code);
    }

    [Fact]
    public async Task A_commit_that_the_server_refuses_is_none()
    {
        await using var server = new TdsDouble("publish-one-row.tds", (Committing, new WireFault.Error(1205, 13, "deadlock")));
        await using var warehouse = Open(server);

        Assert.Equal(ErrorCodes.WarehouseBusy, (await Assert.ThrowsAsync<CdcSyncException>(() => PublishAsync(warehouse))).Code);
    }

    [Fact]
    public async Task A_statement_that_takes_too_long_is_broken_off_and_tried_again()
    {
        await using var server = new TdsDouble("read-checkpoints.tds", (Reading, new WireFault.Silence()));
        await using var warehouse = Open(server, TimeSpan.FromSeconds(1));

        var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await warehouse.Control.ReadCheckpointsAsync([Accounts.Id], default));

        Assert.Equal(ErrorCodes.WarehouseUnavailable, fault.Code);
        Assert.Equal(1, server.Attentions);
    }

    [Fact]
    public async Task A_cancellation_breaks_the_statement_off_and_is_no_error()
    {
        await using var server = new TdsDouble("publish-one-row.tds", (Merging, new WireFault.Silence()));
        await using var warehouse = Open(server);
        using var cancelled = new CancellationTokenSource();
        var publishing = PublishAsync(warehouse, cancelled.Token);
        await Eventually.HoldsAsync(() => server.Answered >= Merging, publishing);
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);

        Assert.Equal(1, server.Attentions);
    }

    private static SqlServerWarehouse Open(TdsDouble server, TimeSpan? patience = null) =>
        new(new SqlServerWarehouseOptions { Connection = () => server.ConnectionString, Pipeline = "pipe", StatementTimeout = patience ?? TimeSpan.FromMinutes(1) });

    private static async Task<(PublicationOutcome, MergeStats)> PublishAsync(SqlServerWarehouse warehouse, CancellationToken ct = default)
    {
        var publication = await warehouse.OpenPublicationAsync(new Lease("pipe", "h", 1, default), ct);
        await using (publication)
        {
            var stage = await publication.OpenStageAsync(Accounts, PublishMode.Merge, ct);
            await stage.WriteAsync(Change.Chunk(Accounts, [Change.Upsert(1L, "Ada")]), ct);
            var next = new Checkpoint(2, new SourceIdentity("test", "1"), new Position("test", "2"), null, null);
            var result = await publication.PublishAsync([new DatasetPublication(stage, new CheckpointMove(1, next), [], new LedgerDraft(BatchKind.Window, null, next.Stream, 1, 0, null, DateTimeOffset.UnixEpoch, null), [])], ct);
            return (result.Outcome, result.Stats[0]);
        }
    }
}
