using CdcSync.Cli.Output;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Reads the entries of <c>webhooks</c>.</summary>
internal sealed class WebhookReader(SecretReader secrets, IReadOnlyCollection<string> datasets)
{
    private static readonly IReadOnlyDictionary<string, WebhookEvent> Events = Enum.GetValues<WebhookEvent>().ToDictionary(e => Words.Of(e), StringComparer.Ordinal);

    /// <summary>Reads one; null where it can't be used, with findings.</summary>
    internal WebhookConfig? Read(string name, FieldReader reader)
    {
        var url = Url(reader);
        var key = reader.RequiredNode("key") is { } node ? secrets.Token(node, reader.PathOf("key")) : null;
        if (key is not null && KeyBytes.Decode(key.Reveal()).Problem is { } problem) reader.Error("key", problem);
        var events = Known(reader, "events", Events.Keys)?.Select(e => Events[e]).ToHashSet();
        var chosen = Known(reader, "datasets", datasets)?.ToHashSet(StringComparer.Ordinal);
        reader.End();
        return url is null || key is null ? null : new WebhookConfig(name, url, key, events ?? [.. Enum.GetValues<WebhookEvent>()], chosen ?? []);
    }

    private static Uri? Url(FieldReader reader)
    {
        var text = reader.RequiredText("url");
        if (text.Length == 0) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http"))
        {
            // Not quoted: it may hold a token.
            reader.Error("url", "expected an address that begins with https://.");
            return null;
        }
        if (url.Scheme is "http" && !url.IsLoopback) reader.Context.Diagnostics.Warning(reader.AtOf("url"), $"{reader.PathOf("url")}: what is told travels unencrypted; use https.");
        return url;
    }

    private static IReadOnlyList<string>? Known(FieldReader reader, string key, IEnumerable<string> known)
    {
        var words = reader.Texts(key);
        foreach (var unknown in (words ?? []).Except(known))
            reader.Error(key, $"there is no '{unknown}'.{Suggestion.For(unknown, known)}");
        return words?.Intersect(known).ToList();
    }
}
