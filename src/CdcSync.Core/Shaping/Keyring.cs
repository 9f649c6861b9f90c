using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace CdcSync.Core.Shaping;

/// <summary>The secret keys of a pipeline's masks, by name. Never shows a key: not as text, not in a debugger, not in a record's print.</summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class Keyring
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly Dictionary<string, byte[]> _keys;

    /// <summary>Takes a copy of the keys.</summary>
    /// <param name="keys">The secrets, as bytes, by name (compared by ordinal). An empty secret counts as missing.</param>
    public Keyring(IReadOnlyDictionary<string, byte[]> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _keys = keys.Where(k => k.Value is { Length: > 0 }).ToDictionary(k => k.Key, k => k.Value.ToArray(), StringComparer.Ordinal);
    }

    /// <summary>No keys.</summary>
    public static Keyring Empty { get; } = new(new Dictionary<string, byte[]>());

    /// <summary>The names of the keys it holds, sorted.</summary>
    public IReadOnlyList<string> Names => [.. _keys.Keys.Order(StringComparer.Ordinal)];

    /// <summary>How many keys it holds; nothing of the keys.</summary>
    public override string ToString() => $"Keyring of {_keys.Count}";

    internal bool TryGet(string name, [NotNullWhen(true)] out byte[]? key) => _keys.TryGetValue(name, out key);
}
