using System.Diagnostics;
using System.Runtime.CompilerServices;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Examples;

/// <summary>The contracts that are shipped, and those that CdcSync writes, are what the standard's own JSON schema takes, by ajv. Where node or ajv is missing the test is skipped; on the build server (CI=true) that is a failure.</summary>
public sealed class StandardTests
{
    [Fact]
    public async Task Contracts_that_are_shipped_or_written_keep_the_standards_schema()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, (await CdcsyncProcess.RunAsync(folder.Root, ["init"])).ExitCode);
        Assert.Equal(0, (await CdcsyncProcess.RunAsync(folder.Root, ["discover", "notebook", "--contract"])).ExitCode);
        string[] contracts = [.. Directory.EnumerateFiles(Path.Combine(Root(), "contracts"), "*.odcs.yaml"), .. Directory.EnumerateFiles(folder.Root, "*.odcs.yaml", SearchOption.AllDirectories)];
        Assert.Equal(3, contracts.Length);
        var (exit, said) = Validate(contracts);
        Assert.True(exit == 0, said);

        // It does refuse: what says yes to everything proves nothing.
        File.WriteAllText(folder["wrong.odcs.yaml"], File.ReadAllText(contracts[0]).Replace("metric: rowCount", "metric: rowCounts", StringComparison.Ordinal));
        var wrong = Validate([folder["wrong.odcs.yaml"]]);
        Assert.Equal(1, wrong.Exit);
        Assert.Contains("must be equal to one of the allowed values", wrong.Said, StringComparison.Ordinal);
    }

    private static (int Exit, string Said) Validate(IReadOnlyList<string> contracts)
    {
        var folder = Path.Combine(Path.GetDirectoryName(Here())!, "OdcsValidator");
        var schema = Path.Combine(Root(), "..", "shared", "data", "odcs", "odcs-json-schema-v3.1.0.json");
        if (!File.Exists(schema)) Assert.Skip("no ../shared/data/odcs beside the repository");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "ajv"))) Missing("ajv is not installed: run npm ci in tests/CdcSync.EndToEnd.Tests/Examples/OdcsValidator.");
        try
        {
            using var node = Process.Start(new ProcessStartInfo("node", [Path.Combine(folder, "validate.mjs"), schema, .. contracts]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (output, errors) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
            if (!node.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                node.Kill(entireProcessTree: true);
                throw new TimeoutException("node did not end within two minutes.");
            }

            return (node.ExitCode, output.Result + errors.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Missing("node is not installed.");
            throw;
        }
    }

    private static void Missing(string what)
    {
        Assert.False(Environment.GetEnvironmentVariable("CI") == "true", what);
        Assert.Skip(what);
    }

    private static string Root() => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", ".."));

    private static string Here([CallerFilePath] string file = "") => file;
}
