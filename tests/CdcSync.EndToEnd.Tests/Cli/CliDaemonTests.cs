using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Cli;

/// <summary>The real daemon: ready line, metrics over HTTP, graceful stop.</summary>
public sealed class CliDaemonTests
{
    private static readonly HttpClient Client = new();

    [Fact]
    public async Task The_daemon_syncs_tells_its_metrics_and_stops_cleanly()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate", "--listen", "127.0.0.1:0"]);
        var metrics = await AddressAsync(daemon);
        Assert.Equal("ok\n", await Client.GetStringAsync(new Uri(metrics, "/healthz")));
        await UntilAsync(async () => (await Client.GetAsync(new Uri(metrics, "/readyz"))).StatusCode == HttpStatusCode.OK, daemon);
        await UntilAsync(async () => await ReadAsync(metrics, "cdcsync_watermark_timestamp_seconds{pipeline=\"shop\",dataset=\"orders\"}") > 0, daemon);

        pipeline.Execute("INSERT INTO orders VALUES (3, 'c')");
        await UntilAsync(() => Task.FromResult(pipeline.Warehouse("SELECT count(*) FROM orders") == "3"), daemon);
        await UntilAsync(async () => await ReadAsync(metrics, "cdcsync_rows_total{pipeline=\"shop\",dataset=\"orders\",op=\"insert\"}") == 3, daemon);
        Assert.Equal(1, await ReadAsync(metrics, "cdcsync_dataset_state{pipeline=\"shop\",dataset=\"orders\",state=\"streaming\"}"));
        Assert.Equal(1, await ReadAsync(metrics, "cdcsync_lease_held{pipeline=\"shop\"}"));
        Assert.Equal(1, await ReadAsync(metrics, "cdcsync_connected{pipeline=\"shop\",side=\"source\",name=\"shop\"}"));
        Assert.True(await ReadAsync(metrics, "cdcsync_landing_limit_bytes{pipeline=\"shop\"}") > 0);
        await CheckWithPromtoolAsync(await Client.GetStringAsync(metrics));
        Assert.InRange(await ReadAsync(metrics, "cdcsync_lag_seconds{pipeline=\"shop\",dataset=\"orders\"}"), 0, 60);

