using System.Text;

namespace CdcSync.Connectors.Sqlite.Source.Catalog;

/// <summary>The text of a CREATE INDEX, cut into its parts: the catalogue's pragmas tell neither the expressions nor the predicate.</summary>
/// <param name="Parts">The indexed columns and expressions as written, without ASC and DESC.</param>
/// <param name="Predicate">The text after WHERE; null = none.</param>
internal sealed record IndexSql(IReadOnlyList<string> Parts, string? Predicate)
{
    /// <summary>Cuts the text as the catalogue keeps it.</summary>
    /// <param name="sql">The statement; SQLite has accepted it, so it is well formed.</param>
    public static IndexSql Parse(string sql)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        var depth = 0;
        var rest = new StringBuilder();
        var isClosed = false;
        foreach (var token in Tokens(sql))
        {
            if (isClosed)
                rest.Append(token);
            else if (token == "(" && depth++ == 0)
                part.Clear();
            else if ((token == ")" && --depth == 0) || (token == "," && depth == 1))
            {
                parts.Add(WithoutOrder(part.ToString().Trim()));
                part.Clear();
                isClosed = token == ")";
            }
            else if (depth > 0)
                part.Append(token);
        }
        var predicate = rest.ToString().Trim();
        return new IndexSql(parts, predicate.StartsWith("WHERE", StringComparison.OrdinalIgnoreCase) ? predicate[5..].Trim() : null);
    }

    private static string WithoutOrder(string part)
    {
        foreach (var order in (ReadOnlySpan<string>)["ASC", "DESC"])
            if (part.EndsWith(order, StringComparison.OrdinalIgnoreCase) && part.Length > order.Length && !IsWord(part[^(order.Length + 1)]))
                return part[..^order.Length].TrimEnd();
        return part;
    }

    // Quoted texts and names are one token each, comments become a blank, all else is one character.
    private static IEnumerable<string> Tokens(string sql)
    {
        for (var i = 0; i < sql.Length;)
        {
            var end = sql[i] switch
            {
                '\'' or '"' or '`' => EndOfQuoted(sql, i, sql[i]),
                '[' => After(sql, "]", i),
                '-' when sql.AsSpan(i).StartsWith("--") => After(sql, "\n", i),
                '/' when sql.AsSpan(i).StartsWith("/*") => After(sql, "*/", i + 2),
                _ => i + 1,
            };
            yield return end > i + 1 && sql[i] is ('-' or '/') ? " " : sql[i..end];
            i = end;
        }
    }

    private static int EndOfQuoted(string sql, int start, char quote)
    {
        var i = start + 1;
        while (i < sql.Length && (sql[i] != quote || (i + 1 < sql.Length && sql[i + 1] == quote)))
            i += sql[i] == quote ? 2 : 1;
        return Math.Min(i + 1, sql.Length);
    }

    private static int After(string sql, string end, int start) =>
        sql.IndexOf(end, Math.Min(start, sql.Length), StringComparison.Ordinal) is >= 0 and var found ? found + end.Length : sql.Length;

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '$' || c > 0x7f;
}
