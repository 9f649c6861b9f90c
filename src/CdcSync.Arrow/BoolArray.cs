namespace CdcSync.Arrow;

/// <summary>True and false, one bit each.</summary>
public sealed class BoolArray : ArrowArray
{
    private readonly ReadOnlyMemory<byte> _values;

    /// <summary>Over existing buffers, which must not change afterwards.</summary>
    /// <param name="length">Number of rows.</param>
    /// <param name="values">The bitmap of values, from bit 0.</param>
    /// <param name="validity">The bitmap of rows that are not null, from bit 0; empty where no row is null.</param>
    /// <exception cref="ArgumentException">A buffer is too short.</exception>
    public BoolArray(int length, ReadOnlyMemory<byte> values, ReadOnlyMemory<byte> validity = default)
        : base(BooleanType.Default, length, Validation.Bits(validity, length, nameof(validity)))
    {
        Validation.AtLeast(values.Length, Bitmap.ByteCount(length), nameof(values));
        _values = values[..Bitmap.ByteCount(length)];
    }

    /// <summary>The bitmap of values, from bit 0. Bits after the last row are unspecified.</summary>
    public ReadOnlySpan<byte> Bits => _values.Span;

    /// <inheritdoc/>
    public override long ByteSize => Validity.Length + _values.Length;

    internal override ReadOnlyMemory<byte> ValueMemory => _values;

    /// <summary>The row's value; unspecified where it is null.</summary>
    /// <param name="index">The row.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public bool GetValue(int index) => (uint)index < (uint)Length ? Bitmap.Get(_values.Span, index) : throw NoSuchRow(index);

    private protected override ArrowArray SliceCore(int offset, int length, ReadOnlyMemory<byte> validity) =>
        new BoolArray(length, SliceBits(_values, offset, length), validity);

    private protected override ArrowArray TakeCore(ReadOnlySpan<int> rows, ReadOnlyMemory<byte> validity) =>
        new BoolArray(rows.Length, Bitmap.Take(_values.Span, rows), validity);
}
