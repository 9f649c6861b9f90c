namespace CdcSync.Connectors.SqlServer.Source.Catalog;

/// <summary>What a collation takes for equal, as its name says: a designator, then the comparison style in words between underscores. What it does not name, it ignores.</summary>
/// <remarks>Microsoft's "Windows collation name" and "SQL Server collation name".</remarks>
/// <param name="Name">The name.</param>
internal sealed record Collation(string Name)
{
    private readonly HashSet<string> _words = new(Name.Split('_'), StringComparer.OrdinalIgnoreCase);

    /// <summary>True if texts are compared by their bytes or code points: only blanks at the end do not count.</summary>
    public bool IsBinary => _words.Contains("BIN") || _words.Contains("BIN2");

    /// <summary>True if capitals and small letters are one.</summary>
    public bool IgnoresCase => !IsBinary && !_words.Contains("CS");

    /// <summary>True if letters with and without accents are one.</summary>
    public bool IgnoresAccents => !IsBinary && !_words.Contains("AS");

    /// <summary>True if hiragana and katakana are one.</summary>
    public bool IgnoresKana => !IsBinary && !_words.Contains("KS");

    /// <summary>True if full-width and half-width forms are one.</summary>
    public bool IgnoresWidth => !IsBinary && !_words.Contains("WS");
}
