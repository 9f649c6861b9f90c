using System.Diagnostics;

namespace CdcSync.EndToEnd.Tests.Harness;

/// <summary>Programs of other people that tests run. Where one is missing a test is skipped with the package to install; on the build server (CI=true), which installs them, it fails.</summary>
internal static class InstalledProgram
{
    /// <summary>Finds one.</summary>
    /// <param name="name">Its name, on the path.</param>
    /// <param name="package">The Debian package that has it.</param>
    /// <returns>Its path.</returns>
    public static string Find(string name, string package)
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        var missing = $"{name} is not installed: apt-get install {package}";
        Assert.SkipWhen(found is null && Environment.GetEnvironmentVariable("CI") != "true", missing);
        Assert.True(found is not null, missing);
        return found!;
    }

    /// <summary>Runs one to its end.</summary>
    /// <returns>What it left.</returns>
    /// <exception cref="TimeoutException">It did not end in time; it is killed.</exception>
    public static async Task<ProcessResult> RunAsync(string program, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string>? environment = null, TimeSpan? patience = null)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder ?? "", RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var timeout = new CancellationTokenSource(patience ?? CdcsyncProcess.Patience);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} was still running after {patience ?? CdcsyncProcess.Patience}.");
        }

        return new ProcessResult(process.ExitCode, await output, await errors);
    }
}
