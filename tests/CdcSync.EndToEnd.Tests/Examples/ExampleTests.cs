using System.Diagnostics;
using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Examples;

/// <summary>The examples that people copy: each is what the program takes.</summary>
public sealed partial class ExampleTests
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

    [Fact]
    public void What_the_compose_file_mounts_and_builds_is_there()
    {
        var text = File.ReadAllText(Path.Combine(Documents.Root, "docker-compose.yml"));
        var mounted = Mounts().Matches(text).Select(m => m.Groups[1].Value).ToArray();
        Assert.NotEmpty(mounted);
        Assert.All(mounted, path => Assert.True(Path.Exists(Path.Combine(Documents.Root, path)), path));
        Assert.True(File.Exists(Path.Combine(Documents.Root, "Dockerfile")));
    }

    [Fact]
    public void Every_image_of_the_compose_file_is_of_one_version()
    {
        var images = Images().Matches(File.ReadAllText(Path.Combine(Documents.Root, "docker-compose.yml"))).Select(m => m.Groups[1].Value).ToArray();
        Assert.True(images.Length >= 6, $"{images.Length} images");
        Assert.All(images, image => Assert.Matches(@":(v?\d+\.\d+|\d+-CU\d+)", image));
    }

    [Fact]
    public async Task The_compose_file_is_one_that_compose_takes()
    {
        var tool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "docker-compose")).FirstOrDefault(File.Exists);
        if (tool is null)
            Assert.Skip("docker-compose is not installed: apt-get install docker-compose");
        using var process = Process.Start(new ProcessStartInfo(tool, ["-f", Path.Combine(Documents.Root, "docker-compose.yml"), "config", "--quiet"]) { RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said);
    }

    [GeneratedRegex(@"[\s""](\./[^:""]+):/")]
    private static partial Regex Mounts();

    [GeneratedRegex(@"^\s*image:\s*(\S+)", RegexOptions.Multiline)]
    private static partial Regex Images();
}
