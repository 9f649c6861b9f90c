using System.Text.Json;
using System.Text.Json.Serialization;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Core.Warehouses;

/// <summary>How the control tables write what is neither number nor instant, the same in every warehouse.</summary>
public static partial class ControlText
{
    private const string OfRange = "-range";

    /// <summary>A phase or kind as the tables hold it: its name in lower case, words joined by a hyphen (<c>resync-required</c>).</summary>
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>Reads a phase or kind.</summary>
    /// <param name="text">As <see cref="Of{T}"/> writes it.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.StateCorrupt"/> if there is none of that name.</exception>
    public static T Read<T>(string text) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
            if (Of(value) == text) return value;
        throw Corrupt($"'{text}' is no {typeof(T).Name}");
    }

    /// <summary>How a comparison went about it: <c>digest</c>, of a range of rows <c>digest-range</c>.</summary>
    public static string Of(ReconcileRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Range is null ? Of(request.Mode) : $"{Of(request.Mode)}{OfRange}";
    }

    /// <summary>Reads how a comparison went about it; of which rows is in its report.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.StateCorrupt"/> if there is no such mode.</exception>
    public static ReconcileMode ReadMode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Read<ReconcileMode>(text.EndsWith(OfRange, StringComparison.Ordinal) ? text[..^OfRange.Length] : text);
    }

    /// <summary>A first load's progress as JSON: <c>{"total":3,"remaining":[{"ordinal":1,"from":"…","to":null}]}</c>; null = done.</summary>
    public static string? OfSnapshot(SnapshotProgress? snapshot) =>
        snapshot is null ? null : JsonSerializer.Serialize(snapshot, ControlJson.Default.SnapshotProgress);

    /// <summary>Reads a first load's progress.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.StateCorrupt"/> if the text is not what <see cref="OfSnapshot"/> writes.</exception>
    public static SnapshotProgress? ReadSnapshot(string? json)
    {
        if (json is null) return null;
        try
        {
            if (JsonSerializer.Deserialize(json, ControlJson.Default.SnapshotProgress) is { Remaining: not null } snapshot) return snapshot;
        }
        catch (JsonException)
        {
            // Reported below, without the text.
        }
        throw Corrupt("a checkpoint's snapshot is not the JSON of a first load's progress");
    }

    /// <summary>What the columns of a comparison do not hold, as JSON: counts, the map, the first keys that differ.</summary>
    public static string OfReport(ReconcileReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return JsonSerializer.Serialize(new ReportDetails(report.Request.Range?.Text, report.IsHashedBySource, report.SoftDeleted, report.Explained, report.InFlight, report.RowsTravelled, report.IsCut, report.Map,
            [.. report.Keys.Select(k => new ReportKey(k.Key, Of(k.Kind), k.IsRepaired))], report.Totals), ControlJson.Default.ReportDetails);
    }

    /// <summary>Reads what <see cref="OfReport"/> writes; what an older version left out is 0 or empty.</summary>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.StateCorrupt"/> if it is something else.</exception>
    public static ComparisonDetails ReadReport(string? json)
    {
        try
        {
            var r = json is null ? null : JsonSerializer.Deserialize(json, ControlJson.Default.ReportDetails);
            return new ComparisonDetails(r?.Range, r?.IsHashedBySource ?? false, r?.SoftDeleted ?? 0, r?.Explained ?? 0, r?.InFlight ?? 0, r?.RowsTravelled ?? 0, r?.IsCut ?? false, r?.Map ?? [],
                [.. (r?.Keys ?? []).Select(k => new DriftedKey(k.Key, Read<Difference>(k.Kind), k.IsRepaired))], r?.Totals ?? []);
        }
        catch (JsonException)
        {
            throw Corrupt("a comparison's report is not the JSON of one");
        }
    }

    private static CdcSyncException Corrupt(string what) =>
        new(ErrorCodes.StateCorrupt, $"the warehouse's control tables hold what this version can't read: {what}.", "See docs/state.md for what belongs there. Run: cdcsync checkpoint show");

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(SnapshotProgress))]
    [JsonSerializable(typeof(ReportDetails))]
    private sealed partial class ControlJson : JsonSerializerContext;

    private sealed record ReportDetails(string? Range, bool IsHashedBySource, long SoftDeleted, long Explained, long InFlight, long RowsTravelled, bool IsCut, IReadOnlyList<long> Map, IReadOnlyList<ReportKey> Keys, IReadOnlyList<TotalResult>? Totals);

    private sealed record ReportKey(string Key, string Kind, bool IsRepaired);
}
