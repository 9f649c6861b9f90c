using CdcSync.EndToEnd.Tests.Cli;

namespace CdcSync.EndToEnd.Tests.Reconcile;

/// <summary>A SQLite source that has forgotten changes.</summary>
public sealed class GapPolicyTests
{
    [Fact]
    public async Task With_the_gap_policy_reconcile_a_dataset_goes_on_by_itself_and_only_what_differs_is_published()
    {
        using var pipeline = new PipelineFolder();
        var file = File.ReadAllText(pipeline["cdcsync.yaml"]);
        File.WriteAllText(pipeline["cdcsync.yaml"], file.Replace("contract: shop.odcs.yaml#orders }", "contract: shop.odcs.yaml#orders, gapPolicy: reconcile }", StringComparison.Ordinal));
        pipeline.Execute("WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO orders SELECT i, 'note ' || i FROM n");
        await pipeline.TrackAsync();
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders", "--migrate")).ExitCode);
        pipeline.Execute("""
            UPDATE orders SET note = 'in the gap' WHERE id = 20; DELETE FROM orders WHERE id = 30; INSERT INTO orders VALUES (600, 'new');
            UPDATE _cdcsync_tracking SET min_valid_version = (SELECT max(version) FROM _cdcsync_log_orders); DELETE FROM _cdcsync_log_orders WHERE version < (SELECT max(version) FROM _cdcsync_log_orders)
            """);
        var result = await pipeline.RunAsync("sync", "orders");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal("gap 3 1 1 1", pipeline.Warehouse("SELECT kind || ' ' || rows_read || ' ' || inserted || ' ' || updated || ' ' || deleted FROM cdcsync_ledger WHERE kind IN ('gap', 'refresh') AND dataset = 'orders'"));
        Assert.Equal("in the gap", pipeline.Warehouse("SELECT note FROM orders WHERE id = 20"));
    }
}
