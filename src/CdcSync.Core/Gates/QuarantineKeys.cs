using System.Text.Json;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Gates;

/// <summary>The keys by which the quarantine knows rows: a warehouse removes the entries whose rows it merges.</summary>
public static class QuarantineKeys
{
    /// <summary>Each row's <see cref="QuarantinedRow.Key"/>, as if it were rejected.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="rows">Shaped rows, in its target schema.</param>
    public static IEnumerable<string> Of(Dataset dataset, RecordBatch rows)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(rows);
        var texts = new QuarantineText(dataset, rows);
        return Enumerable.Range(0, rows.Length).Select(texts.Key);
    }

    /// <summary>The key of a row by the canonical texts of its parts, in key order.</summary>
    public static string Of(IEnumerable<string> parts) => QuarantineText.Key(parts);

    /// <summary>The parts of a key, in the order in which it was made.</summary>
    public static IReadOnlyList<string> Parts(string key) => JsonSerializer.Deserialize<string[]>(key)!;
}
