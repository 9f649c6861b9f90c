using System.Globalization;
using System.Numerics;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Reconciliation.Totals;

/// <summary>What is counted and summed.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Total">One of its control totals.</param>
/// <param name="Range">Only rows of this range; null = all.</param>
public sealed record TotalScope(Dataset Dataset, ControlTotal Total, RowRange? Range)
{
    /// <summary>The columns that group rows, by their index in the target schema.</summary>
    public IReadOnlyList<int> Groups => [.. Total.GroupBy.Select(Dataset.TargetSchema.GetFieldIndex)];

    /// <summary>The column that is summed; null = none.</summary>
    public int? Sum => Total.Sum is { } name ? Dataset.TargetSchema.GetFieldIndex(name) : null;

    /// <summary>A group's values: those of the columns, timestamps as dates.</summary>
    public Schema GroupSchema => new([.. Groups.Select(i => Dataset.TargetSchema.Fields[i]).Select(f => new Field(f.Name, f.DataType is TimestampType ? Date32Type.Default : f.DataType, true))]);

    /// <summary>Over the columns alone that it needs, or that decide whether a row belongs into the target: what else the dataset does to its columns does not matter.</summary>
    public TotalScope Reduced()
    {
        string?[] needed = [Total.Sum, .. Total.GroupBy, Range is { } r ? Dataset.TargetSchema.Fields[r.Column].Name : null];
        var reduced = Dataset with { Columns = [.. Dataset.Columns.Where(c => c.KeyOrdinal is not null || c.Required || (c.Target is not null && needed.Contains(c.Target)) || c.Source == Dataset.Filter?.SourceColumn)] };
        return new TotalScope(reduced, Total, Range is { } range ? range with { Column = reduced.TargetSchema.GetFieldIndex(Dataset.TargetSchema.Fields[range.Column].Name) } : null);
    }
}

/// <summary>A group's rows.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Sum">Their sum, in digits without zeros at the end of a fraction; null = nothing is summed, or all values are null.</param>
public readonly record struct GroupTotal(long Rows, string? Sum)
{
    /// <summary>A number's one text.</summary>
    public static string? Normal(string? number) => number?.Contains('.', StringComparison.Ordinal) == true ? number.TrimEnd('0').TrimEnd('.') : number;

    /// <summary>The text of a sum of decimals.</summary>
    /// <param name="unscaled">Their digits without the point, summed.</param>
    /// <param name="scale">How many of them stand behind the point; negative = so many zeros are left out.</param>
    public static string? Text(BigInteger unscaled, int scale)
    {
        if (scale <= 0)
            return (unscaled * BigInteger.Pow(10, -scale)).ToString(CultureInfo.InvariantCulture);
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return Normal($"{(unscaled.Sign < 0 ? "-" : "")}{digits[..^scale]}.{digits[^scale..]}");
    }
}
