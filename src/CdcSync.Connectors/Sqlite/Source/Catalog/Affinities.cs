namespace CdcSync.Connectors.Sqlite.Source.Catalog;

/// <summary>SQLite's rules from a declared type to an affinity (datatype3.html, section 3.1; stricttables.html).</summary>
internal static class Affinities
{
    /// <summary>The affinity of a column.</summary>
    /// <param name="declaredType">The type as written; empty = none.</param>
    /// <param name="isStrict">True in a STRICT table, where ANY keeps every value as it is.</param>
    public static Affinity Of(string declaredType, bool isStrict)
    {
        if (Has(declaredType, "INT")) return Affinity.Integer;
        if (Has(declaredType, "CHAR") || Has(declaredType, "CLOB") || Has(declaredType, "TEXT")) return Affinity.Text;
        if (declaredType.Length == 0 || Has(declaredType, "BLOB")) return Affinity.Blob;
        if (Has(declaredType, "REAL") || Has(declaredType, "FLOA") || Has(declaredType, "DOUB")) return Affinity.Real;
        return isStrict && declaredType.Equals("ANY", StringComparison.OrdinalIgnoreCase) ? Affinity.Blob : Affinity.Numeric;
    }

    private static bool Has(string declaredType, string word) => declaredType.Contains(word, StringComparison.OrdinalIgnoreCase);
}
