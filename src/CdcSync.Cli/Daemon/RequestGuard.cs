using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CdcSync.Cli.Daemon;

/// <summary>Decides whether a request may be answered.</summary>
internal sealed class RequestGuard
{
    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "[::1]"];
    private readonly HashSet<string> _hosts;
    private readonly byte[]? _tokenDigest;

    public RequestGuard(EndpointOptions options)
    {
        _hosts = new HashSet<string>([.. Loopback, .. options.Hosts], StringComparer.OrdinalIgnoreCase);
        if (!options.Address.Address.Equals(IPAddress.Any) && !options.Address.Address.Equals(IPAddress.IPv6Any))
            _hosts.Add(options.Address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{options.Address.Address}]" : options.Address.Address.ToString());
        _tokenDigest = options.Token is { } token ? Digest(token.Reveal()) : null;
    }

    /// <summary>True if the Host header names us: a page in someone's browser that resolves its own name to this machine does not.</summary>
    public bool IsHostAllowed(HttpRequest request) => _hosts.Contains(request.Host.Host);

    /// <summary>True if no token is asked for, or the right one is there. Digests are compared, in constant time.</summary>
    public bool IsTokenRight(HttpRequest request)
    {
        const string scheme = "Bearer ";
        if (_tokenDigest is null)
            return true;
        var header = request.Headers[HeaderNames.Authorization].ToString();
        return header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(Digest(header[scheme.Length..].Trim()), _tokenDigest);
    }

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
