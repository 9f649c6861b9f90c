using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace CdcSync.EndToEnd.Tests.Monitoring;

/// <summary>OpenTelemetry's own decoder, in JavaScript. Where node or the package is missing tests are skipped; on the build server (CI=true) that is a failure.</summary>
internal static class OtlpReference
{
    /// <summary>Decodes a file with an ExportMetricsServiceRequest.</summary>
    /// <returns>It as JSON.</returns>
    public static string Decode(string file)
    {
        var folder = Folder();
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "@opentelemetry")))
            Missing("OpenTelemetry's decoder is not installed: run npm ci in tests/CdcSync.EndToEnd.Tests/Monitoring/OtlpReference.");
        try
        {
            using var node = Process.Start(new ProcessStartInfo("node", [Path.Combine(folder, "decode.mjs"), file]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (output, errors) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
            if (!node.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                node.Kill(entireProcessTree: true);
                throw new TimeoutException("node did not end within two minutes.");
            }

            Assert.True(node.ExitCode == 0, errors.Result);
            return output.Result;
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

    private static string Folder([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "OtlpReference");
}
