using System.Globalization;
using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Core.Datasets;
using static CdcSync.Connectors.Sqlite.SqliteDialect;

namespace CdcSync.Connectors.Sqlite.Source.Ranges;

/// <summary>The statements that read a dataset by ranges of its key; pure. Keys are compared as the key's own index compares them.</summary>
internal sealed class RangeSql
{
    private readonly Dataset _dataset;
    private readonly string[] _keys;
    private readonly string[] _nullable;

    /// <summary>For a dataset with a key.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="table">Its table or view; null for a query.</param>
    public RangeSql(Dataset dataset, SqliteTable? table)
    {
        _dataset = dataset;
        var index = PrimaryKeyOf(dataset, table);
        _keys = [.. dataset.Key.Select((k, i) => Quote("b", k.Source) + (index is null ? "" : $" COLLATE {Quote(index.Parts[i].Collation)}"))];
        var isRowId = table is { KeyIsRowId: true } && IsPrimaryKey(dataset, table);
        _nullable = isRowId ? [] : [.. dataset.Key.Where(k => table?.Column(k.Source) is not { NotNull: true }).Select(k => Quote("b", k.Source))];
        IsPaged = isRowId || (index is not null && index.Parts.All(p => p.IsDescending == index.Parts[0].IsDescending));
    }

    /// <summary>True if the key is unique and an index gives its order: then a range is read in pages, each in a transaction of its own.</summary>
    public bool IsPaged { get; }

    /// <summary>True if a part of the key may be NULL.</summary>
    public bool IsNullable => _nullable.Length > 0;

    /// <summary>All keys without NULL, in order.</summary>
    public string Keys() => $"SELECT {KeyColumns} FROM {SourceSql.From(_dataset.Object)}{Where(NotNull)} ORDER BY {string.Join(", ", _keys)}";

    /// <summary>The last key of the next range, found within the index. Parameters: from, where it is given.</summary>
    /// <param name="hasFrom">Whether there is a key before the first.</param>
    /// <param name="rows">How many keys a range has.</param>
    public string NextBound(bool hasFrom, long rows)
    {
        var conditions = hasFrom ? NotNull.Append($"({string.Join(", ", _keys)}) > ({Parameters(1)})") : NotNull;
        return string.Create(CultureInfo.InvariantCulture, $"SELECT {KeyColumns} FROM {SourceSql.From(_dataset.Object)}{Where(conditions)} ORDER BY {string.Join(", ", _keys)} LIMIT 2 OFFSET {rows - 1}");
    }

    /// <summary>The rows whose key has a NULL.</summary>
    public string RowsWithNull() => $"{SourceSql.All(_dataset)} WHERE {string.Join(" OR ", _nullable.Select(k => $"{k} IS NULL"))}";

    /// <summary>The rows of a range, the key's columns after the dataset's. Parameters: from, then to, as far as they are given.</summary>
    /// <param name="hasFrom">Whether there is a key before the first.</param>
    /// <param name="hasTo">Whether there is a last key.</param>
    public string Rows(bool hasFrom, bool hasTo)
    {
        IEnumerable<string> conditions = NotNull;
        if (hasFrom) conditions = conditions.Append($"({string.Join(", ", _keys)}) > ({Parameters(1)})");
        if (hasTo) conditions = conditions.Append($"({string.Join(", ", _keys)}) <= ({Parameters(hasFrom ? 1 + _keys.Length : 1)})");
        return $"SELECT {SourceSql.Columns(_dataset)}, {KeyColumns} FROM {SourceSql.From(_dataset.Object)}{Where(conditions)}";
    }

    /// <summary>As <see cref="Rows"/>, the first rows in the key's order.</summary>
    public string Page(bool hasFrom, bool hasTo, int rows) =>
        string.Create(CultureInfo.InvariantCulture, $"{Rows(hasFrom, hasTo)} ORDER BY {string.Join(", ", _keys)} LIMIT {rows}");

    private string KeyColumns => string.Join(", ", _dataset.Key.Select(k => Quote("b", k.Source)));

    private IEnumerable<string> NotNull => _nullable.Select(k => $"{k} IS NOT NULL");

    private string Parameters(int first) => string.Join(", ", Enumerable.Range(first, _keys.Length).Select(i => string.Create(CultureInfo.InvariantCulture, $"?{i}")));

    private static string Where(IEnumerable<string> conditions) => string.Join(" AND ", conditions) is { Length: > 0 } all ? $" WHERE {all}" : "";

    private static UniqueIndex? PrimaryKeyOf(Dataset dataset, SqliteTable? table) =>
        table is not null && IsPrimaryKey(dataset, table) ? table.UniqueIndexes.FirstOrDefault(i => i.IsPrimaryKey) : null;

    private static bool IsPrimaryKey(Dataset dataset, SqliteTable table) =>
        dataset.Key.Select(k => k.Source).SequenceEqual(table.Key.Select(k => k.Name), SqliteNames.Comparer);
}
