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
    [InlineData("", 90)]
    [InlineData("quarantine: { keep: 30d }", 30)]
    public void Rows_of_the_quarantine_are_kept_so_many_days(string quarantine, int days)
    {
        var config = _folder.LoadRoot($$"""
            sources: { shop: { kind: sqlite, path: shop.db } }
            keys: { pii: "${env:PII}" }
            {{quarantine}}
            datasets:
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders }
            """).OrThrow();
        Assert.Equal(TimeSpan.FromDays(days), config.Engine.QuarantineKeep);
    }

    [Theory]
    [InlineData("kind: sqlite, path: shop.db", 1)]
    [InlineData("kind: sqlite, path: shop.db, firstLoad: { parallel: 3 }", 3)]
    [InlineData("kind: postgres, connection: \"Host=localhost;Database=shop\"", 2)]
    [InlineData("kind: sqlserver, connection: \"Server=localhost;Database=shop\"", 2)]
    [InlineData("kind: sqlserver, connection: \"Server=localhost;Database=shop\", firstLoad: { parallel: 16 }", 16)]
    public void So_many_ranges_of_first_loads_are_read_side_by_side(string source, int expected)
    {
        var config = _folder.LoadRoot($$"""
            sources: { shop: { {{source}} } }
            keys: { pii: "${env:PII}" }
            datasets:
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders }
            """).OrThrow();
        Assert.Equal(expected, config.Pipeline.ParallelRanges["shop"]);
    }

    [Theory]
    [InlineData("{ parallel: 0 }", "sources.shop.firstLoad.parallel: must be from 1 to 16")]
    [InlineData("{ parallel: 17 }", "sources.shop.firstLoad.parallel: must be from 1 to 16")]
    [InlineData("{ ranges: 5 }", "sources.shop.firstLoad: unknown key 'ranges'.")]
    public void A_first_load_that_can_not_be_meant_is_refused(string firstLoad, string expected) =>
        Assert.Contains(_folder.LoadRoot($"sources: {{ shop: {{ kind: sqlite, path: shop.db, firstLoad: {firstLoad} }} }}").Messages(), m => m.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void A_source_has_so_many_connections_and_no_fewer_than_its_log_takes()
    {
        string Root(int connections, string tracking) => $$"""
            sources: { shop: { kind: postgres, connection: "Host=localhost;Database=shop", budget: { connections: {{connections}} } } }
            keys: { pii: "${env:PII}" }
            datasets:
              orders: { source: shop, object: orders, contract: shop.odcs.yaml#orders{{tracking}} }
            """;
        Assert.Equal(4, _folder.LoadRoot(Root(4, "")).OrThrow().Sources["shop"].Budget!.Connections);
        Assert.Equal(2, _folder.LoadRoot(Root(2, ", capture: full-refresh")).OrThrow().Sources["shop"].Budget!.Connections);
        Assert.Contains(_folder.LoadRoot(Root(3, "")).Messages(), m => m.Contains("sources.shop.budget.connections: 3 are too few: reading the log of PostgreSQL, and a table beside it, takes 4.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{ connections: 1 }", "sources.shop.budget.connections: must be from 2 to 256")]
    [InlineData("{ rowsPerSecond: 0 }", "sources.shop.budget.rowsPerSecond: must be at least 1")]
    [InlineData("{ parallel: 65 }", "sources.shop.budget.parallel: must be from 1 to 64")]
    [InlineData("{ rows: 5 }", "sources.shop.budget: unknown key 'rows'.")]
    public void A_budget_that_can_not_be_meant_is_refused(string budget, string expected) =>
        Assert.Contains(_folder.LoadRoot($"sources: {{ shop: {{ kind: sqlite, path: shop.db, budget: {budget} }} }}").Messages(), m => m.Contains(expected, StringComparison.Ordinal));
}
