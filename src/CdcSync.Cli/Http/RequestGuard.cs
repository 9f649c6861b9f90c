using System.Net;
using System.Net.Sockets;
using CdcSync.Cli.Http.Page;
using CdcSync.Core.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CdcSync.Cli.Http;

/// <summary>Decides whether a request may be answered: by the name it calls us, the page it comes from, and the token it shows.</summary>
internal sealed class RequestGuard
{
    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "[::1]"];
    private readonly HashSet<string> _hosts;
    private readonly HashSet<string> _named;
    private readonly AccessToken? _token;
    private readonly AccessToken? _metricsToken;
    private readonly Sessions? _sessions;

    public RequestGuard(EndpointOptions options, TimeProvider time)
    {
        _named = new HashSet<string>(options.Hosts, StringComparer.OrdinalIgnoreCase);
        _hosts = new HashSet<string>([.. Loopback, .. options.Hosts], StringComparer.OrdinalIgnoreCase);
        if (!options.Address.Address.Equals(IPAddress.Any) && !options.Address.Address.Equals(IPAddress.IPv6Any))
            _hosts.Add(options.Address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{options.Address.Address}]" : options.Address.Address.ToString());
        _token = options.Token is { } token ? new AccessToken(token) : null;
        _sessions = options.Token is { } key ? new Sessions(key, time) : null;
        _metricsToken = options.MetricsToken is { } metrics ? new AccessToken(metrics) : _token;
    }

    /// <summary>Why a request is not answered; null = it is.</summary>
    public Refusal? Check(HttpRequest request)
    {
        if (!_hosts.Contains(request.Host.Host))
            return new(RefusalReason.Host, new Problem(HttpStatusCode.BadRequest, ErrorCodes.RequestRefused, "this host name is not served here.", "Name it in http.hosts of the pipeline file. Run: cdcsync validate"));
        var isChange = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);
        if (isChange && !IsOfOwnPage(request))
            return new(RefusalReason.Origin, new Problem(HttpStatusCode.Forbidden, ErrorCodes.RequestRefused, "the request comes from a page of another origin.", "Name the origin's host in http.hosts of the pipeline file. Run: cdcsync validate"));
        return request.Path.Value switch
        {
            "/healthz" or "/readyz" => null,                             // probes have no token, and learn nothing
            "/metrics" => _metricsToken?.IsShownBy(request) != false ? null : NoToken(request),
            "/session" when _token is not null => null,                  // the way in
            _ when isChange && _token is null => new(RefusalReason.NoOrders, new Problem(HttpStatusCode.Forbidden, ErrorCodes.TokenRequired, "this worker has no token, so that it takes no orders.", "Set http.token: ${env:CDCSYNC_HTTP_TOKEN} in the pipeline file. Run: cdcsync validate")),
            _ => _token is null || _token.IsShownBy(request) || ComesByCookie(request) ? null : NoToken(request),
        };
    }

    /// <summary>Signs a browser in that shows the right token.</summary>
    public bool TrySignIn(HttpContext context, string token, bool isEncrypted)
    {
        if (_token?.Is(token) != true)
            return false;
        _sessions!.Begin(context, isEncrypted);
        return true;
    }

    private bool ComesByCookie(HttpRequest request) => request.Headers[HeaderNames.Authorization].Count == 0 && _sessions?.IsIn(request) == true;

    private static Refusal NoToken(HttpRequest request) => new(request.Headers[HeaderNames.Authorization].Count == 0 ? RefusalReason.NoToken : RefusalReason.WrongToken, TokenProblem);

    /// <summary>What a request without the right token is told.</summary>
    public static Problem TokenProblem { get; } = new(HttpStatusCode.Unauthorized, ErrorCodes.TokenRequired, "a token is asked for.", "Send it as Authorization: Bearer TOKEN; http.token and http.metricsToken name it. Run: cdcsync validate");

    /// <summary>
    /// True unless a browser says that the request was made by another site's page: it is ours if it came from where it goes to, or from a name of http.hosts (a proxy may
    /// have changed the Host header).
    /// </summary>
    private bool IsOfOwnPage(HttpRequest request)
    {
        var origin = request.Headers[HeaderNames.Origin].ToString();
        // No origin is no browser; and a cookie that says no origin is nobody's.
        return origin.Length == 0 ? !ComesByCookie(request) : (Uri.TryCreate(origin, UriKind.Absolute, out var page) && (page.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase) || _named.Contains(page.Host)));
    }
}
