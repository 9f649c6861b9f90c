using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using CdcSync.Arrow;
using CdcSync.Cli.Daemon;
using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using CdcSync.Core.Yaml;

namespace CdcSync.EndToEnd.Tests.Cli;

public sealed class EndpointTests : IDisposable
{
    private static readonly Dataset Orders = new()
    {
        Id = new DatasetId("orders"),
        SourceName = "shop",
        Object = new SourceObject.Table(null, "orders"),
        Capture = new Capture.ChangeTracking(),
        Target = new TargetTable(null, "orders"),
        Columns = [new DatasetColumn("id", "id", Int64Type.Default, Int64Type.Default, 0)],
        Contract = new ContractReference("orders", "1.0.0", "team"),
    };

    private readonly Pipeline _pipeline = new("shop", [Orders]);
    private readonly SyncMetrics _metrics;
    private readonly HttpClient _client = new();
    private readonly StringWriter _log = new();

    public EndpointTests() => _metrics = new SyncMetrics(_pipeline, "1", TimeProvider.System);

    [Fact]
    public async Task Metrics_are_handed_out_in_the_format_asked_for()
    {
        await using var endpoint = await StartAsync(Loopback());
        var plain = await _client.GetAsync(new Uri(endpoint.Address, "/metrics"));
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", plain.Content.Headers.ContentType!.ToString());
        Assert.EndsWith("\n", await plain.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var open = await AskAsync(endpoint, "/metrics", r => r.Headers.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"));
        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", open.Content.Headers.ContentType!.ToString());
        Assert.EndsWith("\n# EOF\n", await open.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(open.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Health_is_life_and_readiness_is_work()
    {
        var observer = new MetricsObserver(_metrics, _pipeline);
        await using var endpoint = await StartAsync(Loopback());
        await ExpectAsync(endpoint, "/healthz", HttpStatusCode.OK, "ok\n");
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.ServiceUnavailable, "starting\n");
        observer.LeaseChanged(false);
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.OK, "standing by\n");
        observer.LeaseChanged(true);
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.ServiceUnavailable, "no source was read yet, or none answers\n");
        observer.Polled("shop", DateTimeOffset.UnixEpoch, TimeSpan.Zero, [Orders]);
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.OK, "working\n");
        observer.WorkerFailed("warehouse", new CdcSyncException(ErrorCodes.WarehouseUnavailable, "Gone.", "Run: cdcsync status"), TimeSpan.Zero);
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.ServiceUnavailable, "the warehouse does not answer\n");
        observer.LeaseChanged(true);
        _metrics.SetState(WorkerState.Stopping);
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.ServiceUnavailable, "stopping\n");
        await ExpectAsync(endpoint, "/healthz", HttpStatusCode.OK, "ok\n");
    }

    [Fact]
    public async Task A_foreign_host_name_is_not_answered()
    {
        await using var endpoint = await StartAsync(Loopback() with { Hosts = ["metrics.example.com"] });
        foreach (var path in new[] { "/metrics", "/healthz", "/readyz" })
            Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(endpoint, path, r => r.Headers.Host = "evil.example.com")).StatusCode);
        foreach (var host in new[] { "localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:9464", "metrics.example.com" })
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(endpoint, "/healthz", r => r.Headers.Host = host)).StatusCode);
        Assert.StartsWith("HTTP/1.1 400", await RawAsync(endpoint, "GET /healthz HTTP/1.0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_set_is_asked_for_on_metrics_only()
    {
        await using var endpoint = await StartAsync(Loopback() with { Token = Secret("a-right-token") });
        var refused = await AskAsync(endpoint, "/metrics", _ => { });
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(endpoint, "/metrics", r => r.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "a-wrong-token"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(endpoint, "/metrics", r => r.Headers.Authorization = new AuthenticationHeaderValue("Basic", "a-right-token"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(endpoint, "/metrics", r => r.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "a-right-token"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(endpoint, "/healthz", _ => { })).StatusCode);
    }

    [Fact]
    public async Task Only_reading_is_answered_and_only_where_there_is_something()
    {
        await using var endpoint = await StartAsync(Loopback());
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _client.PostAsync(new Uri(endpoint.Address, "/metrics"), null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(endpoint, "/", _ => { })).StatusCode);
        var head = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Head, new Uri(endpoint.Address, "/metrics")));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.True(head.Content.Headers.ContentLength > 1_000);
    }

    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::]:0")]
    [InlineData("192.0.2.1:9464")]
    public async Task Off_loopback_it_does_not_start_without_a_token_and_a_proxy(string listen)
    {
        var open = Loopback() with { Address = EndpointOptions.Parse(listen) };
        Assert.Equal(ErrorCodes.EndpointUnprotected, (await Assert.ThrowsAsync<CdcSyncException>(() => StartAsync(open))).Code);
        Assert.Equal(ErrorCodes.EndpointUnprotected, (await Assert.ThrowsAsync<CdcSyncException>(() => StartAsync(open with { Token = Secret("a-token") }))).Code);
        Assert.Equal(ErrorCodes.EndpointUnprotected, (await Assert.ThrowsAsync<CdcSyncException>(() => StartAsync(open with { Exposure = EndpointExposure.BehindProxy }))).Code);
        (open with { Token = Secret("a-token"), Exposure = EndpointExposure.BehindProxy }).Check();
    }

    [Fact]
    public async Task An_address_in_use_is_named()
    {
        await using var first = await StartAsync(Loopback());
        var fault = await Assert.ThrowsAsync<CdcSyncException>(() => StartAsync(Loopback() with { Address = new IPEndPoint(IPAddress.Loopback, first.Address.Port) }));
        Assert.Equal(ErrorCodes.EndpointUnavailable, fault.Code);
        Assert.Contains($"127.0.0.1:{first.Address.Port}", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:9464", "127.0.0.1:9464")]
    [InlineData("localhost:0", "127.0.0.1:0")]
    [InlineData("[::1]:80", "[::1]:80")]
    public void An_address_is_read(string listen, string expected) => Assert.Equal(expected, EndpointOptions.Parse(listen).ToString());

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("9464")]
    [InlineData("::1")]
    [InlineData("[::1]")]
    [InlineData("db.example.com:80")]
    [InlineData("127.0.0.1:70000")]
    [InlineData("")]
    public void What_is_no_address_is_refused(string listen) => Assert.Equal(ErrorCodes.WrongUsage, Assert.Throws<CdcSyncException>(() => EndpointOptions.Parse(listen)).Code);

    public void Dispose()
    {
        _client.Dispose();
        _metrics.Dispose();
        _log.Dispose();
    }

    private static EndpointOptions Loopback() => new(new IPEndPoint(IPAddress.Loopback, 0), null, [], EndpointExposure.Direct);

    private static SecretString Secret(string value) => new(ReferenceText.Parse("${env:TOKEN}", out _), new References("/", _ => value), "${env:TOKEN}");

    private Task<Endpoint> StartAsync(EndpointOptions options) =>
        Endpoint.StartAsync(options, _metrics, new TerminalLog(new Terminal(_log, _log, new TerminalAbilities(false, false)), TimeProvider.System), CancellationToken.None);

    private Task<HttpResponseMessage> AskAsync(Endpoint endpoint, string path, Action<HttpRequestMessage> with)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(endpoint.Address, path));
        with(request);
        return _client.SendAsync(request);
    }

    private async Task ExpectAsync(Endpoint endpoint, string path, HttpStatusCode status, string body)
    {
        var answer = await AskAsync(endpoint, path, _ => { });
        Assert.Equal((status, body), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    private static async Task<string> RawAsync(Endpoint endpoint, string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, endpoint.Address.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(socket.GetStream());
        return await reader.ReadToEndAsync();
    }
}
