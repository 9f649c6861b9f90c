using CdcSync.EndToEnd.Tests.Cli;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Quarantine;

/// <summary>The real process with a rule of which the contract says what becomes of rows that break it.</summary>
public sealed class RulePolicyTests
{
    private const string Plain = "{ name: note, logicalType: string, physicalType: text }";

    [Theory]
    [InlineData(WarehouseKind.Sqlite, "{ kind: sqlite, path: ./warehouse.db }")]
    [InlineData(WarehouseKind.Postgres, "{ kind: postgres, connection: \"${env:WAREHOUSE}\", schema: landed }")]
    public async Task A_rule_that_blocks_keeps_the_batch_out_until_the_contract_lets_it_in_with_a_warning(WarehouseKind kind, string yaml)
    {
        using var pipeline = new PipelineFolder(yaml);
        await using var warehouse = await WarehouseUnderTest.CreateAsync(kind, pipeline.Folder);
        await pipeline.TrackAsync();
        Edit(pipeline, Plain, Ruled("block"));
        Assert.Equal(0, (await RunAsync("sync", "--migrate")).ExitCode);
        var before = await CheckpointAsync();
        pipeline.Execute("INSERT INTO orders VALUES (3, NULL), (4, 'fine'), (5, NULL)");

        var blocked = await RunAsync("sync", "orders");

        Assert.True(blocked.ExitCode == 8, blocked.ToString());
        Assert.Contains("CDC5007 orders: 2 rows would break rule 'noted' of the contract (column 'note', found null, expected a value; keys [\"3\"], [\"5\"]); nothing of the batch was committed.", blocked.Error, StringComparison.Ordinal);
        Assert.Equal((before, "2", "0"), (await CheckpointAsync(), await CountAsync(warehouse.Table("orders")), await CountAsync(warehouse.Control("quarantine"))));
        Assert.Equal("blocked CDC5007", $"{await warehouse.ScalarAsync($"SELECT phase || ' ' || error_code FROM {warehouse.Control("dataset_state")} WHERE dataset = 'orders'")}");

        Edit(pipeline, Ruled("block"), Ruled("warn"));
        var warned = await RunAsync("sync", "orders");

        Assert.True(warned.ExitCode == 0, warned.ToString());
        Assert.Contains("unusual, and published: orders: 2 rows with a breach of rule 'noted' of the contract", warned.Error, StringComparison.Ordinal);
        Assert.Equal(("5", "0"), (await CountAsync(warehouse.Table("orders")), await CountAsync(warehouse.Control("quarantine"))));
        Assert.NotEqual(before, await CheckpointAsync());

        Task<ProcessResult> RunAsync(params string[] arguments) => CdcsyncProcess.RunAsync(pipeline.Root, arguments, warehouse.Environment);
        async Task<string> CheckpointAsync() => $"{await warehouse.ScalarAsync($"SELECT generation FROM {warehouse.Control("checkpoint")} WHERE dataset = 'orders'")}";
        async Task<string> CountAsync(string table) => $"{await warehouse.ScalarAsync($"SELECT count(*) FROM {table}")}";
    }

    private static string Ruled(string policy) =>
        $"{{ name: note, logicalType: string, physicalType: text, quality: [{{ id: noted, metric: nullValues, mustBe: 0, customProperties: [{{ property: policy, value: {policy} }}] }}] }}";

    private static void Edit(PipelineFolder pipeline, string from, string to)
    {
        var text = File.ReadAllText(pipeline["shop.odcs.yaml"]);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(pipeline["shop.odcs.yaml"], text.Replace(from, to, StringComparison.Ordinal));
    }
}
