using System.Text.Json;
using System.Text.Json.Serialization;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Sync;

/// <summary>Which columns of a target have values in all rows, and where those came from. A column that comes into the contract later is empty in rows that nobody writes to, until they are read again.</summary>
internal static partial class FilledColumns
{
    /// <summary>All columns of a dataset, as the control schema holds them: JSON of the column in the warehouse and what its values are made from.</summary>
    public static string Of(Dataset dataset) => Write(Made(dataset));

    /// <summary>What remains of a record: columns that the contract still has, made as before.</summary>
    public static string Kept(Dataset dataset, string recorded)
    {
        var before = Read(recorded);
        return Write(Made(dataset).Where(c => before.GetValueOrDefault(c.Key) == c.Value));
    }

    /// <summary>The columns that are not filled, in the dataset's order.</summary>
    public static IReadOnlyList<string> Missing(Dataset dataset, string recorded)
    {
        var before = Read(recorded);
        return [.. Made(dataset).Where(c => before.GetValueOrDefault(c.Key) != c.Value).Select(c => c.Key)];
    }

    // A key that is made otherwise names other rows: that is no column that came later.
    private static IEnumerable<KeyValuePair<string, string>> Made(Dataset dataset) => dataset.Columns.Where(c => c is { Target: not null, KeyOrdinal: null })
        .Select(c => KeyValuePair.Create(c.Target!, c.Mask is { } mask ? $"{c.Source} hmac {mask.KeyName}" : c.Source));

    private static string Write(IEnumerable<KeyValuePair<string, string>> columns) => JsonSerializer.Serialize(new SortedDictionary<string, string>(columns.ToDictionary(c => c.Key, c => c.Value), StringComparer.Ordinal), ColumnsJson.Default.SortedDictionaryStringString);

    // What can't be read says nothing: all is read again.
    private static SortedDictionary<string, string> Read(string recorded)
    {
        try
        {
            return JsonSerializer.Deserialize(recorded, ColumnsJson.Default.SortedDictionaryStringString) ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    [JsonSerializable(typeof(SortedDictionary<string, string>))]
    private sealed partial class ColumnsJson : JsonSerializerContext;
}
