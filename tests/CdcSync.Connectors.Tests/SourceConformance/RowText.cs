using System.Globalization;
using CdcSync.Arrow;

namespace CdcSync.Connectors.Tests.SourceConformance;

/// <summary>One text per value, the same for what the application wrote and for what the source handed over.</summary>
internal static class RowText
{
    public static string Of(IEnumerable<object?> row) => string.Join(" | ", row.Select(Value));

    public static string Of(RecordBatch batch, int row, IEnumerable<int> columns) => string.Join(" | ", columns.Select(c => Value(batch.Column(c), row)));

    private static string Value(object? value) => value switch
    {
        null => "null",
        long l => l.ToString(CultureInfo.InvariantCulture),
        string s => $"'{s}'",
        decimal d => d.ToString("F2", CultureInfo.InvariantCulture),
        DateTime t => ((t - DateTime.UnixEpoch).Ticks / 10).ToString(CultureInfo.InvariantCulture) + " us",
        bool b => b ? "true" : "false",
        byte[] b => Convert.ToHexString(b),
        _ => throw new ArgumentException(value.GetType().Name),
    };

    private static string Value(ArrowArray column, int row) => column.IsNull(row) ? "null" : column switch
    {
        VarLengthArray { Type: StringType } text => $"'{text.GetString(row)}'",
        VarLengthArray bytes => Convert.ToHexString(bytes.GetBytes(row)),
        BoolArray bits => bits.GetValue(row) ? "true" : "false",
        FixedWidthArray<Int128> d => Decimal(d[row]),
        FixedWidthArray<long> { Type: TimestampType } t => t[row].ToString(CultureInfo.InvariantCulture) + " us",
        FixedWidthArray<long> l => l[row].ToString(CultureInfo.InvariantCulture),
        _ => throw new ArgumentException(column.Type.ToString()),
    };

    private static string Decimal(Int128 cents) => ((decimal)cents / 100).ToString("F2", CultureInfo.InvariantCulture);
}