        daemon.Send(Signal.Terminate);
        var result = await daemon.WaitForExitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal((143, ""), (result.ExitCode, result.Out));
        Assert.DoesNotContain("CDC9", result.Error, StringComparison.Ordinal);
        Assert.Contains("lease given back", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_daemon_stands_by_and_takes_over()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        await using var first = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate", "--listen", "127.0.0.1:0"]);
        await first.WaitForLineAsync("lease taken");
        await using var second = CdcsyncProcess.Start(pipeline.Root, ["run", "--listen", "127.0.0.1:0"]);
        var metrics = await AddressAsync(second);
        await second.WaitForLineAsync("standing by");
        Assert.Equal("standing by\n", await Client.GetStringAsync(new Uri(metrics, "/readyz")));
        Assert.Equal(1, await ReadAsync(metrics, "cdcsync_pipeline_state{pipeline=\"shop\",state=\"standby\"}"));
        first.Send(Signal.Interrupt);
        Assert.Equal(130, (await first.WaitForExitAsync(TimeSpan.FromSeconds(30))).ExitCode);
        await second.WaitForLineAsync("lease taken", TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task The_daemon_waits_for_a_source_that_is_not_there_and_goes_on_when_it_is()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        File.Move(pipeline["shop.db"], pipeline["away.db"]);
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate", "--listen", "127.0.0.1:0"]);
        var metrics = await AddressAsync(daemon);
        await daemon.WaitForLineAsync("again in .*CDC2001");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Client.GetAsync(new Uri(metrics, "/readyz"))).StatusCode);
        Assert.True(await ReadAsync(metrics, "cdcsync_batches_failed_total{pipeline=\"shop\",dataset=\"orders\",reason=\"CDC2001\"}") > 0);
        File.Move(pipeline["away.db"], pipeline["shop.db"]);
        await UntilAsync(async () => (await Client.GetAsync(new Uri(metrics, "/readyz"))).StatusCode == HttpStatusCode.OK, daemon);
        await UntilAsync(() => Task.FromResult(pipeline.Warehouse("SELECT count(*) FROM sqlite_schema WHERE name = 'orders'") == "1" && pipeline.Warehouse("SELECT count(*) FROM orders") == "2"), daemon);
    }

    [Fact]
    public async Task A_daemon_told_to_stop_in_a_first_load_stops_and_the_next_one_goes_on_from_there()
    {
        using var pipeline = new PipelineFolder(more: "engine: { rowsPerRange: 50000 }");
        await pipeline.TrackAsync();
        pipeline.Execute("WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) INSERT INTO orders SELECT i, 'note ' || i FROM n");
        await using (var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate", "--listen", "127.0.0.1:0"]))
        {
            await daemon.WaitForLineAsync("orders: range .* committed");
            daemon.Send(Signal.Terminate);
            var result = await daemon.WaitForExitAsync(TimeSpan.FromSeconds(30));
            Assert.True(result.ExitCode == 143, result.ToString());
            Assert.DoesNotContain("complete up to", result.Error.Split('\n').Last(l => l.Contains("orders: ", StringComparison.Ordinal)), StringComparison.Ordinal);
        }

        await using var next = CdcsyncProcess.Start(pipeline.Root, ["run", "--listen", "127.0.0.1:0"]);
        await next.WaitForLineAsync("orders: first load, [1-9] of 8 ranges to do");
        await UntilAsync(() => Task.FromResult(pipeline.Warehouse("SELECT count(*) FROM orders") == "399993"), next);
    }

    [Fact]
    public async Task A_daemon_waits_for_a_warehouse_that_is_not_there_yet()
    {
        using var pipeline = new PipelineFolder("{ kind: postgres, connection: \"Host=127.0.0.1;Port=1;Username=u;Database=d;Timeout=2\" }");
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate", "--listen", "127.0.0.1:0"]);
        var metrics = await AddressAsync(daemon);
        await daemon.WaitForLineAsync("warehouse failed, again in 1.0s: CDC3001");
        // The log tells a failure that goes on once in a while; the metric counts each.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await ReadAsync(metrics, "cdcsync_retries_total{pipeline=\"shop\",side=\"warehouse\"}") < 2)
            await Task.Delay(100, patience.Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Client.GetAsync(new Uri(metrics, "/readyz"))).StatusCode);
        daemon.Send(Signal.Terminate);
        Assert.Equal(143, (await daemon.WaitForExitAsync(TimeSpan.FromSeconds(30))).ExitCode);
    }

    [Fact]
    public async Task A_daemon_without_the_control_schema_says_so_and_ends()
    {
        using var pipeline = new PipelineFolder();
        var result = await pipeline.RunAsync("run", "--listen", "127.0.0.1:0");
        Assert.Equal((6, ""), (result.ExitCode, result.Out));
        Assert.Matches("(?m)^CDC4001 .* Run: cdcsync migrate$", result.Error);
    }

    [Fact]
    public async Task A_sync_beside_a_daemon_is_a_state_conflict()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.TrackAsync();
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate", "--listen", "127.0.0.1:0"]);
        await daemon.WaitForLineAsync("lease taken");
        var result = await pipeline.RunAsync("sync");
        Assert.Equal((6, ""), (result.ExitCode, result.Out));
        Assert.Matches("(?m)^CDC4004 pipeline 'shop': another worker holds the lease", result.Error);
    }

    [Fact]
    public async Task A_second_signal_ends_the_process_at_once()
    {
        using var pipeline = new PipelineFolder();
        await pipeline.RunAsync("migrate");
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--listen", "127.0.0.1:0"]);
        await daemon.WaitForLineAsync("^ready:");
        daemon.Send(Signal.Terminate);
        daemon.Send(Signal.Interrupt);
        Assert.Contains((await daemon.WaitForExitAsync(TimeSpan.FromSeconds(10))).ExitCode, new[] { 130, 143 });
    }

    [Theory]
    [InlineData("0.0.0.0:0", "CDC1102 0.0.0.0:0 can be reached from other machines")]
    [InlineData("nowhere", "CDC1101 'nowhere' is no address to listen on")]
    public async Task An_endpoint_that_may_not_be_is_refused_before_anything_is_done(string listen, string expected)
    {
        using var pipeline = new PipelineFolder();
        var result = await pipeline.RunAsync("run", "--listen", listen);
        Assert.Equal((2, ""), (result.ExitCode, result.Out));
        Assert.StartsWith(expected, result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(pipeline["warehouse.db"]));
    }

    [Fact]
    public async Task The_token_is_asked_for_and_never_shown()
    {
        const string canary = "canary-token-4711";
        using var pipeline = new PipelineFolder(more: "http: { listen: \"127.0.0.1:0\", token: \"${env:TOKEN}\" }\n");
        await pipeline.TrackAsync();
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate"], new Dictionary<string, string> { ["TOKEN"] = canary, ["CDCSYNC_DEBUG"] = "1" });
        var metrics = await AddressAsync(daemon);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Client.GetAsync(metrics)).StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, metrics) { Headers = { { "Authorization", $"Bearer {canary}" } } };
        var answer = await Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain(canary, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        daemon.Send(Signal.Terminate);
        Assert.DoesNotContain(canary, (await daemon.WaitForExitAsync()).ToString(), StringComparison.Ordinal);
    }

    private static async Task CheckWithPromtoolAsync(string exposition)
    {
        var promtool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists);
        if (promtool is null)
            return;                                                      // the exposition's own tests say so where it is missing
        using var check = Process.Start(new ProcessStartInfo(promtool, "check metrics") { RedirectStandardInput = true, RedirectStandardError = true })!;
        await check.StandardInput.WriteAsync(exposition);
        check.StandardInput.Close();
        Assert.Equal("", await check.StandardError.ReadToEndAsync());
        await check.WaitForExitAsync();
        Assert.Equal(0, check.ExitCode);
    }

    private static async Task<Uri> AddressAsync(CdcsyncProcess daemon)
    {
        var line = await daemon.WaitForLineAsync("^ready: pipeline shop, 2 datasets, http://");
        return new Uri(Regex.Match(line, @"http://\S+").Value);
    }

    private static async Task<double> ReadAsync(Uri metrics, string series)
    {
        var line = (await Client.GetStringAsync(metrics)).Split('\n').Single(l => l.StartsWith(series + " ", StringComparison.Ordinal));
        return double.Parse(line[(series.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    internal static async Task UntilAsync(Func<Task<bool>> condition, CdcsyncProcess daemon)
    {
        for (var attempt = 0; attempt < 300; attempt++)
        {
            Assert.False(daemon.HasExited, daemon.Snapshot().ToString());
            if (await condition())
                return;
            await Task.Delay(100);
        }

        Assert.Fail(daemon.Snapshot().ToString());
    }
}
