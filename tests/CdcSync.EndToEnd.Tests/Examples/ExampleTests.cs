using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Examples;

/// <summary>The examples that people copy: each is what the program takes.</summary>
public sealed class ExampleTests
{
    [Theory]
    [InlineData("docs/examples/sqlserver/cdcsync.yaml", "Host=warehouse;Database=w;Username=w;Password=x")]
    [InlineData("docs/examples/sqlserver/to-sqlserver.yaml", "Server=warehouse;Database=w;User ID=w;Password=x")]
    public async Task A_pipeline_file_of_the_examples_is_valid_with_the_contract_of_the_shop(string file, string warehouse)
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder["contracts"]);
        File.Copy(Path.Combine(Documents.Root, file), folder["cdcsync.yaml"]);
        File.Copy(Path.Combine(Documents.Root, "contracts/shop.odcs.yaml"), folder["contracts/shop.odcs.yaml"]);
        var result = await CdcsyncProcess.RunAsync(folder.Root, ["validate"], new Dictionary<string, string>
        {
            ["SHOP"] = "Server=shop;Database=shop;User ID=r;Password=x",
            ["WAREHOUSE"] = warehouse,
            ["CDCSYNC_PII_KEY"] = "sample-key-of-the-shop-0001",
            ["HTTP_TOKEN"] = "sample-operator-token-0001",
            ["METRICS_TOKEN"] = "sample-metrics-token-0001",
        });
        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
