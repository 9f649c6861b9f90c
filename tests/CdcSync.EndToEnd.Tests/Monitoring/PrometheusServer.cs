using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Monitoring;

/// <summary>A real Prometheus, on a free loopback port, that scrapes one target every second and evaluates rules as often; killed when disposed.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly HttpClient Client = new();

    private readonly Process _process;
    private readonly TempFolder _folder;
    private readonly Uri _address;

    private PrometheusServer(Process process, TempFolder folder, Uri address) => (_process, _folder, _address) = (process, folder, address);

    /// <summary>Starts it.</summary>
    /// <param name="target">What it scrapes: <c>127.0.0.1:9464</c>.</param>
    /// <param name="rules">Its rule file.</param>
    public static async Task<PrometheusServer> StartAsync(string target, string rules)
    {
        var program = InstalledProgram.Find("prometheus", "prometheus");
        var folder = new TempFolder();
        File.WriteAllText(folder["cdcsync.rules.yml"], rules);
        File.WriteAllText(folder["prometheus.yml"], $$"""
            global: { scrape_interval: 1s, evaluation_interval: 1s }
            rule_files: [cdcsync.rules.yml]
            scrape_configs:
              - job_name: cdcsync
                static_configs: [{ targets: ["{{target}}"] }]
            """);
        var address = new Uri($"http://127.0.0.1:{FreePort()}/");
        string[] arguments = [$"--config.file={folder["prometheus.yml"]}", $"--storage.tsdb.path={folder["data"]}", $"--web.listen-address={address.Authority}", "--log.level=error"];
        var server = new PrometheusServer(Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder.Root })!, folder, address);
        await server.UntilAsync("it answers", async () =>
        {
            try
            {
                return (await Client.GetAsync(new Uri(address, "-/ready"))).StatusCode == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return server;
    }

    /// <summary>How many series a query returns now.</summary>
    /// <exception cref="InvalidOperationException">It is no PromQL.</exception>
    public async Task<int> CountAsync(string query)
    {
        var document = JsonDocument.Parse(await Client.GetStringAsync(new Uri(_address, $"api/v1/query?query={Uri.EscapeDataString(query)}"))).RootElement;
        return document.GetProperty("data").GetProperty("result").GetArrayLength();
    }

    /// <summary>The names of the alerts that fire.</summary>
    public async Task<IReadOnlyList<string>> FiringAsync()
    {
        var document = JsonDocument.Parse(await Client.GetStringAsync(new Uri(_address, "api/v1/alerts"))).RootElement;
        return [.. document.GetProperty("data").GetProperty("alerts").EnumerateArray().Where(a => a.GetProperty("state").GetString() == "firing").Select(a => a.GetProperty("labels").GetProperty("alertname").GetString()!)];
    }

    /// <summary>Waits for something to become true.</summary>
    public async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.False(_process.HasExited, "prometheus ended");
            Assert.True(Stopwatch.GetElapsedTime(began) < CdcsyncProcess.Patience, $"waited for: {what}");
            await Task.Delay(250);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
