using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.RealData;

public sealed class OddDataTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task Odd_names_keys_types_and_values_arrive_and_stay_equal(WarehouseKind kind)
    {
        var seed = TestSeed.Next();
        output.WriteLine($"seed {seed}");
        await using var pipeline = await DiscoveredPipeline.CreateAsync(kind, OddDatabase.Create);
        await pipeline.RunAsync(0, "sync");
        await pipeline.AssertEqualAsync();

        pipeline.Execute(OddDatabase.Changes);
        await pipeline.RunAsync(0, "sync");
        await pipeline.AssertEqualAsync();

        pipeline.Change(1_000, seed);
        await pipeline.RunAsync(0, "sync");
        output.WriteLine($"{await pipeline.AssertEqualAsync()} rows equal");
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite, "")]
    [InlineData(WarehouseKind.Postgres, "texts.t")]
    public async Task A_value_that_a_warehouse_cant_hold_is_named_and_keeps_back_its_row_only(WarehouseKind kind, string refused)
    {
        await using var pipeline = await DiscoveredPipeline.CreateAsync(kind, OddDatabase.Create);
        pipeline.Execute(OddDatabase.Hard);

        await pipeline.RunAsync(refused.Length == 0 ? 0 : 8, "sync");

        Assert.Equal(refused, await pipeline.QuarantinedColumnsAsync());
        await pipeline.AssertEqualAsync(except: new Dictionary<string, string> { ["texts"] = refused.Length == 0 ? "FALSE" : "id = 100" });
    }

    [Theory]
    [InlineData(WarehouseKind.Sqlite)]
    [InlineData(WarehouseKind.Postgres)]
    public async Task A_value_that_is_not_what_its_column_says_waits_in_quarantine_until_it_is_mended(WarehouseKind kind)
    {
        await using var pipeline = await DiscoveredPipeline.CreateAsync(kind, OddDatabase.Create);
        await pipeline.RunAsync(0, "sync");
        pipeline.Execute(OddDatabase.Unfit);

        await pipeline.RunAsync(8, "sync");
        Assert.Equal("numbers.d numbers.i times.d times.s", await pipeline.QuarantinedColumnsAsync());
        await pipeline.AssertEqualAsync(except: new Dictionary<string, string> { ["numbers"] = "id >= 200", ["times"] = "id >= 200" });

        pipeline.Execute(OddDatabase.Mended);
        await pipeline.RunAsync(0, "sync");
        Assert.Equal("", await pipeline.QuarantinedColumnsAsync());
        await pipeline.AssertEqualAsync();
    }
}
