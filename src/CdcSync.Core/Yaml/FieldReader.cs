namespace CdcSync.Core.Yaml;

/// <summary>Reads a mapping field by field. The keys asked for are the keys there are: <see cref="End"/> reports all others.</summary>
/// <param name="map">The mapping.</param>
/// <param name="context">Converts values and takes findings.</param>
/// <param name="path">Where the mapping hangs, for messages: <c>datasets.orders</c>; empty = the root.</param>
public sealed class FieldReader(YamlMap map, ReadContext context, string path)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>Where the mapping starts.</summary>
    public FileLocation At => map.At;

    /// <summary>Where the mapping hangs.</summary>
    public string Path => path;

    /// <summary>Converts values and takes findings.</summary>
    public ReadContext Context => context;

    /// <summary>Where the value of a key hangs, for messages.</summary>
    /// <param name="key">The key.</param>
    public string PathOf(string key) => path.Length is 0 ? key : $"{path}.{key}";

    /// <summary>Where the value of a key starts; the mapping's start where the key is missing.</summary>
    /// <param name="key">The key.</param>
    public FileLocation AtOf(string key) => map.Find(key)?.Value.At ?? map.At;

    /// <summary>The value of a key as it stands; null where the key is missing.</summary>
    /// <param name="key">The key.</param>
    public YamlNode? Node(string key)
    {
        _known.Add(key);
        return map.Find(key)?.Value;
    }

    /// <summary>Marks keys as known whose values are not looked at.</summary>
    /// <param name="keys">The keys.</param>
    public void Allow(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys) _known.Add(key);
    }

    /// <summary>A text; null where the key is missing or the value is none.</summary>
    /// <param name="key">The key.</param>
    public string? Text(string key) => Node(key) is { } node ? context.Text(node, PathOf(key)) : null;

    /// <summary>A text that must be there and hold something; empty where it does not, with a finding.</summary>
    /// <param name="key">The key.</param>
    public string RequiredText(string key)
    {
        if (RequiredNode(key) is not { } node || context.Text(node, PathOf(key)) is not { } text) return "";
        if (string.IsNullOrWhiteSpace(text)) Error(key, "must not be empty.");
        return text;
    }

    /// <summary>True or false; null where the key is missing or the value is neither.</summary>
    /// <param name="key">The key.</param>
    public bool? Flag(string key) => Node(key) is { } node ? context.Flag(node, PathOf(key)) : null;

    /// <summary>A whole number within bounds.</summary>
    /// <param name="key">The key.</param>
    /// <param name="min">The least.</param>
    /// <param name="max">The greatest.</param>
    public long? Integer(string key, long min = long.MinValue, long max = long.MaxValue)
    {
        if (Node(key) is not { } node || context.Integer(node, PathOf(key)) is not { } value) return null;
        if (value >= min && value <= max) return value;
        Error(key, max is long.MaxValue ? $"must be at least {min}." : $"must be from {min} to {max}.");
        return null;
    }

    /// <summary>A number.</summary>
    /// <param name="key">The key.</param>
    public decimal? Number(string key) => Node(key) is { } node ? context.Number(node, PathOf(key)) : null;

    /// <summary>A duration above zero.</summary>
    /// <param name="key">The key.</param>
    public TimeSpan? Duration(string key)
    {
        if (Node(key) is not { } node || context.Duration(node, PathOf(key)) is not { } value) return null;
        if (value > TimeSpan.Zero) return value;
        Error(key, "must be longer than nothing.");
        return null;
    }

    /// <summary>A size in bytes.</summary>
    /// <param name="key">The key.</param>
    public long? Size(string key) => Node(key) is { } node ? context.Size(node, PathOf(key)) : null;

    /// <summary>One of several words.</summary>
    /// <typeparam name="T">What a word means.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="words">The words and their meanings.</param>
    public T? Choice<T>(string key, params ReadOnlySpan<(string Word, T Meaning)> words)
        where T : struct
    {
        if (Text(key) is not { } text) return null;
        var known = new List<string>();
        foreach (var (word, meaning) in words)
        {
            if (word == text) return meaning;
            known.Add(word);
        }
        var meant = Suggestion.Nearest(text, known) is { } near ? $" Did you mean '{near}'?" : "";
        Error(key, $"expected one of {string.Join(", ", known)}, found {Node(key)!.Describe()}.{meant}");
        return null;
    }

    /// <summary>A mapping; null where the key is missing or the value is none.</summary>
    /// <param name="key">The key.</param>
    public FieldReader? Map(string key) => Node(key) is { } node ? context.Map(node, PathOf(key)) : null;

    /// <summary>A list's items; empty where the key is missing or the value is no list.</summary>
    /// <param name="key">The key.</param>
    public IReadOnlyList<YamlNode> Items(string key) => Node(key) is { } node ? context.Items(node, PathOf(key)) : [];

    /// <summary>A list of mappings, each as its own reader; its path is <c>key[n]</c>.</summary>
    /// <param name="key">The key.</param>
    public IReadOnlyList<FieldReader> Maps(string key) => [.. Items(key).Select((node, i) => context.Map(node, $"{PathOf(key)}[{i}]")).OfType<FieldReader>()];

    /// <summary>A list of texts; null where the key is missing.</summary>
    /// <param name="key">The key.</param>
    public IReadOnlyList<string>? Texts(string key) =>
        Node(key) is { } node ? [.. context.Items(node, PathOf(key)).Select((item, i) => context.Text(item, $"{PathOf(key)}[{i}]")).OfType<string>()] : null;

    /// <summary>A mapping whose keys are names: each name with its value; empty where the key is missing or the value is no mapping.</summary>
    /// <param name="key">The key.</param>
    public IReadOnlyList<YamlEntry> Names(string key)
    {
        var node = Node(key);
        if (node is YamlMap names) return names.Entries;
        if (node is not null) context.Map(node, PathOf(key));
        return [];
    }

    /// <summary>Reports a key that must be there and is not.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Its value, or null.</returns>
    public YamlNode? RequiredNode(string key)
    {
        var node = Node(key);
        if (node is null) context.Diagnostics.Error(map.At, $"{(path.Length is 0 ? "" : path + ": ")}'{key}' is missing.");
        return node;
    }

    /// <summary>Records an error at a key's value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="message">What was found and what was expected.</param>
    /// <param name="code">What kind of problem it is; null = the collector's own.</param>
    public void Error(string key, string message, Errors.ErrorCode? code = null) => context.Diagnostics.Error(AtOf(key), $"{PathOf(key)}: {message}", code);

    /// <summary>Reports the keys nobody asked for.</summary>
    public void End()
    {
        foreach (var (key, _) in map.Entries)
            if (!_known.Contains(key.Value))
                context.Diagnostics.Error(key.At, $"{(path.Length is 0 ? "" : path + ": ")}unknown key '{key.Value}'.{Suggestion.For(key.Value, _known)}");
    }
}
