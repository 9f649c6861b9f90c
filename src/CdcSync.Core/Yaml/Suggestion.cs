namespace CdcSync.Core.Yaml;

/// <summary>Finds what someone probably meant to write.</summary>
public static class Suggestion
{
    /// <summary>The end of a message about an unknown word: what was probably meant, or what there is.</summary>
    /// <param name="found">The word found.</param>
    /// <param name="known">The words there are.</param>
    /// <returns><c>" Did you mean 'x'?"</c>, or the words where they are few, or an empty text; with a blank in front.</returns>
    public static string For(string found, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(found);
        var words = known.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (Nearest(found, words) is { } near) return $" Did you mean '{near}'?";
        return words.Count switch
        {
            0 => "",
            <= 12 => $" Known: {string.Join(", ", words)}.",
            _ => "",
        };
    }

    /// <summary>The end of a message about several unknown words, such as columns.</summary>
    /// <param name="found">The words found.</param>
    /// <param name="known">The words there are.</param>
    /// <returns>Of one word as <see cref="For"/>; of several, what each probably meant, as far as that is known.</returns>
    public static string ForAll(IReadOnlyCollection<string> found, IReadOnlyCollection<string> known)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(known);
        var meant = found.Select(word => (word, near: Nearest(word, known))).Where(m => m.near is not null).ToList();
        return found.Count is 1 || meant.Count is 0 ? For(found.FirstOrDefault() ?? "", known) : $" Did you mean {string.Join(", ", meant.Select(m => $"'{m.near}' for '{m.word}'"))}?";
    }

    /// <summary>The word that was probably meant, or null.</summary>
    /// <param name="found">The word found.</param>
    /// <param name="known">The words there are.</param>
    public static string? Nearest(string found, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(found);
        var limit = Math.Clamp(found.Length / 3, 1, 3);
        return known
            .Select(word => (word, distance: Distance(found.ToLowerInvariant(), word.ToLowerInvariant())))
            .Where(c => c.distance <= limit)
            .OrderBy(c => c.distance)
            .Select(c => c.word)
            .FirstOrDefault();
    }

    /// <summary>How many letters must be put in, left out, replaced or swapped with their neighbour.</summary>
    private static int Distance(string a, string b)
    {
        // Longer words are no typing errors, and the table grows with the product.
        if (Math.Abs(a.Length - b.Length) > 3 || a.Length > 100) return int.MaxValue;
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
