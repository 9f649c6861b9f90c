using System.Text.Unicode;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Wire;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;

namespace CdcSync.Connectors.Postgres.Warehouse;

/// <summary>Rejects the single values that PostgreSQL's columns can't hold, though their type fits. Of a delete only the key is looked at.</summary>
internal sealed class PostgresValueGate(Dataset dataset) : IRowGate
{
    /// <summary>Above it a value can be stored but hardly ever read again.</summary>
    private const int LargestValue = 256 << 20;

    /// <summary>What always fits a B-tree's row (2,704 bytes of a page of 8 KiB), beside the key's other columns.</summary>
    private const int LargestKey = 2_600;

    public IReadOnlyList<RowRejection> Inspect(ChangeChunk chunk)
    {
        var rejections = new SortedDictionary<int, RowRejection>();
        for (var i = 0; i < chunk.Rows.ColumnCount; i++)
        {
            var check = Check(chunk.Rows.Column(i));
            if (check is not null) Inspect(chunk, i, check, rejections);
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
        VarLengthArray { Type: StringType } text when IsPlainText(text) => null,
        VarLengthArray { Type: StringType } text => row => Text(text.GetBytes(row)),
        VarLengthArray bytes when TotalBytes(bytes) <= LargestValue => null,
        VarLengthArray bytes => row => Size(bytes.GetBytes(row)),
        FixedWidthArray<int> { Type: Date32Type } a => row => PostgresTime.HasDay(a[row]) ? null : "found a day outside PostgreSQL's range, expected 4713-11-24 BC to 5874897-12-31",
        FixedWidthArray<int> { Type: Time32Type t } a => row => Time(a[row], t.Unit),
        FixedWidthArray<long> { Type: Time64Type t } a => row => Time(a[row], t.Unit),
        FixedWidthArray<long> { Type: TimestampType t } a when PostgresTime.HasInstants(a.Values, t.Unit) => null,
        FixedWidthArray<long> { Type: TimestampType t } a => row => PostgresTime.HasInstant(a[row], t.Unit) ? null : "found an instant outside PostgreSQL's range, expected 4713-11-24 BC to 294276-12-31",
        FixedWidthArray<Int128> { Type: Decimal128Type t } a when AreShort(a.Values, t.Precision) => null,
        FixedWidthArray<Int128> { Type: Decimal128Type t } a => Digits(a, t),
        _ => null,
    };

    // The usual case in 64 bits, without a call per row. What stands behind a null is looked at too: at worst the rows are then looked at one by one.
    private static bool AreShort(ReadOnlySpan<Int128> values, int precision)
    {
        var limit = 1L;
        for (var i = 0; i < Math.Min(precision, 18); i++) limit *= 10;
        foreach (var value in values)
            if (value >= limit || value <= -limit) return false;
        return true;
    }

    private static Func<int, string?> Digits(FixedWidthArray<Int128> array, Decimal128Type type)
    {
        var limit = Int128.One;
        for (var i = 0; i < type.Precision; i++) limit *= 10;
        return row => array[row] > -limit && array[row] < limit ? null : $"found more than {type.Precision} digits, expected {type}";
    }

    private static string? Time(long value, TimeUnit unit) => PostgresTime.HasTime(value, unit) ? null : "found a time of day outside 00:00 to 24:00";

    private static string? Text(ReadOnlySpan<byte> value) =>
        value.Contains((byte)0) ? "found a NUL character, which PostgreSQL's text can't hold"
        : Utf8.IsValid(value) ? Size(value)
        : "found bytes that are not UTF-8";

    private static string? Size(ReadOnlySpan<byte> value) => value.Length <= LargestValue ? null : $"found {value.Length} bytes, expected at most {LargestValue}";

    /// <summary>True if all values are valid and short: looked at as one text, whose parts are valid if none begins within a character.</summary>
    private static bool IsPlainText(VarLengthArray text)
    {
        if (TotalBytes(text) > LargestValue) return false;
        var offsets = text.Offsets;
        var all = text.ValueBytes[offsets[0]..offsets[text.Length]];
        if (all.Contains((byte)0) || !Utf8.IsValid(all)) return false;
        foreach (var offset in offsets)
            if (offset < offsets[text.Length] && (text.ValueBytes[offset] & 0xC0) == 0x80) return false;
        return true;
    }

    private static int TotalBytes(VarLengthArray array) => array.Offsets[array.Length] - array.Offsets[0];

    private void InspectKeys(ChangeChunk chunk, SortedDictionary<int, RowRejection> rejections)
    {
        var columns = dataset.TargetKey.Where(i => chunk.Rows.Column(i) is VarLengthArray or FixedSizeBinaryArray).ToArray();
        if (columns.Length == 0 || columns.All(i => Longest(chunk.Rows.Column(i)) <= LargestKey / columns.Length)) return;
        for (var row = 0; row < chunk.Length; row++)
        {
            var bytes = columns.Sum(i => chunk.Rows.Column(i).IsNull(row) ? 0L : Length(chunk.Rows.Column(i), row));
            if (bytes > LargestKey)
                rejections.TryAdd(row, new RowRejection(row, "type", chunk.Rows.Schema.Fields[columns[0]].Name, $"found a key of {bytes} bytes, expected at most {LargestKey}, which PostgreSQL can index"));
        }
    }

    private static int Longest(ArrowArray column)
    {
        if (column is FixedSizeBinaryArray f) return f.ByteWidth;
        var offsets = ((VarLengthArray)column).Offsets;
        var longest = 0;
        for (var i = 1; i < offsets.Length; i++) longest = Math.Max(longest, offsets[i] - offsets[i - 1]);
        return longest;
    }

    private static int Length(ArrowArray column, int row) => column is VarLengthArray v ? v.GetBytes(row).Length : ((FixedSizeBinaryArray)column).ByteWidth;
}
