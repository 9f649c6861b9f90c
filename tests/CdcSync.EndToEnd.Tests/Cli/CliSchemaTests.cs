using System.Text.Json;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>The real process: a source whose columns change under a contract.</summary>
public sealed class CliSchemaTests
{
    [Fact]
    public async Task A_new_column_is_told_and_named_in_the_status_and_a_frozen_change_waits_for_a_person()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders", "--migrate")).ExitCode);
        pipeline.Execute("ALTER TABLE orders ADD COLUMN email TEXT; INSERT INTO orders VALUES (3, 'c', 'x@example.com')");

        var told = await pipeline.RunAsync("sync", "orders");
        Assert.True(told.ExitCode == 0, told.ToString());
        Assert.Contains("the columns of the source changed: 'email' TEXT is new; not taken, as the contract does not name them: email", told.Error, StringComparison.Ordinal);
        Assert.Equal("3", pipeline.Warehouse("SELECT count(*) FROM orders"));
        var status = JsonDocument.Parse((await pipeline.RunAsync("status", "orders", "--json")).Out).RootElement;
        Assert.Equal("email", Assert.Single(status.GetProperty("datasets")[0].GetProperty("unnamedColumns").EnumerateArray()).GetString());

        var contract = File.ReadAllText(pipeline["shop.odcs.yaml"]).Replace("  - name: orders\n", "  - name: orders\n    customProperties: [{ property: dropColumns, value: [email] }, { property: schemaChanges, value: { added: freeze } }]\n", StringComparison.Ordinal);
        File.WriteAllText(pipeline["shop.odcs.yaml"], contract);
        pipeline.Execute("ALTER TABLE orders ADD COLUMN phone TEXT; INSERT INTO orders VALUES (4, 'd', NULL, NULL)");
        var frozen = await pipeline.RunAsync("sync", "orders");
        Assert.Equal(4, frozen.ExitCode);
        Assert.Contains("CDC2020 orders: the columns of orders changed, and the contract freezes that: 'phone' TEXT is new.", frozen.Error, StringComparison.Ordinal);
        Assert.Equal("3", pipeline.Warehouse("SELECT count(*) FROM orders"));
        Assert.Equal(0, (await pipeline.RunAsync("sync", "orders", "--accept-schema")).ExitCode);
        Assert.Equal(("4", "3"), (pipeline.Warehouse("SELECT count(*) FROM orders"), pipeline.Warehouse("SELECT max(number) FROM cdcsync_source_schema")));
    }
}
