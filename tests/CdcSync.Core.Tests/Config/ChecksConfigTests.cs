using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Tests.Contracts;

namespace CdcSync.Core.Tests.Configuration;

/// <summary>What a pipeline makes of its contracts' checks: parents become datasets, queries for other warehouses are left out.</summary>
public sealed class ChecksConfigTests : IDisposable
{
    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_relationship_leads_to_the_dataset_that_has_the_contracts_table()
    {
        var result = _folder.LoadRoot("""
            datasets:
              bestellungen: { source: shop, object: orders, contract: shop.odcs.yaml#orders }
              lines: { source: shop, object: order_lines, contract: shop.odcs.yaml#order_lines, checks: { every: 15m } }
            """);
        Assert.Empty(result.Findings);
        var lines = result.OrThrow().Pipeline.Datasets[1];
        var check = Assert.Single(lines.Checks);
        var measure = Assert.IsType<OrphanMeasure>(check.Measure);
        Assert.Equal(("order_id.parent", "bestellungen", "order_id", "order_id", "0"), (check.Id, measure.Parent.Value, Assert.Single(measure.Columns), Assert.Single(measure.ParentColumns), check.Expected));
        Assert.Equal((TimeSpan.FromMinutes(15), TimeSpan.FromHours(1)), (lines.CheckInterval, result.OrThrow().Pipeline.Datasets[0].CheckInterval));
    }

    [Fact]
    public void A_parent_that_no_dataset_has_is_warned_of()
    {
        var result = _folder.LoadRoot("datasets: { lines: { source: shop, object: order_lines, contract: shop.odcs.yaml#order_lines } }");
        Assert.Contains("datasets.lines: order_id.parent is not checked: no dataset has the contract's table 'orders'.", Assert.Single(result.Messages()), StringComparison.Ordinal);
        Assert.Empty(result.OrThrow().Pipeline.Datasets[0].Checks);
    }

    [Theory]
    [InlineData("warehouse: {kind: sqlite, path: w.db}", 1)]
    [InlineData("warehouse: {kind: postgres, connection: \"${env:WAREHOUSE}\"}", 0)]
    public void A_query_for_another_kind_of_warehouse_is_left_out(string warehouse, int left)
    {
        var returns = _folder.LoadRoot($"{warehouse}\ndatasets: {{ returns: {{ source: shop, object: returns, contract: shop.odcs.yaml#returns, capture: full-refresh }} }}").OrThrow().Pipeline.Datasets[0];
        Assert.Equal(left, returns.Checks.Count(c => c.Measure is SqlMeasure));
        Assert.Contains(returns.Checks, c => c.Id == "reason_given");
    }

    [Fact]
    public void What_is_wrong_with_a_check_is_an_error_of_the_contract()
    {
        var contract = Path.Combine(_folder.Folder.FullName, "shop.odcs.yaml");
        File.WriteAllText(contract, File.ReadAllText(contract).Replace("properties: [order_id] }", "properties: [order_idd] }", StringComparison.Ordinal));
        Assert.Contains(_folder.LoadDataset("").Messages(), m => m.Contains("there is no property 'order_idd'. Did you mean 'order_id'?", StringComparison.Ordinal));
    }
}
