using System.Text.Json;
using CdcSync.EndToEnd.Tests.Cli;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>A column that comes later gets the values of rows that were there before.</summary>
public sealed class AddedColumnTests
{
    [Fact]
    public async Task A_column_added_to_the_contract_is_filled_by_a_backfill()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders", "--migrate")).ExitCode);
        pipeline.Execute("ALTER TABLE orders ADD COLUMN price INTEGER DEFAULT 7");
        var contract = File.ReadAllText(pipeline["shop.odcs.yaml"]);
        const string Note = "      - { name: note, logicalType: string, physicalType: text }\n";
        Assert.Contains(Note, contract, StringComparison.Ordinal);
        File.WriteAllText(pipeline["shop.odcs.yaml"], contract.Replace(Note, $"{Note}      - {{ name: price, logicalType: integer, physicalType: bigint }}\n", StringComparison.Ordinal));
        var result = await pipeline.RunAsync("backfill", "orders", "--json");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(2, JsonDocument.Parse(result.Out).RootElement.GetProperty("datasets")[0].GetProperty("rowsRead").GetInt32());
        Assert.Equal("7,7", pipeline.Warehouse("SELECT group_concat(price) FROM orders"));
    }
}
