using CdcSync.Arrow;
using CdcSync.Connectors.SqlServer.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;
using CdcSync.TestServers;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.Tests.SqlServer.Warehouse;

/// <summary>What is SQL Server's own: what it takes for equal, its locks, its commit. Live.</summary>
public sealed class SqlServerPublicationTests : IAsyncLifetime
{
    /// <summary>The end of the driver's request to commit: one request outstanding, TM_COMMIT_XACT, no name, no flags.</summary>
    private static readonly byte[] Commit = [1, 0, 0, 0, 7, 0, 0, 0];

    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private SqlServerFixture _fixture = null!;
    private IWarehouse _warehouse = null!;
    private Lease _lease = null!;

    public async ValueTask InitializeAsync()
    {
        _fixture = await SqlServerFixture.CreateAsync();
        _warehouse = _fixture.Open("pipe");
        await _warehouse.Control.MigrateAsync(default);
        _lease = (await _warehouse.Control.TryAcquireLeaseAsync("pipe", "holder", TimeSpan.FromMinutes(20), default))!;
    }

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task Keys_that_differ_in_blanks_case_or_zeros_at_the_end_are_rows_of_their_own()
    {
        var dataset = TestDatasets.Of("padded", 2, ("k", StringType.Default), ("b", BinaryType.Default), ("n", Int64Type.Default));
        await _warehouse.EnsureTargetAsync(dataset, default);
        byte[] none = [], zero = [0];
        await PublishAsync(dataset, PublishMode.Merge, Change.Upsert("a", none, 1L), Change.Upsert("a ", none, 2L), Change.Upsert("A", none, 3L), Change.Upsert("a", zero, 4L));

        var stats = await PublishAsync(dataset, PublishMode.Merge, Change.Upsert("a ", none, 20L), Change.Delete("a", zero), Change.Upsert("a  ", none, 5L), Change.Delete("a   ", none));

        Assert.Equal(new MergeStats(1, 1, 1, 0), stats);
        Assert.Equal(["A||3", "a  ||5", "a ||20", "a||1"], await LinesAsync(dataset));
        Assert.Equal(new MergeStats(0, 0, 3, 0), await PublishAsync(dataset, PublishMode.Difference, Change.Upsert("a ", none, 20L)));
    }

    [Fact]
    public async Task A_value_that_changes_by_a_blank_or_a_zero_at_its_end_is_updated()
    {
        var dataset = TestDatasets.Of("values", 1, ("id", Int64Type.Default), ("t", StringType.Default), ("b", BinaryType.Default));
        await _warehouse.EnsureTargetAsync(dataset, default);
        await PublishAsync(dataset, PublishMode.Merge, Change.Upsert(1L, "a", new byte[] { 1 }), Change.Upsert(2L, "a", new byte[] { 1 }), Change.Upsert(3L, "a", new byte[] { 1 }), Change.Upsert(4L, "a", new byte[] { 1 }));

        var stats = await PublishAsync(dataset, PublishMode.Merge, Change.Upsert(1L, "a ", new byte[] { 1 }), Change.Upsert(2L, "a", new byte[] { 1, 0 }), Change.Upsert(3L, "A", new byte[] { 1 }), Change.Upsert(4L, "a", new byte[] { 1 }));

        Assert.Equal(new MergeStats(0, 3, 0, 0), stats);
        Assert.Equal(["1|a |01", "2|a|0100", "3|A|01", "4|a|01"], await LinesAsync(dataset));
    }

    [Fact]
    public async Task A_content_without_a_key_that_differs_by_a_blank_is_replaced()
    {
        var dataset = TestDatasets.Of("log", 0, ("line", StringType.Default));
        await _warehouse.EnsureTargetAsync(dataset, default);
        await PublishAsync(dataset, PublishMode.Difference, Change.Upsert("a"), Change.Upsert("b"));

        Assert.Equal(new MergeStats(2, 0, 2, 0), await PublishAsync(dataset, PublishMode.Difference, Change.Upsert("a "), Change.Upsert("b")));
        Assert.Equal(["a ", "b"], await LinesAsync(dataset));
    }

    [Fact]
    public async Task In_a_users_table_that_cant_tell_two_keys_apart_the_batch_stops_and_nothing_is_lost()
    {
        await _fixture.ExecuteAsync("CREATE TABLE dbo.tags (tag nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY, n bigint NULL)");
        var dataset = TestDatasets.Of("tags", 1, ("tag", StringType.Default), ("n", Int64Type.Default));
        Assert.Empty(await _warehouse.EnsureTargetAsync(dataset, default));
        await PublishAsync(dataset, PublishMode.Merge, Change.Upsert("a", 1L));

        var fault = await Assert.ThrowsAsync<CdcSyncException>(() => PublishAsync(dataset, PublishMode.Merge, Change.Upsert("a ", 2L)));

        Assert.Equal(ErrorCodes.WarehouseRefusedRows, fault.Code);
        Assert.Null(fault.InnerException);
        Assert.Equal(["a|1"], await LinesAsync(dataset));
        Assert.Equal(1, await GenerationAsync(dataset));
    }

