using System.Security.Cryptography;
using System.Text;
using CdcSync.Core.Yaml;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace CdcSync.Cli.Http;

/// <summary>A token that requests show. Only its SHA-256 digest is kept; digests are compared, in constant time.</summary>
internal sealed class AccessToken(SecretString secret)
{
    private const string Scheme = "Bearer ";
    private readonly byte[] _digest = Digest(secret.Reveal());

    /// <summary>True if this is it.</summary>
    public bool Is(string token) => CryptographicOperations.FixedTimeEquals(Digest(token), _digest);

    /// <summary>True if the request shows it as <c>Authorization: Bearer …</c>: never in an address, which logs keep.</summary>
    public bool IsShownBy(HttpRequest request)
    {
        var header = request.Headers[HeaderNames.Authorization].ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && Is(header[Scheme.Length..].Trim());
    }

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
