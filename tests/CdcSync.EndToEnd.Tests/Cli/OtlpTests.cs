using System.Text.Json;
using System.Text.Json.Nodes;
using CdcSync.Cli.Daemon;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using CdcSync.EndToEnd.Tests.Harness;
using CdcSync.EndToEnd.Tests.Http;
using CdcSync.EndToEnd.Tests.Monitoring;
using Microsoft.Extensions.Logging.Abstractions;

namespace CdcSync.EndToEnd.Tests.Cli;

public sealed class OtlpTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Counters_gauges_and_histograms_are_what_the_protocol_has_for_them()
    {
        using var registry = new MetricRegistry();
        registry.Counter("c_bytes_total", "Counted.", "kind").Add("a").Add(3);
        var gauges = registry.Gauge("g_seconds", "Measured.", "name");
        gauges.Add("known").Set(1.5);
        gauges.Add("unknown").Set(double.NaN);
        registry.Gauge("nothing", "Nobody knows.").Add().Set(double.NaN);
        var histogram = registry.Histogram("h_seconds", "Taken.", [0.1, 1]).Add();
        foreach (var seconds in new[] { 0.05, 0.5, 0.5, 7 })
            histogram.Observe(TimeSpan.FromSeconds(seconds));

        var root = JsonDocument.Parse(OtlpMetrics.Write(registry, new Dictionary<string, string> { ["service.name"] = "s" }, "1.2.3", Noon, Noon.AddSeconds(1))).RootElement.GetProperty("resourceMetrics")[0];
        Assert.Equal("""{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]}""", root.GetProperty("resource").GetRawText());
        var scope = root.GetProperty("scopeMetrics")[0];
        Assert.Equal("""{"name":"CdcSync","version":"1.2.3"}""", scope.GetProperty("scope").GetRawText());
        Assert.Equal(
            [
                """{"name":"c_bytes_total","description":"Counted.","unit":"By","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"attributes":[{"key":"kind","value":{"stringValue":"a"}}],"startTimeUnixNano":"1772366400000000000","timeUnixNano":"1772366401000000000","asDouble":3}]}}""",
                """{"name":"g_seconds","description":"Measured.","unit":"s","gauge":{"dataPoints":[{"attributes":[{"key":"name","value":{"stringValue":"known"}}],"timeUnixNano":"1772366401000000000","asDouble":1.5}]}}""",
                """{"name":"h_seconds","description":"Taken.","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[{"attributes":[],"startTimeUnixNano":"1772366400000000000","timeUnixNano":"1772366401000000000","count":"4","sum":8.05,"bucketCounts":["1","2","1"],"explicitBounds":[0.1,1]}]}}""",
            ],
            scope.GetProperty("metrics").EnumerateArray().Select(m => m.GetRawText()));
    }

    /// <summary>The binary form, read by OpenTelemetry's own decoder, is the JSON form: texts beyond ASCII and longer than one byte can say, numbers of every size.</summary>
    [Fact]
    public void OpenTelemetrys_own_decoder_reads_the_binary_form_as_what_the_json_form_says()
    {
        using var registry = new MetricRegistry();
        registry.Counter("odd_total", $"Ünïcödé {new string('x', 20_000)}", "label", "other").Add("", "größe").Add(1e300);
        registry.Gauge("g_bytes", "Zero and less.").Add();
        var gauges = registry.Gauge("g_seconds", "Known and not.", "name");
        gauges.Add("known").Set(-0.1);
        gauges.Add("unknown").Set(double.NaN);
        gauges.Add("endless").Set(double.PositiveInfinity);
        registry.Gauge("nothing", "Nobody knows.").Add().Set(double.NaN);
        registry.Info("x_info", "What runs.", "version").Add("1").Set(true);
        var histograms = registry.Histogram("odd_seconds", "Taken.", [0.001, 1, 1e9], "stage");
        histograms.Add("never");
        var histogram = histograms.Add("often");
        for (var i = 0; i < 300; i++)
            histogram.Observe(TimeSpan.FromSeconds(i / 7.0));
        var resource = new Dictionary<string, string> { ["service.name"] = "größe", ["a"] = "" };
        var theirs = Decode(OtlpProtobuf.Write(registry, resource, "1.2.3", Noon, Noon.AddSeconds(1)));
        var ours = JsonNode.Parse(OtlpMetrics.Write(registry, resource, "1.2.3", Noon, Noon.AddSeconds(1)))!;
        DropEmptyArrays(ours);
        DropEmptyArrays(theirs);
        Assert.True(JsonNode.DeepEquals(ours, theirs), $"{ours}\n{theirs}");
    }

    [Fact]
    public async Task All_metrics_of_a_pipeline_are_in_the_binary_form()
    {
        await using var served = new ServedPipeline();
        var theirs = Decode(OtlpProtobuf.Write(served.Metrics.Registry, new Dictionary<string, string>(), "1", Noon, Noon.AddSeconds(1)));
        var ours = JsonNode.Parse(OtlpMetrics.Write(served.Metrics.Registry, new Dictionary<string, string>(), "1", Noon, Noon.AddSeconds(1)))!;
        Assert.Equal(Names(ours), Names(theirs));
        Assert.Contains("cdcsync_watermark_timestamp_seconds", Names(theirs));

        static IEnumerable<string> Names(JsonNode root) => root["resourceMetrics"]![0]!["scopeMetrics"]![0]!["metrics"]!.AsArray().Select(m => (string)m!["name"]!);
    }

    private static JsonNode Decode(byte[] message)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["message.bin"], message);
        return JsonNode.Parse(OtlpReference.Decode(folder["message.bin"]))!;
    }

    /// <summary>The binary form does not tell a list that is empty from one that is not there.</summary>
    private static void DropEmptyArrays(JsonNode node)
    {
        if (node is JsonObject map)
        {
            foreach (var (name, value) in map.ToArray())
            {
                if (value is JsonArray { Count: 0 }) map.Remove(name);
                else if (value is not null) DropEmptyArrays(value);
            }
        }
        else if (node is JsonArray list)
        {
            foreach (var value in list)
                DropEmptyArrays(value!);
        }
    }

    [Fact]
    public void The_standard_variables_say_where_to_and_how_often()
    {
        var options = Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/"), ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%2Cb, x=1"), ("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
            ("OTEL_SERVICE_NAME", "shop"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment=prod"))!;
        Assert.Equal(new Uri("http://collector:4318/v1/metrics"), options.Endpoint);
        Assert.Equal([("api-key", "a,b"), ("x", "1")], options.Headers.Select(h => (h.Key, h.Value)));
        Assert.Equal([("deployment.environment", "prod"), ("service.name", "shop")], options.Resource.OrderBy(r => r.Key).Select(r => (r.Key, r.Value)));
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10)), (options.Interval, options.Timeout));
        Assert.Equal(new Uri("https://c/own"), Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"), ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://c/own"))!.Endpoint);
        Assert.Equal("cdcsync", Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"))!.Resource["service.name"]);
        Assert.Equal((OtlpProtocol.Protobuf, OtlpProtocol.Json, OtlpProtocol.Protobuf), (options.Protocol, Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"))!.Protocol,
            Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"), ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"))!.Protocol));
        Assert.Null(Read());
        Assert.Null(Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"), ("OTEL_METRICS_EXPORTER", "none")));
        Assert.Null(Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"), ("OTEL_SDK_DISABLED", "True")));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_COMPRESSION", "none")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Cumulative")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "explicit_bucket_histogram")]
    [InlineData("OTEL_METRICS_EXPORTER", "otlp")]
    [InlineData("OTEL_SDK_DISABLED", "false")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "")]
    public void What_is_done_anyway_may_be_asked_for(string name, string value) =>
        Assert.NotNull(Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"), (name, value)));

    [Fact]
    public void Variables_of_metrics_go_before_those_of_all_signals_and_of_two_patiences_the_shorter_counts()
    {
        (string, string)[] all = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "7000")];
        var (shared, own) = (Read(all)!, Read([.. all, ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "b=2"), ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "8000")])!);
        Assert.Equal((("a", "1"), TimeSpan.FromSeconds(7)), ((shared.Headers.Single().Key, shared.Headers.Single().Value), shared.Timeout));
        Assert.Equal((("b", "2"), TimeSpan.FromSeconds(8)), ((own.Headers.Single().Key, own.Headers.Single().Value), own.Timeout));
        Assert.Equal(TimeSpan.FromSeconds(3), Read([.. all, ("OTEL_METRIC_EXPORT_TIMEOUT", "3000")])!.Timeout);
        Assert.Equal((TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(10)), (Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"))!.Interval, Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"))!.Timeout));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "protobuf")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "collector:4318")]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "1m")]
    [InlineData("OTEL_METRIC_EXPORT_TIMEOUT", "0")]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT", "-1")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "soon")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "s3cret")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "s3cret")]
    [InlineData("OTEL_RESOURCE_ATTRIBUTES", "s3cret")]
    [InlineData("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "lowmemory")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram")]
    [InlineData("OTEL_METRICS_EXPORTER", "prometheus")]
    [InlineData("OTEL_METRICS_EXPORTER", "otlp,console")]
    [InlineData("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere.pem")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "/nowhere.pem")]
    [InlineData("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/nowhere.pem")]
    [InlineData("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/nowhere.key")]
    public void What_can_not_be_done_is_refused_without_quoting_a_key(string name, string value)
    {
        var fault = Assert.Throws<CdcSyncException>(() => Read(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"), (name, value)));
        Assert.Equal(ErrorCodes.WrongUsage, fault.Code);
        Assert.Contains(name.Replace("_OTLP_METRICS_", "_OTLP_", StringComparison.Ordinal), fault.Message.Replace("_OTLP_METRICS_", "_OTLP_", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_pushes_what_it_exposes_and_a_last_time_at_its_end()
    {
        await using var collector = new Collector();
        using var pipeline = new PipelineFolder(more: "http: { listen: \"127.0.0.1:0\" }\n");
        await pipeline.TrackAsync();
        await using var daemon = CdcsyncProcess.Start(pipeline.Root, ["run", "--migrate"], new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/json",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-key=canary-key",
            ["OTEL_SERVICE_NAME"] = "shop-sync",
        });
        await collector.UntilAsync(r => r.Body.Contains("cdcsync_watermark_timestamp_seconds", StringComparison.Ordinal));
        daemon.Send(Signal.Terminate);
        var result = await daemon.WaitForExitAsync();
        Assert.DoesNotContain("canary-key", result.ToString(), StringComparison.Ordinal);
        var last = collector.Received.Last();
        Assert.Equal(("/v1/metrics", "application/json", "canary-key"), (last.Path, last.ContentType, last.Key));
        Assert.Contains("shop-sync", last.Body, StringComparison.Ordinal);
        // The last push tells how it ended.
        var state = JsonDocument.Parse(last.Body).RootElement.GetProperty("resourceMetrics")[0].GetProperty("scopeMetrics")[0].GetProperty("metrics").EnumerateArray().Single(m => m.GetProperty("name").GetString() == "cdcsync_pipeline_state");
        var stopping = state.GetProperty("gauge").GetProperty("dataPoints").EnumerateArray().Single(p => p.GetProperty("attributes")[1].GetProperty("value").GetProperty("stringValue").GetString() == "stopping");
        Assert.Equal(1, stopping.GetProperty("asDouble").GetDouble());
    }

    [Fact]
    public async Task Unless_told_otherwise_a_daemon_pushes_the_binary_form()
    {
        await using var collector = new Collector();
        using var registry = new MetricRegistry();
        registry.Counter("c_total", "Counted.").Add().Add();
        await using (new OtlpExport(Read(("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address.ToString()), ("OTEL_METRIC_EXPORT_INTERVAL", "10"))!, registry, "1", TimeProvider.System, NullLogger.Instance))
            await collector.UntilAsync(r => r.ContentType == "application/x-protobuf" && r.Body.Contains("c_total", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_collector_that_refuses_holds_up_nothing()
    {
        await using var collector = new Collector { Answer = 503 };
        using var registry = new MetricRegistry();
        registry.Counter("c_total", "Counted.").Add().Add();
        await using (new OtlpExport(Read(("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address.ToString()), ("OTEL_METRIC_EXPORT_INTERVAL", "10"))!, registry, "1", TimeProvider.System, NullLogger.Instance))
            await collector.UntilAsync(_ => collector.Received.Count > 2);
    }

    private static OtlpOptions? Read(params (string Name, string Value)[] variables) => OtlpOptions.Read(name => variables.LastOrDefault(v => v.Name == name).Value);
}
