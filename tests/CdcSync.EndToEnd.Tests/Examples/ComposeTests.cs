using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Cli;
using CdcSync.EndToEnd.Tests.Harness;
using YamlDotNet.RepresentationModel;

namespace CdcSync.EndToEnd.Tests.Examples;

/// <summary>The compose file, as far as it can be judged without running it: compose itself reads it, and what it names is there.</summary>
public sealed partial class ComposeTests
{
    [Fact]
    public async Task Compose_takes_the_file()
    {
        var result = await InstalledProgram.RunAsync(InstalledProgram.Find("docker-compose", "docker-compose"), ["-f", Path.Combine(Documents.Root, "docker-compose.yml"), "config", "--quiet"]);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void What_is_mounted_and_built_is_there()
    {
        var mounted = Mounts().Matches(Documents.Read("docker-compose.yml")).Select(m => m.Groups[1].Value).ToArray();
        Assert.NotEmpty(mounted);
        Assert.All(mounted, path => Assert.True(Path.Exists(Path.Combine(Documents.Root, path)), path));
        Assert.True(File.Exists(Path.Combine(Documents.Root, "Dockerfile")));
    }

    [Fact]
    public void Every_image_is_of_one_version()
    {
        var images = Services().Where(s => s.Value.Children.ContainsKey("image")).Select(s => s.Value["image"].ToString()).ToArray();
        Assert.True(images.Length >= 6, $"{images.Length} images");
        Assert.All(images, image => Assert.Matches(@":(v?\d+\.\d+|\d+-CU\d+)", image));
    }

    /// <summary>What runs on and on says whether it is well; what others wait for by its health has a check. The schema ends, and the writer is a client that is started again.</summary>
    [Fact]
    public void Every_service_that_serves_has_a_health_check()
    {
        var services = Services().ToArray();
        Assert.Equal(["cdcsync", "grafana", "prometheus", "shop", "warehouse"], services.Where(s => s.Value.Children.ContainsKey("healthcheck")).Select(s => s.Key).Order());
        Assert.Equal(["shop-schema", "writer"], services.Where(s => !s.Value.Children.ContainsKey("healthcheck")).Select(s => s.Key).Order());
        Assert.DoesNotContain(services, s => s.Value.Children.TryGetValue("ports", out var ports) && ((YamlSequenceNode)ports).Any(p => !p.ToString().StartsWith("127.0.0.1:", StringComparison.Ordinal)));
    }

    /// <summary>The check of our own service, run as it stands but for the port.</summary>
    [Fact]
    public async Task The_workers_health_check_tells_one_that_works_from_one_that_is_gone()
    {
        var check = ((YamlSequenceNode)Services().Single(s => s.Key == "cdcsync").Value["healthcheck"]["test"]).Select(w => w.ToString()).ToArray();
        Assert.Equal(["CMD", "bash", "-c"], check[..3]);
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate", "--listen", "127.0.0.1:0"]);
        var port = Regex.Match(await daemon.WaitForLineAsync("^ready:"), @"127\.0\.0\.1:(\d+)/").Groups[1].Value;
        Assert.Contains("/9464 ", check[3], StringComparison.Ordinal);
        Task<ProcessResult> AskAsync() => InstalledProgram.RunAsync("bash", ["-c", check[3].Replace("9464", port, StringComparison.Ordinal)]);
        await CliDaemonTests.UntilAsync(async () => (await AskAsync()).ExitCode == 0, daemon);
        daemon.Send(Signal.Terminate);
        await daemon.WaitForExitAsync();
        Assert.NotEqual(0, (await AskAsync()).ExitCode);
    }

    private static IEnumerable<(string Key, YamlMappingNode Value)> Services()
    {
        var stream = new YamlStream();
        // This reader takes the comma after an anchor's or alias's name for a part of it; what they stand for is not looked at.
        stream.Load(new StringReader(Regex.Replace(Documents.Read("docker-compose.yml"), @": [&*]\w+", ": x")));
        return ((YamlMappingNode)stream.Documents[0].RootNode["services"]).Select(s => (s.Key.ToString(), (YamlMappingNode)s.Value));
    }

    [GeneratedRegex(@"[\s""](\./[^:""]+):/")]
    private static partial Regex Mounts();
}
