using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using CdcSync.Cli.Http;
using CdcSync.Core.Errors;
using CdcSync.Core.Metrics;
using CdcSync.Core.Yaml;
using CdcSync.EndToEnd.Tests.Harness;

namespace CdcSync.EndToEnd.Tests.Http;

public sealed class EndpointTests : IAsyncDisposable
{
    private readonly ServedPipeline _served = new();
    private readonly List<Endpoint> _endpoints = [];
    private readonly HttpClient _client = new();

    [Fact]
    public async Task Metrics_are_handed_out_in_the_format_asked_for()
    {
        var endpoint = await StartAsync(Loopback());
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
        var (observer, orders) = (_served.Observer, _served.Config.Pipeline.Datasets[0]);
        var endpoint = await StartAsync(Loopback());
        await ExpectAsync(endpoint, "/healthz", HttpStatusCode.OK, "ok\n");
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.ServiceUnavailable, "starting\n");
        observer.LeaseChanged(false);
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.OK, "standing by\n");
        observer.LeaseChanged(true);
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.ServiceUnavailable, "no source was read yet, or none answers\n");
        observer.Polled("shop", DateTimeOffset.UnixEpoch, TimeSpan.Zero, [orders]);
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.OK, "working\n");
        observer.WorkerFailed("warehouse", new CdcSyncException(ErrorCodes.WarehouseUnavailable, "Gone.", "Run: cdcsync status"), TimeSpan.Zero);
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.ServiceUnavailable, "the warehouse does not answer\n");
        observer.LeaseChanged(true);
        _served.Metrics.SetState(WorkerState.Stopping);
        await ExpectAsync(endpoint, "/readyz", HttpStatusCode.ServiceUnavailable, "stopping\n");
        await ExpectAsync(endpoint, "/healthz", HttpStatusCode.OK, "ok\n");
    }

    [Fact]
    public async Task A_foreign_host_name_is_not_answered()
    {
        var endpoint = await StartAsync(Loopback() with { Hosts = ["metrics.example.com"] });
        foreach (var path in new[] { "/metrics", "/healthz", "/readyz" })
            Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(endpoint, path, r => r.Headers.Host = "evil.example.com")).StatusCode);
        foreach (var host in new[] { "localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:9464", "metrics.example.com" })
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(endpoint, "/healthz", r => r.Headers.Host = host)).StatusCode);
        Assert.StartsWith("HTTP/1.1 400", await RawAsync(endpoint, "GET /healthz HTTP/1.0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_set_is_asked_for_everywhere_but_by_probes()
    {
        var endpoint = await StartAsync(Loopback() with { Token = Secret("a-right-token") });
        foreach (var path in new[] { "/metrics", "/index.html", "/api/v1/status", "/no/such/path", "/healthz/", "/METRICS" })
        {
            var refused = await AskAsync(endpoint, path, _ => { });
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            Assert.Equal("Bearer", refused.Headers.WwwAuthenticate.ToString());
            await ExpectProblemAsync(refused, ErrorCodes.TokenRequired);
        }

        foreach (var (scheme, token) in new[] { ("Bearer", "a-wrong-token"), ("Bearer", "a-right-token2"), ("Bearer", ""), ("Basic", "a-right-token") })
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(endpoint, "/metrics", r => r.Headers.TryAddWithoutValidation("Authorization", $"{scheme} {token}"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(endpoint, "/metrics?token=a-right-token&access_token=a-right-token", _ => { })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(endpoint, "/metrics", r => Bear(r, "a-right-token"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(endpoint, "/healthz", _ => { })).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await AskAsync(endpoint, "/readyz", _ => { })).StatusCode);
    }

    [Fact]
    public async Task Metrics_have_a_token_of_their_own_and_it_opens_nothing_else()
    {
        var endpoint = await StartAsync(Loopback() with { Token = Secret("a-right-token"), MetricsToken = Secret("a-scrapers-token") });
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(endpoint, "/metrics", r => Bear(r, "a-scrapers-token"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(endpoint, "/metrics", r => Bear(r, "a-right-token"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(endpoint, "/api/v1/status", r => Bear(r, "a-scrapers-token"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(endpoint, "/no/such/path", r => Bear(r, "a-right-token"))).StatusCode);
        Assert.Equal(ErrorCodes.EndpointUnprotected, (await Assert.ThrowsAsync<CdcSyncException>(() => StartAsync(Loopback() with { Token = Secret("one"), MetricsToken = Secret("one") }))).Code);
    }

    [Fact]
    public async Task What_is_refused_is_counted_and_told_by_reason_and_never_what_was_shown_or_asked_for()
    {
        var endpoint = await StartAsync(Loopback() with { Token = Secret("a-right-token") });
        for (var i = 0; i < 3; i++)
            await AskAsync(endpoint, "/api/v1/status?token=canary-1", r => Bear(r, "canary-2"));
        await AskAsync(endpoint, "/canary-3%0Afatal%20made%20up", r => Bear(r, "canary-4"));
        await AskAsync(endpoint, "/metrics", _ => { });
        await AskAsync(endpoint, "/metrics", r => r.Headers.Host = "evil.example.com:80");
        await AskAsync(endpoint, "/", _ => { });                         // the way in is no trouble
        using (var signIn = await _client.PostAsync(new Uri(endpoint.Address, "/session"), new FormUrlEncodedContent([new("token", "canary-5")])))
            Assert.Equal(HttpStatusCode.Unauthorized, signIn.StatusCode);
        using (var order = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint.Address, "/api/v1/sync")) { Headers = { { "Origin", "https://evil.example.com/'\"canary" } } })
        {
            Bear(order, "a-right-token");
            Assert.Equal(HttpStatusCode.Forbidden, (await _client.SendAsync(order)).StatusCode);
        }

        var lines = _served.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
        [
            "request from 127.0.0.1 for /api/v1/status refused: wrong_token", "request from 127.0.0.1 for /metrics refused: no_token", "request from 127.0.0.1 for /metrics refused: host 'evil.example.com'",
            "request from 127.0.0.1 for /api/v1/sync refused: origin 'https://evil.example.com/canary'",
        ], lines.Select(l => l[(l.IndexOf("request", StringComparison.Ordinal))..].TrimEnd()));
        Assert.All(lines, line => Assert.Contains("warn", line, StringComparison.Ordinal));
        Assert.DoesNotContain("canary-", _served.Log, StringComparison.Ordinal);
        var told = Exposition.Write(_served.Metrics.Registry, ExpositionFormat.PrometheusText);
        foreach (var (reason, count) in new[] { ("wrong_token", 5), ("no_token", 1), ("host", 1), ("origin", 1), ("no_orders", 0) })
            Assert.Contains($"cdcsync_http_refusals_total{{pipeline=\"shop\",reason=\"{reason}\"}} {count}\n", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_token_nothing_can_be_ordered_not_even_on_loopback()
    {
        var endpoint = await StartAsync(Loopback());
        var refused = await _client.PostAsync(new Uri(endpoint.Address, "/api/v1/sync"), null);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        await ExpectProblemAsync(refused, ErrorCodes.TokenRequired);
    }

    [Theory]
    [InlineData("https://evil.example.com", HttpStatusCode.Forbidden)]
    [InlineData("http://localhost:1", HttpStatusCode.Forbidden)]        // another program of this machine
    [InlineData("null", HttpStatusCode.Forbidden)]                      // a file, a sandboxed frame
    [InlineData("https://cdc.example.com", HttpStatusCode.NotFound)]    // behind a proxy that changes the Host header
    [InlineData("", HttpStatusCode.NotFound)]                           // no browser
    [InlineData("same", HttpStatusCode.NotFound)]
    public async Task A_change_is_not_taken_from_a_page_of_another_origin(string origin, HttpStatusCode status)
    {
        var endpoint = await StartAsync(Loopback() with { Token = Secret("a-right-token"), Hosts = ["cdc.example.com"] });
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint.Address, "/no/such/path"));
        Bear(request, "a-right-token");
        if (origin.Length > 0)
            request.Headers.Add("Origin", origin == "same" ? endpoint.Address.GetLeftPart(UriPartial.Authority) : origin);
        Assert.Equal(status, (await _client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task No_other_origin_is_ever_invited_and_every_answer_is_locked_down()
    {
        var endpoint = await StartAsync(Loopback() with { Token = Secret("a-right-token") });
        foreach (var path in new[] { "/healthz", "/metrics", "/api/v1/status" })
        {
            var answer = await AskAsync(endpoint, path, r =>
            {
                Bear(r, "a-right-token");
                r.Headers.Add("Origin", "https://evil.example.com");
            });
            Assert.DoesNotContain(answer.Headers, h => h.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
            Assert.Contains("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.Equal(("nosniff", "same-origin", "same-origin", "no-store"), (answer.Headers.GetValues("X-Content-Type-Options").Single(), answer.Headers.GetValues("Cross-Origin-Resource-Policy").Single(),
                answer.Headers.GetValues("Referrer-Policy").Single(), answer.Headers.CacheControl!.ToString()));
            var preflight = new HttpRequestMessage(HttpMethod.Options, new Uri(endpoint.Address, path)) { Headers = { { "Origin", "https://evil.example.com" }, { "Access-Control-Request-Method", "POST" } } };
            Assert.Equal(HttpStatusCode.Forbidden, (await _client.SendAsync(preflight)).StatusCode);
        }
    }

    [Fact]
    public async Task A_certificate_encrypts_and_a_renewed_one_is_taken_without_a_restart()
    {
        using var folder = new TempFolder();
        var files = new CertificateFiles(folder["server.pem"], folder["server.key"]);
        Issue(files, "first");
        var endpoint = await StartAsync(Loopback() with { Certificate = files });
        Assert.Equal("https", endpoint.Address.Scheme);
        Assert.Equal("CN=first", await SubjectAsync(endpoint));
        File.WriteAllText(files.Certificate, "half a renewal");
        File.SetLastWriteTimeUtc(files.Certificate, File.GetLastWriteTimeUtc(files.Certificate).AddSeconds(1));
        Assert.Equal("CN=first", await SubjectAsync(endpoint));
        Issue(files, "second");
        File.SetLastWriteTimeUtc(files.Key, File.GetLastWriteTimeUtc(files.Key).AddSeconds(2));
        Assert.Equal("CN=second", await SubjectAsync(endpoint));
        await Assert.ThrowsAsync<HttpRequestException>(() => _client.GetAsync(new UriBuilder(endpoint.Address) { Scheme = "http", Path = "/healthz" }.Uri));
    }

    [Fact]
    public void A_certificate_that_can_not_be_used_is_refused_at_the_start()
    {
        using var folder = new TempFolder();
        var files = new CertificateFiles(folder["server.pem"], folder["server.key"]);
        Assert.Equal(ErrorCodes.ConfigInvalid, Assert.Throws<CdcSyncException>((Loopback() with { Certificate = files }).Check).Code);
        Issue(files, "one");
        var another = new CertificateFiles(folder["another.pem"], folder["another.key"]);
        Issue(another, "another");
        Assert.Equal(ErrorCodes.ConfigInvalid, Assert.Throws<CdcSyncException>((Loopback() with { Certificate = files with { Key = another.Key } }).Check).Code);
    }

    [Fact]
    public async Task Only_reading_is_answered_and_only_where_there_is_something()
    {
        var endpoint = await StartAsync(Loopback());
        var refused = await _client.PostAsync(new Uri(endpoint.Address, "/metrics"), null);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, "GET, HEAD"), (refused.StatusCode, refused.Content.Headers.Allow.Order().Aggregate((a, b) => $"{a}, {b}")));
        await ExpectProblemAsync(refused, ErrorCodes.RequestInvalid);
        await ExpectProblemAsync(await AskAsync(endpoint, "/no/such/path", _ => { }), ErrorCodes.RequestInvalid);
        var head = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Head, new Uri(endpoint.Address, "/metrics")));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.True(head.Content.Headers.ContentLength > 1_000);
    }

    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::]:0")]
    [InlineData("192.0.2.1:9464")]
    public void Off_loopback_it_does_not_start_without_both_tokens_and_encryption(string listen)
    {
        using var folder = new TempFolder();
        var files = new CertificateFiles(folder["server.pem"], folder["server.key"]);
        Issue(files, "here");
        var full = new EndpointOptions(EndpointOptions.Parse(listen)) { Token = Secret("0123456789-orders"), MetricsToken = Secret("0123456789-scrape"), Exposure = EndpointExposure.BehindProxy };
        full.Check();
        (full with { Exposure = EndpointExposure.Direct, Certificate = files }).Check();
        foreach (var open in new[] { full with { Token = null }, full with { MetricsToken = null }, full with { Exposure = EndpointExposure.Direct }, full with { Token = Secret("guessable") }, full with { MetricsToken = full.Token } })
            Assert.Equal(ErrorCodes.EndpointUnprotected, Assert.Throws<CdcSyncException>(open.Check).Code);
    }

    [Fact]
    public async Task An_address_in_use_is_named()
    {
        var first = await StartAsync(Loopback());
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

    public async ValueTask DisposeAsync()
    {
        foreach (var endpoint in _endpoints)
            await endpoint.DisposeAsync();
        _client.Dispose();
        await _served.DisposeAsync();
    }

    private static EndpointOptions Loopback() => ServedPipeline.Loopback;

    private static SecretString Secret(string value) => ServedPipeline.Secret(value);

    private static void Bear(HttpRequestMessage request, string token) => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);

    private static void Issue(CertificateFiles files, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.Key, key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Whom a new connection meets.</summary>
    private static async Task<string?> SubjectAsync(Endpoint endpoint)
    {
        string? subject = null;
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
            {
                subject = certificate!.Subject;
                return true;
            },
        };
        using var client = new HttpClient(handler);
        var answer = await client.GetAsync(new Uri(endpoint.Address, "/healthz"));
        Assert.Equal("max-age=31536000", answer.Headers.GetValues("Strict-Transport-Security").Single());
        return subject;
    }

    private static async Task ExpectProblemAsync(HttpResponseMessage answer, ErrorCode code)
    {
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.ToString());
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        string? Text(string name) => problem.RootElement.GetProperty(name).GetString();
        Assert.Equal((code.Id, $"urn:cdcsync:error:{code.Id}", code.Title, (int)answer.StatusCode), (Text("code"), Text("type"), Text("title"), problem.RootElement.GetProperty("status").GetInt32()));
        Assert.Contains("cdcsync ", Text("remedy"), StringComparison.Ordinal);
    }

    private async Task<Endpoint> StartAsync(EndpointOptions options)
    {
        var endpoint = await _served.ServeAsync(options);
        _endpoints.Add(endpoint);
        return endpoint;
    }

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
