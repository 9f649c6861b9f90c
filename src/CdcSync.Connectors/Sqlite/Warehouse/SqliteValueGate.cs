using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>Rejects the few values that SQLite can't hold: NaN, which it stores as NULL, and dates and times that its ISO text has no form for.</summary>
internal sealed class SqliteValueGate(Dataset dataset) : IRowGate
{
    /// <inheritdoc/>
    public IReadOnlyList<RowRejection> Inspect(ChangeChunk chunk)
    {
        var rejections = new SortedDictionary<int, RowRejection>();
        for (var i = 0; i < chunk.Rows.ColumnCount; i++)
        {
            if (Check(chunk.Rows.Column(i)) is not { } check) continue;
            var column = chunk.Rows.Column(i);
            for (var row = 0; row < column.Length; row++)
            {
                if (!column.IsNull(row) && !check.IsHeld(row))
                    rejections.TryAdd(row, new RowRejection(row, "type", dataset.TargetSchema.Fields[i].Name, check.Reason));
            }
        }
        return [.. rejections.Values];
    }

    private static (Func<int, bool> IsHeld, string Reason)? Check(ArrowArray column) => column switch
    {
        FixedWidthArray<Half> a => (row => !Half.IsNaN(a[row]), NotANumber),
        FixedWidthArray<float> a => (row => !float.IsNaN(a[row]), NotANumber),
        FixedWidthArray<double> a => (row => !double.IsNaN(a[row]), NotANumber),
        FixedWidthArray<int> { Type: Date32Type } a => (row => IsoText.IsDate(a[row]), OutOfRange(column.Type)),
        FixedWidthArray<int> { Type: Time32Type t } a => (row => IsoText.IsTime(a[row], t.Unit), OutOfDay(column.Type)),
        FixedWidthArray<long> { Type: Time64Type t } a => (row => IsoText.IsTime(a[row], t.Unit), OutOfDay(column.Type)),
        FixedWidthArray<long> { Type: TimestampType t } a => (row => IsoText.IsTimestamp(a[row], t.Unit), OutOfRange(column.Type)),
        _ => null,
    };

    private const string NotANumber = "found NaN, SQLite holds numbers only";

    private static string OutOfRange(ArrowType type) => $"found a {type} before the year 0001 or after 9999, SQLite's text holds the years between";

    private static string OutOfDay(ArrowType type) => $"found a {type} outside 00:00 to 24:00";
}
