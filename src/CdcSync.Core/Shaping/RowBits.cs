using CdcSync.Arrow;
using CdcSync.Core.Batches;

namespace CdcSync.Core.Shaping;

/// <summary>Sets of rows as Arrow bitmaps. An empty bitmap has the meaning its name says: no row is blank, all rows are live.</summary>
internal static class RowBits
{
    /// <summary>The rows whose values must not be kept, because they are gone or must go: all but upserts. Empty = none.</summary>
    internal static byte[] Blank(ReadOnlySpan<ChangeKind> kinds)
    {
        var first = kinds.IndexOfAnyExcept(ChangeKind.Upsert);
        if (first < 0) return [];
        var bits = new byte[Bitmap.ByteCount(kinds.Length)];
        for (var i = first; i < kinds.Length; i++)
            if (kinds[i] != ChangeKind.Upsert) Bitmap.Set(bits, i);
        return bits;
    }

    /// <summary>The rows that have a value to keep: valid and not blank. Empty = all.</summary>
    internal static ReadOnlyMemory<byte> Live(ArrowArray column, ReadOnlySpan<byte> blank)
    {
        if (blank.IsEmpty) return column.NullCount == 0 ? default : ValidityOf(column);
        var live = column.NullCount == 0 ? Ones(column.Length) : ValidityOf(column).ToArray();
        for (var i = 0; i < live.Length; i++) live[i] &= (byte)~blank[i];
        return live;
    }

    internal static bool Has(ReadOnlySpan<byte> live, int row) => live.IsEmpty || Bitmap.Get(live, row);

    internal static byte[] Ones(int rows)
    {
        var bits = new byte[Bitmap.ByteCount(rows)];
        Bitmap.SetRange(bits, 0, rows);
        return bits;
    }

    internal static void Clear(Span<byte> bits, int row) => bits[row >> 3] &= (byte)~(1 << (row & 7));

    // A column of the null type has no bitmap.
    private static ReadOnlyMemory<byte> ValidityOf(ArrowArray column) => column is NullArray ? new byte[Bitmap.ByteCount(column.Length)] : column.Validity;
}
