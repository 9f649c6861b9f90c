namespace CdcSync.Arrow;

/// <summary>
/// A column's values in Arrow's memory layout. Immutable, safe for concurrent readers. The value of a null row is unspecified:
/// ask <see cref="IsNull"/> first.
/// </summary>
public abstract class ArrowArray
{
    // Closed: layout and IPC know each kind.
    private protected ArrowArray(ArrowType type, int length, ReadOnlyMemory<byte> validity)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Type = type;
        Length = length;
        if (validity.IsEmpty) return;
        NullCount = length - Bitmap.CountOnes(validity.Span, length);
        if (NullCount > 0) Validity = validity[..Bitmap.ByteCount(length)];
    }

    private protected ArrowArray(NullType type, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Type = type;
        Length = NullCount = length;
    }

    /// <summary>The type of the values.</summary>
    public ArrowType Type { get; }

    /// <summary>Number of rows.</summary>
    public int Length { get; }

    /// <summary>Number of null rows.</summary>
    public int NullCount { get; }

    /// <summary>The bitmap of rows that are not null (see <see cref="Bitmap"/>), from bit 0. Empty where no row is null, and in a <see cref="NullArray"/>.</summary>
    public ReadOnlyMemory<byte> Validity { get; }

    /// <summary>Bytes of data the rows hold: validity, offsets and values, without slack.</summary>
    public abstract long ByteSize { get; }

    /// <summary>Whether the row is null. In a loop over many rows read <see cref="Validity"/> once instead.</summary>
    /// <param name="index">The row.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public bool IsNull(int index) => !IsValid(index);

    /// <summary>Whether the row has a value.</summary>
    /// <param name="index">The row.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public bool IsValid(int index)
    {
        if ((uint)index >= (uint)Length) throw NoSuchRow(index);
        return NullCount == 0 || (NullCount != Length && Bitmap.Get(Validity.Span, index));
    }

    /// <summary>A run of rows. Shares the buffers (and keeps all of them alive); only bitmaps are copied where the run does not start at a whole byte.</summary>
    /// <param name="offset">The first row.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The run is not inside the array.</exception>
    public ArrowArray Slice(int offset, int length)
    {
        CheckRun(offset, length, Length);
        return SliceCore(offset, length, SliceBits(Validity, offset, length));
    }

    /// <summary>The rows at the given places, in that order, repeats allowed, in new buffers.</summary>
    /// <param name="rows">Rows of this array.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="ArrowNotSupportedException">The result would be larger than one buffer can be.</exception>
    public ArrowArray Take(ReadOnlySpan<int> rows)
    {
        CheckRows(rows, Length);
        return TakeChecked(rows);
    }

    /// <summary>The buffer of values as it lies in memory, from row 0; empty where there is none.</summary>
    internal abstract ReadOnlyMemory<byte> ValueMemory { get; }

    internal ArrowArray TakeChecked(ReadOnlySpan<int> rows) => TakeCore(rows, Validity.IsEmpty ? default(ReadOnlyMemory<byte>) : Bitmap.Take(Validity.Span, rows));

    private protected abstract ArrowArray SliceCore(int offset, int length, ReadOnlyMemory<byte> validity);

    private protected abstract ArrowArray TakeCore(ReadOnlySpan<int> rows, ReadOnlyMemory<byte> validity);

    private protected ArgumentOutOfRangeException NoSuchRow(int index) => new(nameof(index), index, $"a row from 0 to {Length - 1}");

    private protected static ReadOnlyMemory<byte> SliceBits(ReadOnlyMemory<byte> bits, int offset, int length)
    {
        if (bits.IsEmpty || length == 0) return default;
        return (offset & 7) == 0 ? bits.Slice(offset >> 3, Bitmap.ByteCount(length)) : Bitmap.Extract(bits.Span, offset, length);
    }

    internal static void CheckRun(int offset, int length, int available)
    {
        if ((uint)offset > (uint)available) throw new ArgumentOutOfRangeException(nameof(offset), offset, $"0 to {available}");
        if ((uint)length > (uint)(available - offset)) throw new ArgumentOutOfRangeException(nameof(length), length, $"0 to {available - offset}");
    }

    internal static void CheckRows(ReadOnlySpan<int> rows, int available)
    {
        foreach (var row in rows)
            if ((uint)row >= (uint)available) throw new ArgumentOutOfRangeException(nameof(rows), row, $"a row from 0 to {available - 1}");
    }
}
