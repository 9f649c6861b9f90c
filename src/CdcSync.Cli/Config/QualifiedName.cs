namespace CdcSync.Cli.Config;

/// <summary>Names of tables as people write them: <c>orders</c>, <c>sales.orders</c>, <c>"a.b"."c ""d"""</c>.</summary>
internal static class QualifiedName
{
    /// <summary>What the text should have been, for messages.</summary>
    internal const string Expected = "expected name or schema.name; a name with a dot or a double quote stands in double quotes";

    /// <summary>The schema, where there is one, and the name; null where the text is no name.</summary>
    internal static (string? Schema, string Name)? Parse(string text)
    {
        var parts = new List<string>();
        for (var rest = text; ;)
        {
            if (Part(ref rest) is not { Length: > 0 } part) return null;
            parts.Add(part);
            if (rest.Length is 0) break;
            if (rest[0] is not '.') return null;
            rest = rest[1..];
        }
        return parts switch
        {
            [var name] => (null, name),
            [var schema, var name] => (schema, name),
            _ => null,
        };
    }

    /// <summary>The name as <see cref="Parse"/> reads it.</summary>
    internal static string Write(string? schema, string name) => schema is null ? Write(name) : $"{Write(schema)}.{Write(name)}";

    private static string Write(string part) => part.AsSpan().IndexOfAny('.', '"') < 0 && part.Trim() == part ? part : $"\"{part.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string? Part(ref string rest)
    {
        if (!rest.StartsWith('"'))
        {
            var end = rest.IndexOfAny(['.', '"']);
            var bare = end < 0 ? rest : rest[..end];
            rest = rest[bare.Length..];
            return bare.Trim() == bare ? bare : null;
        }
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] is not '"') continue;
            if (i + 1 < rest.Length && rest[i + 1] is '"')
            {
                i++;
                continue;
            }
            var quoted = rest[1..i].Replace("\"\"", "\"", StringComparison.Ordinal);
            rest = rest[(i + 1)..];
            return quoted;
        }
        return null;
    }
}
