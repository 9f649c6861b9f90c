using System.Text;
using System.Text.Unicode;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>Rejects the single values that SQL Server's columns can't hold, though their type fits. Of a delete only the key is looked at.</summary>
internal sealed class ValueGate(Dataset dataset) : IRowGate
{
    /// <summary>Above it a value can be stored but hardly ever read again.</summary>
    private const int LargestValue = 256 << 20;

    private const string Range = "expected 0001-01-01 to 9999-12-31";

    /// <summary>Bytes of the key's padded columns at the most: an index's key, less its other columns, the lengths beside it, and the order in the stage.</summary>
    private readonly int _largestKey = ColumnType.KeyBytes - sizeof(long) - dataset.TargetKey.Sum(i => IndexBytes(dataset.TargetSchema.Fields[i].DataType));

    public IReadOnlyList<RowRejection> Inspect(ChangeChunk chunk)
    {
        var rejections = new SortedDictionary<int, RowRejection>();
        for (var i = 0; i < chunk.Rows.ColumnCount; i++)
        {
            if (Check(chunk.Rows.Column(i)) is { } check) Inspect(chunk, i, check, rejections);
        }
        InspectKeys(chunk, rejections);
        return [.. rejections.Values];
    }

    private void Inspect(ChangeChunk chunk, int column, Func<int, string?> check, SortedDictionary<int, RowRejection> rejections)
    {
        var array = chunk.Rows.Column(column);
        var kinds = chunk.Kinds.Span;
        var isKey = dataset.TargetKey.Contains(column);
        for (var row = 0; row < array.Length; row++)
        {
            if (array.IsNull(row) || (kinds[row] != ChangeKind.Upsert && !isKey)) continue;
            if (check(row) is { } reason)
                rejections.TryAdd(row, new RowRejection(row, "type", chunk.Rows.Schema.Fields[column].Name, reason));
        }
    }

    /// <summary>A check of single rows that says what is wrong; null where all values of the column are fine.</summary>
    private static Func<int, string?>? Check(ArrowArray column) => column switch
    {
        VarLengthArray { Type: StringType } a => row => Utf8.IsValid(a.GetBytes(row)) ? Size(a.GetBytes(row).Length) : "found bytes that are not UTF-8",
        VarLengthArray a => row => Size(a.GetBytes(row).Length),
        FixedWidthArray<Half> a => row => Finite((double)a[row]),
        FixedWidthArray<float> a => row => Finite(a[row]) ?? Normal(float.IsSubnormal(a[row])),
        FixedWidthArray<double> a => row => Finite(a[row]) ?? Normal(double.IsSubnormal(a[row])),
        FixedWidthArray<int> { Type: Date32Type } a => row => Day(a[row]),
        FixedWidthArray<int> { Type: Time32Type t } a => row => Time(a[row], t.Unit),
        FixedWidthArray<long> { Type: Time64Type t } a => row => Time(a[row], t.Unit),
        FixedWidthArray<long> { Type: TimestampType t } a => row => Instant(a[row], t.Unit),
        FixedWidthArray<Int128> { Type: Decimal128Type t } a => Digits(a, t),
        _ => null,
    };

    private static Func<int, string?> Digits(FixedWidthArray<Int128> array, Decimal128Type type)
    {
        var limit = Int128.One;
        for (var i = 0; i < type.Precision; i++) limit *= 10;
        return row => array[row] > -limit && array[row] < limit ? null : $"found more than {type.Precision} digits, expected {type}";
    }

    private static string? Finite(double value) => double.IsFinite(value) ? null : "found NaN or an infinity, which SQL Server's numbers can't hold";

    // Below the smallest normal number SQL Server's documented range ends, and servers differ in what they do.
    private static string? Normal(bool isSubnormal) => isSubnormal ? "found a number nearer to zero than SQL Server's range" : null;

    private static string? Day(int days)
    {
        const int First = -719_162, Last = 2_932_896;
        return days is >= First and <= Last ? null : $"found a day outside SQL Server's range, {Range}";
    }

    private static string? Time(long value, TimeUnit unit) =>
        value < 0 || value >= 86_400 * PerSecond(unit) ? "found a time of day outside 00:00 to 24:00" : Fraction(value, unit);

    private static string? Instant(long value, TimeUnit unit)
    {
        const long First = -62_135_596_800, Last = 253_402_300_799;
        return Math.DivRem(value, PerSecond(unit)) is var (seconds, rest) && (rest < 0 ? seconds - 1 : seconds) is >= First and <= Last
            ? Fraction(value, unit)
            : $"found an instant outside SQL Server's range, {Range}";
    }

    private static string? Fraction(long value, TimeUnit unit) => unit == TimeUnit.Nanosecond && value % 100 != 0 ? "found a fraction of 100 nanoseconds, which SQL Server can't hold" : null;

    private static long PerSecond(TimeUnit unit) => (long)Math.Pow(10, 3 * (int)unit);

    private static string? Size(int bytes) => bytes <= LargestValue ? null : $"found {bytes} bytes, expected at most {LargestValue}";

    private void InspectKeys(ChangeChunk chunk, SortedDictionary<int, RowRejection> rejections)
    {
        var columns = dataset.TargetKey.Where(i => chunk.Rows.Column(i) is VarLengthArray).ToArray();
        if (columns.Length == 0) return;
        for (var row = 0; row < chunk.Length; row++)
        {
            var bytes = columns.Sum(i => Bytes((VarLengthArray)chunk.Rows.Column(i), row));
            if (bytes > _largestKey)
                rejections.TryAdd(row, new RowRejection(row, "type", chunk.Rows.Schema.Fields[columns[0]].Name, $"found a key of {bytes} bytes, expected at most {_largestKey}, which SQL Server can index"));
        }
    }

    /// <summary>Bytes in an index: text has two per character.</summary>
    private static long Bytes(VarLengthArray array, int row) =>
        array.IsNull(row) ? 0 : array.Type is StringType && Utf8.IsValid(array.GetBytes(row)) ? 2L * Encoding.UTF8.GetCharCount(array.GetBytes(row)) : array.GetBytes(row).Length;

    /// <summary>What a column takes of an index's key besides its own bytes if these vary.</summary>
    private static int IndexBytes(ArrowType type) => ColumnType.For(type, isKey: true) switch
    {
        { IsPadded: true } => sizeof(int),
        { Kind: "binary" } t => t.Size,
        { Kind: "decimal" } => 17,
        { } => 10,
        null => 0,
    };
}
