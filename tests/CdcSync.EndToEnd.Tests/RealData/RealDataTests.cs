using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.RealData;

public sealed class RealDataTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("chinook.sqlite", WarehouseKind.Sqlite)]
    [InlineData("chinook.sqlite", WarehouseKind.Postgres)]
    [InlineData("usda.sqlite.gz", WarehouseKind.Sqlite)]
    [InlineData("usda.sqlite.gz", WarehouseKind.Postgres)]
    public async Task Every_value_of_a_real_database_arrives_and_stays_equal_through_random_changes(string data, WarehouseKind kind)
    {
        var seed = TestSeed.Next();
        output.WriteLine($"seed {seed}");
        await using var pipeline = await DiscoveredPipeline.CreateAsync(kind, path => RealDataSets.CopyTo(data, path));

        await pipeline.RunAsync(0, "sync");
        output.WriteLine($"{await pipeline.AssertEqualAsync()} rows equal after the first load");

        output.WriteLine(string.Join(", ", pipeline.Change(3_000, seed)));
        await pipeline.RunAsync(0, "sync");
        output.WriteLine($"{await pipeline.AssertEqualAsync()} rows equal after the changes");

        await pipeline.RunAsync(0, "sync");
        await pipeline.AssertEqualAsync();
    }
}
