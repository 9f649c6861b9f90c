using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Encodings.Web;

namespace CdcSync.Cli.Output;

/// <summary>
/// Replaces secrets in whatever is about to be shown. The last line of defence: nothing is meant to carry one there, but drivers quote what they like.
/// </summary>
internal sealed class SecretScrubber
{
    private const string Shown = "***";
    // A shorter secret stands in too many innocent words; whoever has such a password has no secret.
    private const int ShortestSecret = 4;
    private static readonly string[] SecretKeys = ["password", "pwd", "passphrase", "ssl password", "sslpassword", "access token", "accesstoken"];
    private ImmutableArray<string> _secrets = [];

    /// <summary>Has a value replaced from now on; of a connection string, the whole and the passwords in it.</summary>
    public void Add(string value)
    {
        foreach (var part in PasswordsOf(value).Prepend(value))
        {
            AddOne(part);
            AddOne(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(part));        // as it stands in a document
        }
    }

    /// <summary>The text without secrets.</summary>
    public string Scrub(string text)
    {
        foreach (var secret in _secrets)
            text = text.Replace(secret, Shown, StringComparison.Ordinal);
        return text;
    }

    private void AddOne(string secret)
    {
        if (secret.Length >= ShortestSecret)
            ImmutableInterlocked.Update(ref _secrets, (all, s) => all.Contains(s) ? all : [.. all.Append(s).OrderByDescending(x => x.Length)], secret);
    }

    private static IEnumerable<string> PasswordsOf(string value)
    {
        if (Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.UserInfo.Split(':', 2) is [_, var inUri])
            return [inUri, Uri.UnescapeDataString(inUri)];
        try
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = value };
            return [.. SecretKeys.Where(parts.ContainsKey).Select(key => parts[key].ToString() ?? "")];
        }
        catch (ArgumentException)
        {
            return [];                                                   // not a connection string
        }
    }
}
