using CdcSync.Connectors.Postgres.Warehouse;
using CdcSync.Core.Reconciliation;

namespace CdcSync.Connectors.Postgres.Digests;

/// <summary>What digests are computed of: a target, or a source's object seen as the target should be.</summary>
/// <param name="From">A FROM item with the alias <paramref name="Alias"/>.</param>
/// <param name="Alias">The alias.</param>
/// <param name="Names">One per column of the dataset's target schema: the column itself, with its alias.</param>
/// <param name="Columns">Their values in their canonical form.</param>
/// <param name="Key">In key order.</param>
internal sealed record DigestTable(string From, string Alias, IReadOnlyList<string> Names, IReadOnlyList<DigestColumn> Columns, IReadOnlyList<DigestKey> Key)
{
    /// <summary>The condition of rows that count, given the number of its parameter where it has one; null = all rows.</summary>
    public Func<int, string>? Live { get; init; }

    /// <summary>The conditions of rows that count and are in a range. Parameters: the range's bounds, as far as there are any; then the table's own.</summary>
    /// <param name="range">The range; null = all rows.</param>
    /// <param name="parameter">The number of the first parameter.</param>
    public IReadOnlyList<string> Conditions(RowRange? range, int parameter)
    {
        var conditions = new List<string>();
        if (range?.From is not null)
            conditions.Add($"{Names[range.Column]} >= ${parameter++}");
        if (range?.To is not null)
            conditions.Add($"{Names[range.Column]} < ${parameter++}");
        if (Live is { } live)
            conditions.Add(live(parameter));
        return conditions;
    }

    /// <summary>The condition of rows that are marked as deleted; null = none can be.</summary>
    public string? Deleted { get; init; }

    /// <summary>A warehouse's target.</summary>
    /// <param name="table">A target with a key.</param>
    /// <param name="found">The types its columns really have, by their name.</param>
    public static DigestTable Of(PostgresTable table, IReadOnlyDictionary<string, PostgresType> found)
    {
        var columns = table.Columns.Select((c, i) => DigestColumn.Of($"t.{c.Name}", table.Dataset.TargetSchema.Fields[i].DataType, found.GetValueOrDefault(c.Plain, c.Type))).ToArray();
        return new DigestTable($"{table.Name} AS t", "t", [.. table.Columns.Select(c => $"t.{c.Name}")], columns, [.. table.Key.Select((c, i) => new DigestKey($"t.{c.Name}", c.Type.Name, columns[table.Dataset.TargetKey[i]]))])
        {
            Live = table.MarksDeletes ? _ => $"t.{PostgresDialect.DeletedAt} IS NULL" : null,
            Deleted = table.MarksDeletes ? $"t.{PostgresDialect.DeletedAt} IS NOT NULL" : null,
        };
    }
}

/// <summary>A column of the key.</summary>
/// <param name="Sql">The column itself, with its alias: what an index is over.</param>
/// <param name="Type">The type as which values for it travel.</param>
/// <param name="Column">Its values in their canonical form.</param>
internal sealed record DigestKey(string Sql, string Type, DigestColumn Column);
