using CdcSync.Core.Datasets;

namespace CdcSync.Connectors.Tests.SourceConformance;

/// <summary>What the table must hold after the writes: key to row, as texts.</summary>
internal sealed class TableModel(Dataset dataset)
{
    private readonly Dictionary<string, object?[]> _rows = [];

    public IReadOnlyDictionary<string, string> Rows => _rows.ToDictionary(r => r.Key, r => RowText.Of(r.Value));

    public IReadOnlyCollection<object?[]> Values => _rows.Values;

    public object?[] KeyOf(object?[] row) => [.. dataset.Columns.Index().Where(c => c.Item.KeyOrdinal is not null).OrderBy(c => c.Item.KeyOrdinal).Select(c => row[c.Index])];

    public bool Has(object?[] key) => _rows.ContainsKey(RowText.Of(key));

    /// <summary>True if another row than the one with this key has the name (column 1 of the numbered shape, which is unique).</summary>
    public bool IsNameTaken(object? name, object?[] exceptKey) =>
        dataset.Key.Count == 1 && name is not null && _rows.Values.Any(r => Equals(r[1], name) && RowText.Of(KeyOf(r)) != RowText.Of(exceptKey));

    public void Apply(Write write)
    {
        switch (write)
        {
            case Write.Insert insert: _rows.Add(RowText.Of(KeyOf(insert.Row)), insert.Row); break;
            case Write.Upsert upsert: _rows[RowText.Of(KeyOf(upsert.Row))] = upsert.Row; break;
            case Write.Update update:
                _rows.Remove(RowText.Of(update.Key));
                _rows.Add(RowText.Of(KeyOf(update.Row)), update.Row);
                break;
            case Write.Delete delete: _rows.Remove(RowText.Of(delete.Key)); break;
            case Write.Replace replace:
                if (dataset.Key.Count == 1 && replace.Row[1] is { } name)
                    foreach (var (key, _) in _rows.Where(r => Equals(r.Value[1], name)).ToList())
                        _rows.Remove(key);
                _rows[RowText.Of(KeyOf(replace.Row))] = replace.Row;
                break;
        }
    }
}
