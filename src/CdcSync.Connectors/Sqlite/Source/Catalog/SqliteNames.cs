using System.Diagnostics.CodeAnalysis;

namespace CdcSync.Connectors.Sqlite.Source.Catalog;

/// <summary>How SQLite compares names: the case of ASCII letters does not matter, that of all others does.</summary>
internal static class SqliteNames
{
    /// <summary>The comparison, for dictionaries.</summary>
    public static IEqualityComparer<string> Comparer { get; } = new AsciiCase();

    /// <summary>True if both name the same thing.</summary>
    public static bool Same(string a, string b) => a.Length == b.Length && StartsWith(a, b);

    /// <summary>True if the name begins so.</summary>
    public static bool StartsWith(string name, string prefix)
    {
        if (name.Length < prefix.Length) return false;
        for (var i = 0; i < prefix.Length; i++)
            if (Lower(name[i]) != Lower(prefix[i])) return false;
        return true;
    }

    private static char Lower(char c) => char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;

    private sealed class AsciiCase : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => x is null ? y is null : y is not null && Same(x, y);

        public int GetHashCode([DisallowNull] string obj)
        {
            var hash = new HashCode();
            foreach (var c in obj.AsSpan()) hash.Add(Lower(c));
            return hash.ToHashCode();
        }
    }
}
