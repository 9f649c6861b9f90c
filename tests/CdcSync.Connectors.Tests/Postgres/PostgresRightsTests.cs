using System.Text.RegularExpressions;
using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;
using Npgsql;

namespace CdcSync.Connectors.Tests.Postgres;

public sealed partial class PostgresRightsTests
{
    [Theory]
    [InlineData(2_000)]
    [InlineData(0)]
    public async Task A_worker_needs_no_more_rights_than_the_document_lists(int arrayRows)
    {
        await using var fixture = await PostgresFixture.CreateAsync(arrayRows);
        await using (var owner = fixture.Open("pipe")) await owner.Control.MigrateAsync(default);
        var role = $"worker_{fixture.Database.Name}_{arrayRows}";
        await fixture.ExecuteAsync($"REVOKE ALL ON DATABASE {fixture.Database.Name} FROM PUBLIC; CREATE SCHEMA sales; CREATE ROLE {role} LOGIN PASSWORD 'p'");
        try
        {
            var grants = Grants().Match(await File.ReadAllTextAsync(Path.Combine(Root(), "docs/postgres-warehouse.md"))).Groups[1].Value;
            await fixture.ExecuteAsync(grants.Replace("DATABASE warehouse", $"DATABASE {fixture.Database.Name}", StringComparison.Ordinal).Replace("TO worker", $"TO {role}", StringComparison.Ordinal));
            var login = new NpgsqlConnectionStringBuilder(fixture.Database.ConnectionString) { Username = role, Password = "p", SearchPath = "sales" };
            await using var warehouse = fixture.Open(new PostgresWarehouseOptions { ConnectionString = login.ConnectionString, Pipeline = "pipe" });
            await UseAllAsync(warehouse);
        }
        finally
        {
            await fixture.ExecuteAsync($"DROP OWNED BY {role} CASCADE; DROP ROLE {role}");
        }
    }

    private static async Task UseAllAsync(PostgresWarehouse warehouse)
    {
        var control = warehouse.Control;
        await control.CheckSchemaAsync(default);
        var narrow = TestDatasets.Accounts(DeleteMode.Soft);
        var dataset = narrow with { Columns = [.. narrow.Columns, new DatasetColumn("n", "n", CdcSync.Arrow.Int64Type.Default, CdcSync.Arrow.Int64Type.Default)] };
        await warehouse.EnsureTargetAsync(narrow, default);
        await warehouse.EnsureTargetAsync(dataset, default);
        Assert.False(await warehouse.HasRowsAsync(dataset, default));
        await control.WriteStateAsync(new("pipe", dataset.Id, dataset.Target, DatasetPhase.Streaming, null, null, null, dataset.Contract), default);
        var lease = (await control.TryAcquireLeaseAsync("pipe", "h", TimeSpan.FromMinutes(5), default))!;
        Assert.NotNull(await control.RenewLeaseAsync(lease, TimeSpan.FromMinutes(5), default));
        Assert.True(await control.TryMoveCheckpointAsync(lease, dataset.Id, Move(0), Draft(0), default));
        foreach (var (from, mode) in new[] { (1L, PublishMode.Merge), (2L, PublishMode.Difference), (3L, PublishMode.Merge) })
        {
            var publication = await warehouse.OpenPublicationAsync(lease, default);
            await using (publication)
            {
                var stage = await publication.OpenStageAsync(dataset, mode, default);
                await stage.WriteAsync(Change.Chunk(dataset, [Change.Upsert(1L, "a", 1L, from), Change.Delete(2L), Change.Erase(3L)]), default);
                var part = new DatasetPublication(stage, Move(from), [new QuarantinedRow($"[\"{from}\"]", "type", "n", "found text", "{}")], Draft(from), [new DeleteBreakerGate(new DeleteBreaker(0.9, 0))]);
                Assert.Equal(PublicationOutcome.Committed, (await publication.PublishAsync([part], default)).Outcome);
                Assert.True(await control.WasCommittedAsync(publication.Id, default));
            }
        }
        Assert.Equal([dataset.Id], await warehouse.AdvanceIdleAsync(lease, new Dictionary<DatasetId, CheckpointMove> { [dataset.Id] = Move(4) }, default));
        Assert.Equal(4, (await control.ReadLedgerAsync(null, 10, default)).Count);
        Assert.Empty(await control.ReadLandedPathsAsync("pipe", default));
        Assert.Single(await control.ReadStatusAsync("pipe", default));
        Assert.Single(await control.CountQuarantinedAsync("pipe", default));
        await control.ReleaseLeaseAsync(lease, default);
    }

    private static CheckpointMove Move(long from) => new(from, new Checkpoint(from + 1, new SourceIdentity("test", "s"), new Position("test", $"{from}"), null, null));

    private static LedgerDraft Draft(long from) => new(BatchKind.Window, null, new Position("test", $"{from}"), 1, 0, null, DateTimeOffset.UnixEpoch, null);

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "CdcSync.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }

    [GeneratedRegex("```sql\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Grants();
}
