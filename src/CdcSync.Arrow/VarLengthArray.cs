using System.Runtime.InteropServices;
using System.Text;

namespace CdcSync.Arrow;

/// <summary>Text (UTF-8) or bytes of any length: offsets into one buffer of bytes.</summary>
public sealed class VarLengthArray : ArrowArray
{
    private static readonly byte[] OneZero = new byte[sizeof(int)];

    private readonly ReadOnlyMemory<byte> _offsets;
    private readonly ReadOnlyMemory<byte> _values;

    /// <summary>Over existing buffers, which must not change afterwards.</summary>
    /// <param name="type">A <see cref="StringType"/>, <see cref="BinaryType"/>, <see cref="LargeStringType"/> or <see cref="LargeBinaryType"/>.</param>
    /// <param name="length">Number of rows.</param>
    /// <param name="offsets">One more 32-bit offset than rows, never going down; may be empty for no rows.</param>
    /// <param name="values">The bytes the offsets point into.</param>
    /// <param name="validity">The bitmap of rows that are not null, from bit 0; empty where no row is null.</param>
    /// <exception cref="ArgumentException">The type is another, a buffer is too short, or the offsets go down or out of the values.</exception>
    public VarLengthArray(ArrowType type, int length, ReadOnlyMemory<byte> offsets, ReadOnlyMemory<byte> values, ReadOnlyMemory<byte> validity = default)
        : base(Validation.IsVarLength(type), length, Validation.Bits(validity, length, nameof(validity)))
    {
        if (length == 0 && offsets.IsEmpty) offsets = OneZero;
        Validation.AtLeast(offsets.Length, Validation.OffsetBytes(length), nameof(offsets));
        _offsets = offsets[..(int)Validation.OffsetBytes(length)];
        _values = values;
        if (Validation.FirstWrongOffset(Offsets, values.Length) is >= 0 and var wrong)
            throw new ArgumentException($"Offset {wrong} goes down or beyond the values.", nameof(offsets));
    }

    // For what is known to be right: rows taken from an array that was checked, or built here.
    private VarLengthArray(ReadOnlyMemory<byte> offsets, ReadOnlyMemory<byte> values, ArrowType type, int length, ReadOnlyMemory<byte> validity)
        : base(type, length, validity)
    {
        _offsets = offsets;
        _values = values;
    }

    internal static VarLengthArray Trusted(ArrowType type, int length, ReadOnlyMemory<byte> offsets, ReadOnlyMemory<byte> values, ReadOnlyMemory<byte> validity) =>
        new(length == 0 && offsets.IsEmpty ? OneZero : offsets, values, type, length, validity);

    /// <summary>One more than rows: row i is <see cref="ValueBytes"/> from Offsets[i] up to Offsets[i + 1]. In a slice the first need not be 0.</summary>
    public ReadOnlySpan<int> Offsets => MemoryMarshal.Cast<byte, int>(_offsets.Span);

    /// <summary>The bytes the offsets point into; in a slice also those of rows outside it.</summary>
    public ReadOnlySpan<byte> ValueBytes => _values.Span;

    /// <inheritdoc/>
    public override long ByteSize => Validity.Length + _offsets.Length + (Offsets[Length] - Offsets[0]);

    internal ReadOnlyMemory<byte> OffsetMemory => _offsets;

    internal override ReadOnlyMemory<byte> ValueMemory => _values;

    /// <summary>The row's bytes; unspecified where it is null.</summary>
    /// <param name="index">The row.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<byte> GetBytes(int index)
    {
        if ((uint)index >= (uint)Length) throw NoSuchRow(index);
        var offsets = Offsets;
        var start = offsets[index];
        return _values.Span[start..offsets[index + 1]];
    }

    /// <summary>The row's bytes as text; unspecified where it is null. Bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="index">The row.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public string GetString(int index) => Encoding.UTF8.GetString(GetBytes(index));

    private protected override ArrowArray SliceCore(int offset, int length, ReadOnlyMemory<byte> validity) =>
        new VarLengthArray(_offsets.Slice(offset * sizeof(int), (length + 1) * sizeof(int)), _values, Type, length, validity);

    private protected override ArrowArray TakeCore(ReadOnlySpan<int> rows, ReadOnlyMemory<byte> validity)
    {
        var offsetBytes = GC.AllocateUninitializedArray<byte>(Validation.BufferSize(Validation.OffsetBytes(rows.Length)));
        var target = MemoryMarshal.Cast<byte, int>(offsetBytes.AsSpan());
        var source = Offsets;
        long total = 0;
        target[0] = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            total += source[rows[i] + 1] - source[rows[i]];
            target[i + 1] = (int)total;
        }
        var values = GC.AllocateUninitializedArray<byte>(Validation.BufferSize(total));
        var bytes = _values.Span;
        for (var i = 0; i < rows.Length; i++)
        {
            var start = source[rows[i]];
            bytes.Slice(start, target[i + 1] - target[i]).CopyTo(values.AsSpan(target[i]));
        }
        return new VarLengthArray(offsetBytes, values, Type, rows.Length, validity);
    }
}
