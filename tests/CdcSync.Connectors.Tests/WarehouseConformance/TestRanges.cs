using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Reconciliation.Totals;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <summary>Ranges of rows, cut at a value that is there, and control totals over any column.</summary>
internal static class TestRanges
{
    /// <summary>By each column that can be grouped by, the sum of each column that can be summed; and all rows.</summary>
    public static IEnumerable<TotalScope> Totals(Dataset dataset)
    {
        string?[] sums = [null, .. dataset.TargetSchema.Fields.Where(f => f.DataType is Int64Type or Int32Type or Int16Type or UInt64Type or UInt8Type or Decimal128Type).Select(f => f.Name)];
        string[] groups = [.. dataset.TargetSchema.Fields.Where(f => f.DataType is not (HalfFloatType or FloatType or DoubleType)).Select(f => f.Name)];
        foreach (var sum in sums)
        {
            yield return new TotalScope(dataset, new ControlTotal("all", sum, []), null);
            foreach (var group in groups)
                yield return new TotalScope(dataset, new ControlTotal("by one", sum, [group]), null);
        }

        yield return new TotalScope(dataset, new ControlTotal("by all", sums[^1], groups), null);
    }

    /// <summary>Of each column that has an order three: up to, from, and around a value in its middle.</summary>
    public static IEnumerable<RowRange> Of(Dataset dataset, RecordBatch rows)
    {
        for (var column = 0; column < dataset.TargetSchema.Fields.Count; column++)
        {
            long[] values = rows.Column(column) switch
            {
                FixedWidthArray<long> { Type: Int64Type or TimestampType } a => Values(a, v => v),
                FixedWidthArray<int> { Type: Int32Type or Date32Type } a => Values(a, v => v),
                FixedWidthArray<short> { Type: Int16Type } a => Values(a, v => v),
                FixedWidthArray<uint> a => Values(a, v => v),
                FixedWidthArray<byte> { Type: UInt8Type } a => Values(a, v => v),
                _ => [],
            };
            if (values is not [_, _, ..])
                continue;
            var middle = values[values.Length / 2];
            yield return new RowRange("up to", column, null, middle);
            yield return new RowRange("from", column, middle, null);
            yield return new RowRange("around", column, values[1], Math.Max(values[1] + 1, middle));
        }
    }

    private static long[] Values<T>(FixedWidthArray<T> column, Func<T, long> value) where T : unmanaged =>
        [.. Enumerable.Range(0, column.Length).Where(column.IsValid).Select(row => value(column[row])).Distinct().Order()];
}
