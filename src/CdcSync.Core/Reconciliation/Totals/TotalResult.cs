using System.Text.Encodings.Web;
using System.Text.Json;
using CdcSync.Arrow;
using CdcSync.Core.Shaping;

namespace CdcSync.Core.Reconciliation.Totals;

/// <summary>What came of a control total.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Groups">Groups that are on either side.</param>
/// <param name="Differing">Those that are not the same on both.</param>
/// <param name="Differences">The first of them.</param>
public sealed record TotalResult(string Name, long Groups, long Differing, IReadOnlyList<TotalDifference> Differences)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Compares both sides of a total.</summary>
    public static TotalResult Of(TotalScope scope, IReadOnlyDictionary<CanonicalKey, GroupTotal> source, IReadOnlyDictionary<CanonicalKey, GroupTotal> target)
    {
        ArgumentNullException.ThrowIfNull(scope);
        CanonicalKey[] all = [.. source.Keys.Union(target.Keys)];
        CanonicalKey[] differing = [.. all.Where(g => source.GetValueOrDefault(g) != target.GetValueOrDefault(g)).OrderBy(g => Convert.ToHexString(g.Bytes), StringComparer.Ordinal)];
        CanonicalKey[] named = [.. differing.Take(ReconcileReport.NamedKeys)];
        var texts = Texts(KeyCodec.DecodeAs(scope.GroupSchema, named), named.Length);
        return new TotalResult(scope.Total.Name, all.Length, differing.Length,
            [.. named.Select((g, i) => new TotalDifference(texts[i], source.GetValueOrDefault(g), target.GetValueOrDefault(g)))]);
    }

    private static string[] Texts(RecordBatch groups, int count)
    {
        VarLengthArray[] columns = [.. groups.Columns.Select(CanonicalText.Of)];
        return [.. Enumerable.Range(0, count).Select(row => JsonSerializer.Serialize(columns.Select(c => c.IsNull(row) ? null : c.GetString(row)), Plain))];
    }
}

/// <summary>A group that is not the same on both sides.</summary>
/// <param name="Group">Its values, as a JSON array of texts.</param>
/// <param name="Source">The source's total; no rows = it has none of it.</param>
/// <param name="Target">The warehouse's.</param>
public sealed record TotalDifference(string Group, GroupTotal Source, GroupTotal Target);
