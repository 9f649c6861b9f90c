using CdcSync.Core.Sources.Pacing;
using CdcSync.Core.Tests.Contracts;

namespace CdcSync.Core.Tests.Configuration;

public sealed class BudgetConfigTests : IDisposable
{
    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{ rowsPerSecond: 20000, parallel: 2 }", 20_000L, 2)]
    [InlineData("{ rowsPerSecond: 1 }", 1L, null)]
    [InlineData("{ parallel: 64 }", null, 64)]
    public void A_source_has_a_budget(string budget, long? rows, int? parallel)
    {
        var config = _folder.LoadRoot($$"""
            sources: { shop: { kind: sqlite, path: shop.db, budget: {{budget}} } }
            keys: { pii: "${env:PII}" }
            datasets:
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders }
            """).OrThrow();
        Assert.Equal(new ReadBudget(rows, parallel), config.Sources["shop"].Budget);
    }

    [Theory]
    [InlineData("{ rowsPerSecond: 0 }", "sources.shop.budget.rowsPerSecond: must be at least 1")]
    [InlineData("{ parallel: 65 }", "sources.shop.budget.parallel: must be from 1 to 64")]
    [InlineData("{ rows: 5 }", "sources.shop.budget: unknown key 'rows'.")]
    public void A_budget_that_can_not_be_meant_is_refused(string budget, string expected) =>
        Assert.Contains(_folder.LoadRoot($"sources: {{ shop: {{ kind: sqlite, path: shop.db, budget: {budget} }} }}").Messages(), m => m.Contains(expected, StringComparison.Ordinal));
}
