using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CdcSync.Arrow;

/// <summary>Values of a fixed width: integers, floats, decimals (<see cref="Int128"/>), dates, times and timestamps.</summary>
/// <typeparam name="T">What one value is in memory: see <see cref="ArrowTypeId"/> for the width of each type.</typeparam>
public sealed class FixedWidthArray<T> : ArrowArray where T : unmanaged
{
    private readonly ReadOnlyMemory<byte> _values;

    /// <summary>Over existing buffers, which must not change afterwards.</summary>
    /// <param name="type">A type whose values are <typeparamref name="T"/> in memory.</param>
    /// <param name="length">Number of rows.</param>
    /// <param name="values">The values, little-endian.</param>
    /// <param name="validity">The bitmap of rows that are not null, from bit 0; empty where no row is null.</param>
    /// <exception cref="ArgumentException">The type's values are not <typeparamref name="T"/>, or a buffer is too short.</exception>
    public FixedWidthArray(ArrowType type, int length, ReadOnlyMemory<byte> values, ReadOnlyMemory<byte> validity = default)
        : base(Validation.ElementIs<T>(type), length, Validation.Bits(validity, length, nameof(validity)))
    {
        Validation.AtLeast(values.Length, (long)length * Unsafe.SizeOf<T>(), nameof(values));
        _values = values[..(length * Unsafe.SizeOf<T>())];
    }

    /// <summary>One value per row; unspecified where the row is null. In a loop take it once.</summary>
    public ReadOnlySpan<T> Values => MemoryMarshal.Cast<byte, T>(_values.Span);

    /// <summary>The row's value; unspecified where it is null.</summary>
    /// <param name="index">The row.</param>
    /// <exception cref="IndexOutOfRangeException">There is no such row.</exception>
    public T this[int index] => Values[index];

    /// <inheritdoc/>
    public override long ByteSize => Validity.Length + _values.Length;

    internal override ReadOnlyMemory<byte> ValueMemory => _values;

    private protected override ArrowArray SliceCore(int offset, int length, ReadOnlyMemory<byte> validity) =>
        new FixedWidthArray<T>(Type, length, _values.Slice(offset * Unsafe.SizeOf<T>(), length * Unsafe.SizeOf<T>()), validity);

    private protected override ArrowArray TakeCore(ReadOnlySpan<int> rows, ReadOnlyMemory<byte> validity) =>
        new FixedWidthArray<T>(Type, rows.Length, Gather(Values, rows), validity);

    internal static byte[] Gather(ReadOnlySpan<T> source, ReadOnlySpan<int> rows)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(Validation.BufferSize((long)rows.Length * Unsafe.SizeOf<T>()));
        var target = MemoryMarshal.Cast<byte, T>(bytes.AsSpan())[..rows.Length];
        for (var i = 0; i < rows.Length; i++) target[i] = source[rows[i]];
        return bytes;
    }
}
