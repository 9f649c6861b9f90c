using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CdcSync.Core.Yaml;
using Microsoft.AspNetCore.Http;

namespace CdcSync.Cli.Http.Page;

/// <summary>
/// Signed-in browsers. A cookie holds when it ends, signed with a key made of the token: nothing is kept here, a restart and the other worker know it too, and another token ends all of them.
/// </summary>
internal sealed class Sessions(SecretString token, TimeProvider time)
{
    private const string Cookie = "cdcsync_session";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);
    private readonly byte[] _key = HMACSHA256.HashData(Encoding.UTF8.GetBytes(token.Reveal()), "cdcsync session 1"u8);

    /// <summary>Signs the browser in. No script reads the cookie, and no other site's page sends it.</summary>
    public void Begin(HttpContext context, bool isEncrypted)
    {
        var ends = (time.GetUtcNow() + Lifetime).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var text = $"{ends}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
        context.Response.Cookies.Append(Cookie, $"{text}.{Sign(text)}", Options(isEncrypted, Lifetime));
    }

    /// <summary>Signs it out.</summary>
    public static void End(HttpContext context, bool isEncrypted) => context.Response.Cookies.Append(Cookie, "", Options(isEncrypted, TimeSpan.Zero));

    /// <summary>True if the request comes from a browser that is signed in.</summary>
    public bool IsIn(HttpRequest request)
    {
        if (request.Cookies[Cookie]?.Split('.') is not [var ends, var nonce, var signature] || !long.TryParse(ends, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return false;
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), Encoding.UTF8.GetBytes(Sign($"{ends}.{nonce}"))) && seconds > time.GetUtcNow().ToUnixTimeSeconds();
    }

    private string Sign(string text) => Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text)));

    private static CookieOptions Options(bool isEncrypted, TimeSpan lasting) => new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = isEncrypted, Path = "/", MaxAge = lasting };
}
