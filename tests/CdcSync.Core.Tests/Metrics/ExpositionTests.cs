using System.Diagnostics;
using System.Globalization;
using CdcSync.Core.Metrics;

namespace CdcSync.Core.Tests.Metrics;

public sealed class ExpositionTests
{
    [Fact]
    public void The_text_format_is_written_as_specified()
    {
        using var registry = Sample();
        Assert.Equal("""
            # HELP build_info The binary.
            # TYPE build_info gauge
            build_info{version="1"} 1
            # HELP rows_total Rows, "all"\\any.
            # TYPE rows_total counter
            rows_total{name="a\"b\\c\nd"} 1.5
            # HELP free_bytes Free.
            # TYPE free_bytes gauge
            free_bytes 0
            # HELP took_seconds Time.
            # TYPE took_seconds histogram
            took_seconds_bucket{le="0.5"} 1
            took_seconds_bucket{le="1.0"} 2
            took_seconds_bucket{le="+Inf"} 3
            took_seconds_sum 8.5
            took_seconds_count 3

            """.ReplaceLineEndings("\n"), Exposition.Write(registry, ExpositionFormat.PrometheusText));
    }

    [Fact]
    public void OpenMetrics_names_families_without_suffix_and_ends_with_EOF()
    {
        using var registry = Sample();
        Assert.Equal("""
            # HELP build The binary.
            # TYPE build info
            build_info{version="1"} 1
            # HELP rows Rows, \"all\"\\any.
            # TYPE rows counter
            rows_total{name="a\"b\\c\nd"} 1.5
            # HELP free_bytes Free.
            # TYPE free_bytes gauge
            # UNIT free_bytes bytes
            free_bytes 0
            # HELP took_seconds Time.
            # TYPE took_seconds histogram
            # UNIT took_seconds seconds
            took_seconds_bucket{le="0.5"} 1
            took_seconds_bucket{le="1.0"} 2
            took_seconds_bucket{le="+Inf"} 3
            took_seconds_sum 8.5
            took_seconds_count 3
            # EOF

            """.ReplaceLineEndings("\n"), Exposition.Write(registry, ExpositionFormat.OpenMetrics));
    }

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1795317465.123, "1795317465.123")]
    [InlineData(1e21, "1E+21")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Numbers_do_not_depend_on_the_culture(double value, string written)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = ",", NegativeSign = "~", NaNSymbol = "nix" } };
        try
        {
            using var registry = new MetricRegistry();
            registry.Gauge("g", "G.").Add().Set(value);
            Assert.EndsWith($"\ng {written}\n", Exposition.Write(registry, ExpositionFormat.PrometheusText), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData(null, ExpositionFormat.PrometheusText)]
    [InlineData("", ExpositionFormat.PrometheusText)]
    [InlineData("*/*", ExpositionFormat.PrometheusText)]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8", ExpositionFormat.PrometheusText)]
    [InlineData("application/openmetrics-text", ExpositionFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text; version=1.0.0; charset=utf-8", ExpositionFormat.OpenMetrics)]
    [InlineData("Application/OpenMetrics-Text;Version=\"1.0.0\"", ExpositionFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;version=0.0.1", ExpositionFormat.PrometheusText)]
    [InlineData("application/openmetrics-text;q=0", ExpositionFormat.PrometheusText)]
    [InlineData("application/openmetrics-text;q=0.4,text/plain;q=0.5", ExpositionFormat.PrometheusText)]
    [InlineData("text/plain;q=0.5,application/openmetrics-text;q=0.6", ExpositionFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", ExpositionFormat.OpenMetrics)]
    [InlineData("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", ExpositionFormat.PrometheusText)]
    public void The_format_follows_the_Accept_header(string? accept, ExpositionFormat expected) => Assert.Equal(expected, ExpositionNegotiation.Choose(accept));

    [Theory]
    [InlineData("a b")]
    [InlineData("1a")]
    [InlineData("rows")]
    public void A_counter_with_a_wrong_name_can_not_be_made(string name)
    {
        using var registry = new MetricRegistry();
        Assert.Throws<ArgumentException>(() => registry.Counter(name, "Help."));
    }

    [Fact]
    public void A_series_can_not_be_added_twice()
    {
        using var registry = new MetricRegistry();
        var family = registry.Gauge("g", "G.", "a");
        family.Add("x");
        Assert.Throws<ArgumentException>(() => family.Add("x"));
        Assert.Throws<ArgumentException>(() => registry.Gauge("g", "Again."));
    }

    [Fact]
    public async Task A_histogram_read_while_it_is_written_is_consistent()
    {
        using var registry = new MetricRegistry();
        var histogram = registry.Histogram("h_seconds", "H.", [0.5, 1]).Add();
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 2).Select(i => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
                histogram.Observe(TimeSpan.FromSeconds(i));
        }, CancellationToken.None)).ToArray();
        for (var i = 0; i < 200; i++)
            StrictExpositionParser.ParsePrometheusText(Exposition.Write(registry, ExpositionFormat.PrometheusText));
        await stop.CancelAsync();
        await Task.WhenAll(writers);
    }

    [Fact]
    public async Task Promtool_finds_nothing_wrong()
    {
        var promtool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists);
        if (promtool is null && Environment.GetEnvironmentVariable("CI") != "true")
            Assert.Skip("promtool is not installed (Debian package prometheus)");
        Assert.True(promtool is not null, "promtool is not installed (Debian package prometheus)");
        using var world = new MetricsWorld();
        world.CommitOneBatch();
        using var check = Process.Start(new ProcessStartInfo(promtool, "check metrics") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await check.StandardInput.WriteAsync(Exposition.Write(world.Metrics.Registry, ExpositionFormat.PrometheusText));
        check.StandardInput.Close();
        var said = await check.StandardOutput.ReadToEndAsync() + await check.StandardError.ReadToEndAsync();
        await check.WaitForExitAsync();
        Assert.True(check.ExitCode == 0 && said.Length == 0, $"promtool: {check.ExitCode} {said}");
    }

    private static MetricRegistry Sample()
    {
        var registry = new MetricRegistry();
        registry.Info("build_info", "The binary.", "version").Add("1").Set(true);
        registry.Counter("rows_total", "Rows, \"all\"\\any.", "name").Add("a\"b\\c\nd").Add(1.5);
        registry.Gauge("free_bytes", "Free.").Add();
        var took = registry.Histogram("took_seconds", "Time.", [0.5, 1]).Add();
        took.Observe(TimeSpan.FromSeconds(0.5));
        took.Observe(TimeSpan.FromSeconds(1));
        took.Observe(TimeSpan.FromSeconds(7));
        return registry;
    }
}
