using System.Text;

namespace CdcSync.Cli.Config;

/// <summary>From the text of a mask's key to its bytes.</summary>
internal static class KeyBytes
{
    /// <summary>What a key in base64 begins with.</summary>
    internal const string Base64Prefix = "base64:";

    /// <summary>The least length of a key: 128 bits.</summary>
    internal const int Least = 16;

    /// <summary>The bytes, or what is wrong (without the key).</summary>
    internal static (byte[]? Key, string? Problem) Decode(string text)
    {
        var key = text.StartsWith(Base64Prefix, StringComparison.Ordinal) ? FromBase64(text[Base64Prefix.Length..]) : Encoding.UTF8.GetBytes(text);
        if (key is null) return (null, "the key is no base64.");
        return key.Length >= Least ? (key, null) : (null, $"the key is shorter than {Least} bytes.");
    }

    private static byte[]? FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
