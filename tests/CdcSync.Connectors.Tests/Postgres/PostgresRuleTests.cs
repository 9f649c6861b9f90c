using CdcSync.Connectors.Tests.WarehouseConformance;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Tests.Postgres;

/// <summary>What a query of a contract could do in PostgreSQL by what it calls, and can't.</summary>
public sealed class PostgresRuleTests
{
    [Theory]
    [InlineData("SELECT scribble()")]
    [InlineData("SELECT nextval('numbers')")]
    [InlineData("SELECT 1 FROM (SELECT set_config('transaction_read_only', 'off', true)) AS s, LATERAL (SELECT scribble()) AS t")]
    public async Task A_query_that_writes_by_what_it_calls_is_refused_by_the_read_only_transaction(string query)
    {
        await using var fixture = await PostgresFixture.CreateAsync(2_000);
        await using var warehouse = fixture.Open("pipe");
        await warehouse.Control.MigrateAsync(default);
        await fixture.ExecuteAsync("CREATE TABLE scribbled (n int); CREATE SEQUENCE numbers; CREATE FUNCTION scribble() RETURNS int LANGUAGE sql AS 'INSERT INTO scribbled VALUES (1) RETURNING n'");
        var dataset = TestDatasets.Accounts();
        await warehouse.EnsureTargetAsync(dataset, default);
        var measure = new SqlMeasure(query, null, null);

        var measured = (await warehouse.Checks!.MeasureAsync(dataset, [measure], default))[0];
        Assert.Equal(ErrorCodes.RuleUnanswered, measured.Fault!.Code);
        Assert.Contains("read-", measured.Fault.Message, StringComparison.Ordinal);

        var lease = (await warehouse.Control.TryAcquireLeaseAsync("pipe", "h", TimeSpan.FromMinutes(5), default))!;
        var publication = await warehouse.OpenPublicationAsync(lease, default);
        await using (publication)
        {
            var stage = await publication.OpenStageAsync(dataset, PublishMode.Merge, default);
            await stage.WriteAsync(Change.Chunk(dataset, [Change.Upsert(1L, "a", 1L)]), default);
            var upTo = new Position("test", "1");
            var part = new DatasetPublication(stage, new CheckpointMove(0, new Checkpoint(1, new SourceIdentity("test", "s"), upTo, null, null)), [], new LedgerDraft(BatchKind.Window, null, upTo, 1, 0, null, DateTimeOffset.UnixEpoch, null), [])
            {
                MergedGates = [new Asking(measure)],
            };
            Assert.Equal((PublicationOutcome.Blocked, ErrorCodes.RuleUnanswered), (await publication.PublishAsync([part], default)) is var result ? (result.Outcome, result.Blocked!.Code) : default);
        }
        Assert.Equal(0L, await fixture.ScalarAsync("SELECT (SELECT count(*) FROM scribbled) + (SELECT count(*) FROM accounts)"));
    }

    private sealed class Asking(SqlMeasure measure) : IMergedGate
    {
        public async ValueTask<CdcSyncException?> InspectAsync(IMergedView merged, CancellationToken ct)
        {
            try
            {
                await merged.AskAsync(measure, ct);
                return null;
            }
            catch (CdcSyncException fault)
            {
                return fault;
            }
        }
    }
}
