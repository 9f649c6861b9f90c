using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Examples;

/// <summary>The container file, without a container: its build is run for real, over what its context has, and what it starts is started with its environment.</summary>
public sealed partial class ImageTests
{
    [Fact]
    public async Task What_the_image_builds_is_a_program_that_starts()
    {
        using var folder = new TempFolder();
        await CopyContextAsync(folder["src"]);
        var publish = Regex.Match(Documents.Read("Dockerfile"), "(?m)^RUN dotnet (publish .*) -o /app$").Groups[1].Value;
        // The compiler's analyzers have judged the same code already.
        var faster = new Dictionary<string, string> { ["RunAnalyzers"] = "false", ["GenerateDocumentationFile"] = "false" };
        var built = await InstalledProgram.RunAsync("dotnet", [.. publish.Split(' '), "-o", folder["app"]], folder["src"], faster, TimeSpan.FromMinutes(9));
        Assert.True(built.ExitCode == 0, built.ToString());

        // As the image starts it: by its entry point, in a folder with a pipeline, with the address it listens on by default.
        var program = Regex.Match(Documents.Read("Dockerfile"), @"(?m)^ENTRYPOINT \[""/app/(\w+)""\]$").Groups[1].Value;
        var version = await InstalledProgram.RunAsync(Path.Combine(folder["app"], program), ["--version"], folder.Root, Environment());
        Assert.True(version.ExitCode == 0 && version.Out.StartsWith("cdcsync ", StringComparison.Ordinal), version.ToString());
        var demo = await InstalledProgram.RunAsync(Path.Combine(folder["app"], program), ["demo", "--seconds", "1", "--json"], folder.Root, Environment());
        Assert.True(demo.ExitCode == 0, demo.ToString());
    }

    [Fact]
    public void It_runs_without_root_where_its_files_are_and_starts_a_command_that_there_is()
    {
        var text = Documents.Read("Dockerfile");
        var stages = Regex.Matches(text, @"(?m)^FROM (\S+?):(\S+)").Select(m => (m.Groups[1].Value, m.Groups[2].Value)).ToArray();
        Assert.Equal([("mcr.microsoft.com/dotnet/sdk", "10.0"), ("mcr.microsoft.com/dotnet/aspnet", "10.0")], stages);
        Assert.Matches(@"(?m)^USER \$APP_UID$", text);
        Assert.True(text.IndexOf("chown $APP_UID landing", StringComparison.Ordinal) < text.IndexOf("USER $APP_UID", StringComparison.Ordinal));
        Assert.Contains("COPY --from=build /app /app", text, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^CMD \[""run"", ""--migrate""\]$", text);
        // What compose mounts is where the image works.
        Assert.Matches(@"(?m)^WORKDIR /pipeline$", text);
        Assert.Equal(["/pipeline/cdcsync.yaml", "/pipeline/contracts", "/pipeline/landing"], Mounted().Matches(Documents.Read("docker-compose.yml")).Select(m => m.Value).Order());
        // The base image has ASP.NET's shared framework, which the program asks for.
        Assert.Contains("Microsoft.AspNetCore.App", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "cdcsync.runtimeconfig.json")), StringComparison.Ordinal);
    }

    /// <summary>The variables that the base image sets for a program.</summary>
    private static Dictionary<string, string> Environment() => new()
    {
        ["APP_UID"] = "1654",
        ["ASPNETCORE_HTTP_PORTS"] = "8080",
        ["DOTNET_RUNNING_IN_CONTAINER"] = "true",
    };

    /// <summary>The files that git knows, without those of the ignore file: tests.</summary>
    private static async Task CopyContextAsync(string target)
    {
        var ignored = Documents.Read(".dockerignore").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("tests", ignored);
        var listed = await InstalledProgram.RunAsync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], Documents.Root);
        Assert.True(listed.ExitCode == 0, listed.ToString());
        foreach (var file in listed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(f => !ignored.Contains(f.Split('/')[0]) && File.Exists(Path.Combine(Documents.Root, f))))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(target, file))!);
            File.Copy(Path.Combine(Documents.Root, file), Path.Combine(target, file));
        }
    }

    [GeneratedRegex(@"/pipeline/[\w./]+")]
    private static partial Regex Mounted();
}
