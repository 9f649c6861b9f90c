using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Core.Datasets;
using static CdcSync.Connectors.Postgres.PostgresDialect;

namespace CdcSync.Connectors.Postgres.Source.Sql;

/// <summary>The statements that plan and read ranges of a key; pure. Only the server compares keys: texts by their column's collation, as the key's own index does.</summary>
internal static class RangesSql
{
    /// <summary>The key of each n-th row in order, but not the very last one, so that no range is empty; as texts. Parameter: n, a bigint.</summary>
    public static string Bounds(Dataset dataset, PostgresObject source)
    {
        var keys = Keys(dataset, source);
        return $"""
            SELECT {string.Join(", ", keys.Select((_, i) => $"n.k{i}::text"))}
            FROM (SELECT {string.Join(", ", keys.Select((k, i) => $"b.{Quote(k.Name)} AS k{i}"))}, row_number() OVER key AS place, lead(true) OVER key AS has_next
                  FROM {RowsSql.From(dataset, source)} WINDOW key AS (ORDER BY {string.Join(", ", keys.Select(k => $"b.{Quote(k.Name)}"))})) AS n
            WHERE n.place % $1 = 0 AND n.has_next ORDER BY n.place
            """;
    }

    /// <summary>The rows of a range, <c>(from, to]</c>. Values: the parts of from, then those of to, as far as there are bounds.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="source">Its table.</param>
    /// <param name="bounds">Which bounds there are.</param>
    public static string Rows(Dataset dataset, PostgresObject source, RangeBounds bounds)
    {
        var keys = Keys(dataset, source);
        var conditions = new List<string>();
        if (bounds.HasFlag(RangeBounds.From)) conditions.Add(Compare(keys, ">", 0));
        if (bounds.HasFlag(RangeBounds.To)) conditions.Add(Compare(keys, "<=", bounds.HasFlag(RangeBounds.From) ? keys.Count : 0));
        return $"{RowsSql.All(dataset, source)}{(conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}")}";
    }

    /// <summary>The least and the greatest key of one integer, each found at an end of the index.</summary>
    public static string Ends(Dataset dataset, PostgresObject source)
    {
        var key = $"b.{Quote(Keys(dataset, source)[0].Name)}";
        return $"SELECT (SELECT min({key})::bigint FROM {RowsSql.From(dataset, source)}), (SELECT max({key})::bigint FROM {RowsSql.From(dataset, source)})";
    }

    /// <summary>The rows with certain keys. Values: for each part of the key an array, as the server writes it.</summary>
    public static string Lookup(Dataset dataset, PostgresObject source)
    {
        var keys = Keys(dataset, source);
        return $"""
            {RowsSql.All(dataset, source)}
            JOIN unnest({string.Join(", ", keys.Select((k, i) => $"{RowsSql.Value(i, k.Type)}[]"))}) AS k ({string.Join(", ", keys.Select((_, i) => $"k{i}"))})
              ON {string.Join(" AND ", keys.Select((k, i) => $"b.{Quote(k.Name)} = k.k{i}"))}
            """;
    }

    /// <summary>The rows whose value of a column is in a range, <c>[from, to)</c>. Values: the bounds, as far as there are any.</summary>
    public static string Within(Dataset dataset, PostgresObject source, PostgresColumn column, RangeBounds bounds)
    {
        var conditions = new List<string>();
        if (bounds.HasFlag(RangeBounds.From)) conditions.Add($"b.{Quote(column.Name)} >= {RowsSql.Value(0, Comparable(column))}");
        if (bounds.HasFlag(RangeBounds.To)) conditions.Add($"b.{Quote(column.Name)} < {RowsSql.Value(conditions.Count, Comparable(column))}");
        return $"{RowsSql.All(dataset, source)} WHERE {string.Join(" AND ", conditions)}";
    }

    private static string Compare(IReadOnlyList<PostgresColumn> keys, string than, int first) =>
        $"({string.Join(", ", keys.Select(k => $"b.{Quote(k.Name)}"))}) {than} ({string.Join(", ", keys.Select((k, i) => RowsSql.Value(first + i, Comparable(k))))})";

    // Integers of any width are compared as the widest: a bound may lie beyond what the column can hold, and an index serves all the same.
    private static PostgresTypeInfo Comparable(PostgresColumn key) => key.Type.Oid is PostgresOid.Int2 or PostgresOid.Int4 ? new PostgresTypeInfo(PostgresOid.Int8, "pg_catalog", "int8", 'b') : key.Type;

    private static IReadOnlyList<PostgresColumn> Keys(Dataset dataset, PostgresObject source) => [.. dataset.Key.Select(k => source.Column(k.Source)!)];
}

/// <summary>Which bounds a range has.</summary>
[Flags]
internal enum RangeBounds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A lower one.</summary>
    From = 1,

    /// <summary>An upper one.</summary>
    To = 2,
}
