using System.Text.Json;
using System.Text.RegularExpressions;
using CdcSync.EndToEnd.Tests.Cli;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Monitoring;

/// <summary>The shipped rules and dashboard, against the real Prometheus and the real process.</summary>
public sealed partial class MonitoringTests
{
    private static readonly string Folder = Path.Combine(Documents.Root, "monitoring");

    [Theory]
    [InlineData("check rules cdcsync.rules.yml")]
    [InlineData("check config prometheus.yml")]
    [InlineData("test rules cdcsync.rules.test.yml")]
    public async Task What_is_shipped_passes_promtool(string command)
    {
        var result = await InstalledProgram.RunAsync(InstalledProgram.Find("promtool", "prometheus"), command.Split(' '), Folder);
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Every_alert_has_a_test_a_severity_and_a_section_in_the_runbook()
    {
        var rules = Documents.Read("monitoring/cdcsync.rules.yml");
        var tests = Documents.Read("monitoring/cdcsync.rules.test.yml");
        var sections = Headings().Matches(Documents.Read("docs/operations.md")).Select(m => m.Groups[1].Value.ToLowerInvariant().Replace(' ', '-')).ToHashSet();
        var alerts = Alerts().Matches(rules).Select(m => m.Groups[1].Value).ToArray();
        Assert.True(alerts.Length >= 14, $"{alerts.Length} alerts");
        Assert.Equal(alerts.Length, Severities().Count(rules));
        Assert.DoesNotContain(alerts, a => !tests.Contains($"alertname: {a}\n        exp_alerts:\n", StringComparison.Ordinal));
        Assert.DoesNotContain(Runbooks().Matches(rules).Select(m => m.Groups[1].Value), s => !sections.Contains(s));
        Assert.Equal(alerts.Length, Runbooks().Count(rules));
    }

    [Fact]
    public async Task Rules_and_dashboard_find_their_series_and_an_alert_fires_while_the_source_is_blocked_and_resolves_when_it_is_back()
    {
        using var pipeline = new PipelineFolder(more: "http: { listen: \"127.0.0.1:0\" }\n");
        await pipeline.TrackAsync();
        var contract = File.ReadAllText(pipeline["shop.odcs.yaml"]);
        File.WriteAllText(pipeline["shop.odcs.yaml"], contract.Replace("- name: returns", "- name: returns\n    quality: [{ id: none_came_back, metric: rowCount, mustBe: 0 }]", StringComparison.Ordinal));
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate"]);
        var metrics = new Uri(Address().Match(await daemon.WaitForLineAsync("^ready: pipeline shop, 2 datasets, http://")).Value);
        using (var client = new HttpClient())
            AssertNamed(await client.GetStringAsync(metrics));

        // The same rules, only more impatient.
        var rules = Documents.Read("monitoring/cdcsync.rules.yml").Replace("+ 60)", "+ 2)", StringComparison.Ordinal);
        await using var prometheus = await PrometheusServer.StartAsync(metrics.Authority, For().Replace(rules, "for: 1s"));
        foreach (var (panel, query) in PanelQueries())
            await prometheus.UntilAsync($"{panel}: {query}", async () => await prometheus.CountAsync(query) > 0);
        Assert.DoesNotContain("CdcSyncStalled", await prometheus.FiringAsync());
        await prometheus.UntilAsync("CdcSyncContractBroken fires", async () => (await prometheus.FiringAsync()).Contains("CdcSyncContractBroken"));

        File.Move(pipeline["shop.db"], pipeline["away.db"]);
        await prometheus.UntilAsync("CdcSyncStalled fires", async () => (await prometheus.FiringAsync()).Contains("CdcSyncStalled"));
        File.Move(pipeline["away.db"], pipeline["shop.db"]);
        await prometheus.UntilAsync("CdcSyncStalled resolves", async () => !(await prometheus.FiringAsync()).Contains("CdcSyncStalled"));
        daemon.Send(Signal.Terminate);
        Assert.Equal(143, (await daemon.WaitForExitAsync()).ExitCode);
    }

    /// <summary>Every metric that a rule or a panel names is one that the process has.</summary>
    private static void AssertNamed(string exposition)
    {
        var there = Types().Matches(exposition).Select(m => m.Groups[1].Value).ToHashSet();
        var named = MetricNames().Matches(Documents.Read("monitoring/cdcsync.rules.yml") + string.Join('\n', PanelQueries().Select(p => p.Query))).Select(m => Suffix().Replace(m.Value, "")).Distinct().ToArray();
        Assert.True(named.Length > 20, $"{named.Length} metrics");
        Assert.Empty(named.Except(there));
    }

    private static IReadOnlyList<(string Panel, string Query)> PanelQueries() =>
        [.. from panel in JsonDocument.Parse(Documents.Read("monitoring/grafana/dashboards/cdcsync.json")).RootElement.GetProperty("panels").EnumerateArray()
            where panel.TryGetProperty("targets", out _)
            from target in panel.GetProperty("targets").EnumerateArray()
            select (panel.GetProperty("title").GetString()!, Variables().Replace(target.GetProperty("expr").GetString()!.Replace("$__rate_interval", "10s", StringComparison.Ordinal), ".*"))];

    [GeneratedRegex(@"http://\S+")]
    private static partial Regex Address();

    [GeneratedRegex(@"(?m)^      - alert: (\w+)$")]
    private static partial Regex Alerts();

    [GeneratedRegex(@"severity: (page|ticket) ")]
    private static partial Regex Severities();

    [GeneratedRegex(@"runbook_url: ""docs/operations\.md#([a-z-]+)""")]
    private static partial Regex Runbooks();

    [GeneratedRegex(@"(?m)^### (.+)$")]
    private static partial Regex Headings();

    [GeneratedRegex(@"for: \d+m")]
    private static partial Regex For();

    [GeneratedRegex(@"\$(job|pipeline|dataset)")]
    private static partial Regex Variables();

    [GeneratedRegex(@"\b(?:cdcsync|process)_[a-z_]+")]
    private static partial Regex MetricNames();

    [GeneratedRegex(@"_bucket$")]
    private static partial Regex Suffix();

    [GeneratedRegex(@"(?m)^# TYPE (\S+) ")]
    private static partial Regex Types();
}