    [Fact]
    public async Task A_lock_that_another_holds_is_not_waited_for_without_end()
    {
        var dataset = TestDatasets.Accounts();
        await _warehouse.EnsureTargetAsync(dataset, default);
        await PublishAsync(dataset, PublishMode.Merge, Change.Upsert(1L, "a", 1L));
        await using var rival = new SqlConnection(_fixture.Database.ConnectionString);
        await rival.OpenAsync();
        await using var transaction = (SqlTransaction)await rival.BeginTransactionAsync();
        await using (var hold = new SqlCommand("UPDATE cdcsync.[checkpoint] SET updated_at = updated_at", rival, transaction)) await hold.ExecuteNonQueryAsync();
        await using var impatient = new SqlServerWarehouse(new SqlServerWarehouseOptions { Connection = () => _fixture.Database.ConnectionString, Pipeline = "pipe", LockTimeout = TimeSpan.FromMilliseconds(300) });

        var fault = await Assert.ThrowsAsync<CdcSyncException>(() => PublishAsync(dataset, PublishMode.Merge, [Change.Upsert(1L, "b", 1L)], on: impatient));

        Assert.True(fault.IsTransient, fault.ToString());
        await transaction.RollbackAsync();
        Assert.Equal(new MergeStats(0, 1, 0, 0), await PublishAsync(dataset, PublishMode.Merge, [Change.Upsert(1L, "b", 1L)], on: impatient));
    }

    [Theory]
    [InlineData(CutPoint.BeforeServer)]
    [InlineData(CutPoint.AfterAnswer)]
    public async Task A_commit_whose_answer_is_lost_is_found_in_the_ledger_or_not(CutPoint when)
    {
        var dataset = TestDatasets.Accounts();
        await _warehouse.EnsureTargetAsync(dataset, default);
        var server = new SqlConnectionStringBuilder(_fixture.Database.ConnectionString);
        if (server.DataSource.Split(',') is not ["127.0.0.1", var port]) Assert.Skip("the server is not on 127.0.0.1,port: the proxy can't stand between");
        await using var proxy = new LoopbackProxy(int.Parse(server.DataSource.Split(',')[1]));
        server.DataSource = $"127.0.0.1,{proxy.Port}";
        server.Pooling = false;
        await using var far = new SqlServerWarehouse(new SqlServerWarehouseOptions { Connection = () => server.ConnectionString, Pipeline = "pipe" });
        var publication = await far.OpenPublicationAsync(_lease, default);
        await using (publication)
        {
            var part = await StageAsync(publication, dataset, PublishMode.Merge, [Change.Upsert(1L, "Ada", 1L)], generation: 0);
            proxy.CutAt(Commit, when);
            var fault = await Assert.ThrowsAsync<CdcSyncException>(async () => await publication.PublishAsync([part], default));
            Assert.Equal(ErrorCodes.CommitUnknown, fault.Code);
        }

        var committed = when == CutPoint.AfterAnswer;
        Assert.Equal(committed, await _warehouse.Control.WasCommittedAsync(publication.Id, default));
        Assert.Equal(committed ? ["1|Ada|0.01"] : [], await LinesAsync(dataset));
        Assert.Equal(committed ? 1 : 0, await GenerationAsync(dataset));
    }

    private Task<MergeStats> PublishAsync(Dataset dataset, PublishMode mode, params IReadOnlyList<Change> changes) => PublishAsync(dataset, mode, changes, _warehouse);

    private async Task<MergeStats> PublishAsync(Dataset dataset, PublishMode mode, IReadOnlyList<Change> changes, IWarehouse on)
    {
        var publication = await on.OpenPublicationAsync(_lease, default);
        await using (publication)
        {
            var result = await publication.PublishAsync([await StageAsync(publication, dataset, mode, changes, await GenerationAsync(dataset))], default);
            Assert.Equal(PublicationOutcome.Committed, result.Outcome);
            return result.Stats[0];
        }
    }

    private static async Task<DatasetPublication> StageAsync(IPublication publication, Dataset dataset, PublishMode mode, IReadOnlyList<Change> changes, long generation)
    {
        var stage = await publication.OpenStageAsync(dataset, mode, default);
        await stage.WriteAsync(Change.Chunk(dataset, changes), default);
        var next = new Checkpoint(generation + 1, new SourceIdentity("test", "1"), new Position("test", $"{generation + 1}"), null, Noon);
        return new DatasetPublication(stage, new CheckpointMove(generation, next), [], new LedgerDraft(BatchKind.Window, null, next.Stream, changes.Count, 0, null, Noon, null), []);
    }

    private async Task<long> GenerationAsync(Dataset dataset) => (await _warehouse.Control.ReadCheckpointsAsync([dataset.Id], default)).GetValueOrDefault(dataset.Id)?.Generation ?? 0;

    private async Task<IEnumerable<string>> LinesAsync(Dataset dataset) => (await _fixture.ReadAsync(dataset)).Select(r => string.Join('|', r.Values)).Order(StringComparer.Ordinal);
}
