using System.Net;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Daemon;

/// <summary>Where and to whom the daemon answers.</summary>
/// <param name="Address">The address and port it listens on; port 0 = any free one.</param>
/// <param name="Token">Asked for on /metrics; null = none, which only loopback allows.</param>
/// <param name="Hosts">Names, beside loopback's and the address itself, that the Host header may have.</param>
/// <param name="Exposure">Who encrypts, off loopback.</param>
internal sealed record EndpointOptions(IPEndPoint Address, SecretString? Token, IReadOnlyList<string> Hosts, EndpointExposure Exposure)
{
    /// <summary>Where it listens unless told otherwise.</summary>
    public const string DefaultListen = "127.0.0.1:9464";

    /// <summary>Reads <c>address:port</c>; <c>localhost</c> is 127.0.0.1.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WrongUsage"/>: it is none.</exception>
    public static IPEndPoint Parse(string listen)
    {
        var text = listen.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? $"127.0.0.1:{listen["localhost:".Length..]}" : listen;
        // Without a port, IPEndPoint.TryParse answers port 0, and takes the last group of a bare IPv6 address for one.
        if (IPEndPoint.TryParse(text, out var address) && (text.StartsWith('[') ? text.Contains("]:", StringComparison.Ordinal) : text.Count(c => c == ':') == 1))
            return address;
        throw new CdcSyncException(ErrorCodes.WrongUsage, $"'{listen}' is no address to listen on: expected ADDRESS:PORT such as {DefaultListen} or [::1]:9464.", "Mend http.listen or --listen. Run: cdcsync validate");
    }

    /// <summary>Refuses what would show the pipeline to other machines unasked.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.EndpointUnprotected"/>.</exception>
    public void Check()
    {
        if (IPAddress.IsLoopback(Address.Address))
            return;
        if (Token is null)
        {
            throw new CdcSyncException(ErrorCodes.EndpointUnprotected, $"{Address} can be reached from other machines, and no token is asked for.",
                "Set http.token: ${env:CDCSYNC_HTTP_TOKEN} in the pipeline file, or listen on loopback. Run: cdcsync run --listen 127.0.0.1:9464");
        }

        if (Exposure != EndpointExposure.BehindProxy)
        {
            throw new CdcSyncException(ErrorCodes.EndpointUnprotected, $"{Address} can be reached from other machines, and tokens would travel unencrypted.",
                "Let a proxy in front end TLS and say so, or listen on loopback. Run: cdcsync run --behind-proxy");
        }
    }
}

/// <summary>Who encrypts what the endpoint says.</summary>
internal enum EndpointExposure
{
    /// <summary>Nobody: loopback only.</summary>
    Direct,

    /// <summary>A proxy in front of it.</summary>
    BehindProxy,
}
