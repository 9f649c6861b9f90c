namespace CdcSync.Core.Metrics;

/// <summary>Series of a family, one for each value of its last label: a closed list, so that all of them exist from the start.</summary>
internal static class Labelled
{
    /// <summary>Labels of what is one per pipeline.</summary>
    public static readonly string[] ByPipeline = ["pipeline"];

    /// <summary>Labels of what is one per dataset.</summary>
    public static readonly string[] ByDataset = ["pipeline", "dataset"];

    /// <summary>Adds a series per value of an enumeration.</summary>
    public static IReadOnlyDictionary<TEnum, TCell> PerValue<TEnum, TCell>(this MetricFamily<TCell> family, string[] labels)
        where TEnum : struct, Enum
        where TCell : MetricCell => family.PerValue(labels, Enum.GetValues<TEnum>(), NameOf);

    /// <summary>Adds a series per text.</summary>
    public static IReadOnlyDictionary<string, TCell> PerValue<TCell>(this MetricFamily<TCell> family, string[] labels, IEnumerable<string> values)
        where TCell : MetricCell => family.PerValue(labels, values, value => value);

    /// <summary>A value as a label has it: ResyncRequired is <c>resync_required</c>.</summary>
    public static string NameOf<TEnum>(TEnum value)
        where TEnum : struct, Enum => string.Concat(value.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));

    private static Dictionary<TValue, TCell> PerValue<TValue, TCell>(this MetricFamily<TCell> family, string[] labels, IEnumerable<TValue> values, Func<TValue, string> name)
        where TValue : notnull
        where TCell : MetricCell => values.ToDictionary(value => value, value => family.Add([.. labels, name(value)]));
}
