using System.Net.Sockets;
using System.Text;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>The daemon as a service of systemd.</summary>
public sealed class ServiceTests
{
    [Fact]
    public async Task The_service_manager_is_told_when_it_is_started_and_when_it_stops()
    {
        using var pipeline = new PipelineFolder(more: "http: { listen: \"127.0.0.1:0\" }\n");
        var path = Path.Combine(Path.GetTempPath(), $"cdcsync-{Guid.CreateVersion7():N}.sock");        // such a path is short, or refused
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
        manager.Bind(new UnixDomainSocketEndPoint(path));
        try
        {
            await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate"], new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path });
            Assert.Matches(@"^READY=1\nSTATUS=pipeline shop, 2 datasets, http://127\.0\.0\.1:\d+/metrics$", await HearAsync(manager));
            daemon.Send(Signal.Terminate);
            Assert.Equal("STOPPING=1", await HearAsync(manager));
            Assert.Equal(143, (await daemon.WaitForExitAsync()).ExitCode);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task The_unit_is_one_that_systemd_takes()
    {
        using var folder = new TempFolder();
        var result = await AnalyzeAsync(folder, "verify");
        Assert.True(result.ExitCode == 0 && !result.Error.Contains("cdcsync@shop.service", StringComparison.Ordinal), result.ToString());
    }

    /// <summary>systemd's own score, from 0 (all shut) to 10. What is open: addresses, as databases are anywhere, and memory that is written and run, as .NET compiles.</summary>
    [Fact]
    public async Task The_unit_leaves_little_of_the_machine_exposed()
    {
        using var folder = new TempFolder();
        var result = await AnalyzeAsync(folder, "security", "--offline=true", "--no-pager", "--threshold=15");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Matches(@"Overall exposure level for cdcsync@shop\.service: (0|1)\.\d OK", result.Out);
    }

    private static Task<ProcessResult> AnalyzeAsync(TempFolder folder, params string[] words)
    {
        // The program is not installed where the tests run.
        File.WriteAllText(folder["cdcsync@shop.service"], Documents.Read("docs/examples/systemd/cdcsync@.service").Replace("/usr/local/bin/cdcsync", "/bin/true", StringComparison.Ordinal));
        return InstalledProgram.RunAsync(InstalledProgram.Find("systemd-analyze", "systemd"), [.. words, folder["cdcsync@shop.service"]]);
    }

    private static Task<string> HearAsync(Socket manager) => Task.Run(() =>
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, manager.Receive(buffer));
    });
}
