using System.Runtime.InteropServices;

namespace CdcSync.Arrow;

/// <summary>Bytes, the same number in each row.</summary>
public sealed class FixedSizeBinaryArray : ArrowArray
{
    private readonly ReadOnlyMemory<byte> _values;

    /// <summary>Over existing buffers, which must not change afterwards.</summary>
    /// <param name="type">Says how many bytes a row has.</param>
    /// <param name="length">Number of rows.</param>
    /// <param name="values">The rows' bytes, one after the other.</param>
    /// <param name="validity">The bitmap of rows that are not null, from bit 0; empty where no row is null.</param>
    /// <exception cref="ArgumentException">A buffer is too short.</exception>
    public FixedSizeBinaryArray(FixedSizeBinaryType type, int length, ReadOnlyMemory<byte> values, ReadOnlyMemory<byte> validity = default)
        : base(type, length, Validation.Bits(validity, length, nameof(validity)))
    {
        ByteWidth = type.ByteWidth;
        Validation.AtLeast(values.Length, (long)length * ByteWidth, nameof(values));
        _values = values[..(length * ByteWidth)];
    }

    /// <summary>Bytes per row.</summary>
    public int ByteWidth { get; }

    /// <summary>All rows' bytes, one after the other.</summary>
    public ReadOnlySpan<byte> Values => _values.Span;

    /// <inheritdoc/>
    public override long ByteSize => Validity.Length + _values.Length;

    internal override ReadOnlyMemory<byte> ValueMemory => _values;

    /// <summary>The row's bytes; unspecified where it is null.</summary>
    /// <param name="index">The row.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<byte> GetBytes(int index) =>
        (uint)index < (uint)Length ? _values.Span.Slice(index * ByteWidth, ByteWidth) : throw NoSuchRow(index);

    private protected override ArrowArray SliceCore(int offset, int length, ReadOnlyMemory<byte> validity) =>
        new FixedSizeBinaryArray((FixedSizeBinaryType)Type, length, _values.Slice(offset * ByteWidth, length * ByteWidth), validity);

    private protected override ArrowArray TakeCore(ReadOnlySpan<int> rows, ReadOnlyMemory<byte> validity) =>
        new FixedSizeBinaryArray((FixedSizeBinaryType)Type, rows.Length, Gather(rows), validity);

    private byte[] Gather(ReadOnlySpan<int> rows)
    {
        // 16 bytes is a uuid: worth its own loop.
        if (ByteWidth == 16) return FixedWidthArray<Int128>.Gather(MemoryMarshal.Cast<byte, Int128>(Values), rows);
        var source = Values;
        var bytes = GC.AllocateUninitializedArray<byte>(Validation.BufferSize((long)rows.Length * ByteWidth));
        for (var i = 0; i < rows.Length; i++)
            source.Slice(rows[i] * ByteWidth, ByteWidth).CopyTo(bytes.AsSpan(i * ByteWidth));
        return bytes;
    }
}
