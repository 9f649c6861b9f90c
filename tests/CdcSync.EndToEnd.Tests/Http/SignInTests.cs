using System.Net;
using CdcSync.Cli.Http;
using CdcSync.Cli.Http.Page;
using Microsoft.AspNetCore.Http;

namespace CdcSync.EndToEnd.Tests.Http;

/// <summary>How a browser is let in, and what its cookie is worth; the page itself is tested in a browser.</summary>
public sealed class SignInTests : IAsyncDisposable
{
    private readonly ServedPipeline _served = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });

    [Fact]
    public async Task The_right_token_is_a_cookie_that_reads_and_orders_from_our_own_page_only()
    {
        await ServeAsync();
        var entered = await SignInAsync(ServedPipeline.Token, Origin);
        Assert.Equal((HttpStatusCode.SeeOther, "/"), (entered.StatusCode, entered.Headers.Location!.ToString()));
        var cookie = entered.Headers.GetValues("Set-Cookie").Single();
        Assert.Matches("^cdcsync_session=[0-9a-f.]+; max-age=43200; path=/; samesite=strict; httponly$", cookie);
        Assert.DoesNotContain(ServedPipeline.Token, cookie, StringComparison.Ordinal);

        var session = cookie.Split(';')[0];
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(HttpMethod.Get, "/", session));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(HttpMethod.Get, "/api/v1/worker", session));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(HttpMethod.Get, "/metrics", session));
        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync(HttpMethod.Post, "/api/v1/sync", session, Origin));       // let in; nobody works
        foreach (var origin in new[] { null, "https://evil.example.com", "null", "http://localhost:1" })
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(HttpMethod.Post, "/api/v1/sync", session, origin));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(HttpMethod.Get, "/", session + "0"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(HttpMethod.Get, "/", session.Replace("cdcsync_session=", "cdcsync_session=9", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Whoever_is_not_in_gets_the_way_in_and_nothing_else()
    {
        await ServeAsync();
        var page = await _client.GetAsync(_served.Address);
        Assert.Equal((HttpStatusCode.Unauthorized, "text/html"), (page.StatusCode, page.Content.Headers.ContentType!.MediaType));
        Assert.Contains("<form method=\"post\" action=\"/session\">", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        foreach (var path in new[] { "/page/page.js", "/page/page.css", "/index.html" })
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(HttpMethod.Get, path, null));
        var refused = await SignInAsync("a-wrong-token", Origin);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.False(refused.Headers.Contains("Set-Cookie"));
        Assert.Contains("That is not the token.", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await SignInAsync(ServedPipeline.Token, "https://evil.example.com")).StatusCode);
    }

    [Fact]
    public async Task Where_no_token_is_set_loopback_sees_the_page_at_once()
    {
        await _served.ServeAsync(ServedPipeline.Loopback);
        var page = await _client.GetAsync(_served.Address);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("://", (await page.Content.ReadAsStringAsync()).Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await SignInAsync("", Origin)).StatusCode);
        Assert.Equal("text/javascript", (await _client.GetAsync(new Uri(_served.Address, "/page/page.js"))).Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(HttpMethod.Get, "/page/index.html", null));
    }

    [Fact]
    public async Task Behind_tls_the_cookie_stays_there()
    {
        await _served.ServeAsync(ServedPipeline.Loopback with { Token = ServedPipeline.Secret(ServedPipeline.Token), Exposure = EndpointExposure.BehindProxy });
        Assert.Contains("; secure;", (await SignInAsync(ServedPipeline.Token, Origin)).Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_session_ends_after_its_time_and_with_another_token()
    {
        var clock = new Clock();
        var sessions = new Sessions(ServedPipeline.Secret("one"), clock);
        var context = new DefaultHttpContext();
        sessions.Begin(context, isEncrypted: false);
        var request = new DefaultHttpContext().Request;
        request.Headers.Cookie = context.Response.Headers.SetCookie.ToString().Split(';')[0];
        Assert.True(sessions.IsIn(request));
        Assert.True(new Sessions(ServedPipeline.Secret("one"), clock).IsIn(request));       // after a restart, or at the other worker
        Assert.False(new Sessions(ServedPipeline.Secret("two"), clock).IsIn(request));
        clock.Now += TimeSpan.FromHours(12);
        Assert.False(sessions.IsIn(request));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _served.DisposeAsync();
    }

    private string Origin => _served.Address.GetLeftPart(UriPartial.Authority);

    private async Task ServeAsync()
    {
        await _served.Control.MigrateAsync(CancellationToken.None);
        await _served.ServeAsync(ServedPipeline.Loopback with { Token = ServedPipeline.Secret(ServedPipeline.Token), MetricsToken = ServedPipeline.Secret("another-token") });
    }

    private Task<HttpResponseMessage> SignInAsync(string token, string origin) => _client.SendAsync(new HttpRequestMessage(HttpMethod.Post, new Uri(_served.Address, "/session"))
    {
        Content = new FormUrlEncodedContent([new("user", "cdcsync"), new("token", token)]),
        Headers = { { "Origin", origin } },
    });

    private async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, string? cookie, string? origin = null)
    {
        var request = new HttpRequestMessage(method, new Uri(_served.Address, path));
        foreach (var (name, value) in new[] { ("Cookie", cookie), ("Origin", origin) })
        {
            if (value is not null)
                request.Headers.Add(name, value);
        }

        return (await _client.SendAsync(request)).StatusCode;
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
