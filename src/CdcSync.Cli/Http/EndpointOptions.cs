using System.Net;
using CdcSync.Cli.Config;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Http;

/// <summary>Where and to whom the daemon answers.</summary>
/// <param name="Address">The address and port it listens on; port 0 = any free one.</param>
internal sealed record EndpointOptions(IPEndPoint Address)
{
    /// <summary>Where it listens unless told otherwise.</summary>
    public const string DefaultListen = "127.0.0.1:9464";

    // A random token of 16 characters is out of the reach of guessing, as passwords that people make up are not.
    private const int ShortestToken = 16;

    /// <summary>Asked for on every path but /healthz, /readyz and /metrics; null = none: reading is open, and nothing can be ordered. Only loopback allows that.</summary>
    public SecretString? Token { get; init; }

    /// <summary>Asked for on /metrics in its place; null = <see cref="Token"/> is.</summary>
    public SecretString? MetricsToken { get; init; }

    /// <summary>Names, beside loopback's and the address itself, that the Host header may have.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Who encrypts, off loopback, where there is no <see cref="Certificate"/>.</summary>
    public EndpointExposure Exposure { get; init; }

    /// <summary>What it encrypts with; null = it does not.</summary>
    public CertificateFiles? Certificate { get; init; }

    /// <summary>As the pipeline file and the command line have it.</summary>
    /// <param name="http">The file's <c>http</c>.</param>
    /// <param name="listen">The command line's address; null = the file's.</param>
    /// <param name="isBehindProxy">True if the command line says that a proxy ends TLS.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.WrongUsage"/>: it is no address.</exception>
    public static EndpointOptions Of(HttpConfig http, string? listen, bool isBehindProxy) => new(Parse(listen ?? http.Listen))
    {
        Token = http.Token,
        MetricsToken = http.MetricsToken,
        Hosts = http.Hosts,
        Certificate = http.Certificate,
        Exposure = http.BehindProxy || isBehindProxy ? EndpointExposure.BehindProxy : EndpointExposure.Direct,
    };

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
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.EndpointUnprotected"/>; <see cref="ErrorCodes.ConfigInvalid"/>: the certificate can't be used.</exception>
    public void Check()
    {
        const string makeOne = "Make one with: openssl rand -base64 32. Run: cdcsync validate";
        Certificate?.Read().Dispose();
        if (Token is not null && Token.Reveal() == MetricsToken?.Reveal())
            throw Unprotected("http.token and http.metricsToken are the same, so that whoever scrapes could also give orders.", makeOne);
        if (IPAddress.IsLoopback(Address.Address))
            return;
        if (Token is null || MetricsToken is null)
        {
            throw Unprotected($"{Address} can be reached from other machines, and no token is asked for {(Token is null ? "" : "on /metrics")}".TrimEnd() + ".",
                "Set http.token: ${env:CDCSYNC_HTTP_TOKEN} and http.metricsToken: ${env:CDCSYNC_METRICS_TOKEN} in the pipeline file, or listen on loopback. Run: cdcsync run --listen 127.0.0.1:9464");
        }

        if (Token.Reveal().Length < ShortestToken || MetricsToken.Reveal().Length < ShortestToken)
            throw Unprotected($"{Address} can be reached from other machines, and a token shorter than {ShortestToken} characters can be guessed.", makeOne);
        if (Certificate is null && Exposure != EndpointExposure.BehindProxy)
        {
            throw Unprotected($"{Address} can be reached from other machines, and tokens would travel unencrypted.",
                "Set http.certificate and http.certificateKey, or let a proxy in front end TLS and say so, or listen on loopback. Run: cdcsync run --behind-proxy");
        }
    }

    private static CdcSyncException Unprotected(string message, string remedy) => new(ErrorCodes.EndpointUnprotected, message, remedy);
}

/// <summary>Who encrypts what the endpoint says.</summary>
internal enum EndpointExposure
{
    /// <summary>Nobody in front of it.</summary>
    Direct,

    /// <summary>A proxy in front of it.</summary>
    BehindProxy,
}
