using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CdcSync.Arrow;

/// <summary>Counts nulls.</summary>
public sealed class NullBuilder() : ArrayBuilder(NullType.Default)
{
    private protected override long DataSize => 0;

    private protected override void AppendNullData(int count) { }

    private protected override void AppendValue(ArrowArray source, int row) => AppendNull();

    private protected override ArrowArray BuildCore(int length, ReadOnlyMemory<byte> validity) => new NullArray(length);

    private protected override void GiveUpBuffers() { }
}

/// <summary>Builds a column of true and false.</summary>
/// <param name="capacity">Rows to make room for at first; 0 where unknown.</param>
public sealed class BoolBuilder(int capacity = 0) : ArrayBuilder(BooleanType.Default)
{
    private GrowableBuffer _values = new(Bitmap.ByteCount(capacity));

    private protected override long DataSize => _values.Length;

    /// <summary>One more row.</summary>
    /// <param name="value">Its value.</param>
    public void Append(bool value)
    {
        Cover(1);
        if (value) Bitmap.Set(_values.Written, Length);
        Appended();
    }

    private protected override void AppendNullData(int count) => Cover(count);

    private protected override void AppendValue(ArrowArray source, int row) => Append(((BoolArray)source).GetValue(row));

    private protected override ArrowArray BuildCore(int length, ReadOnlyMemory<byte> validity) => new BoolArray(length, _values.WrittenMemory, validity);

    private protected override void GiveUpBuffers() => _values.GiveUp();

    private void Cover(int rows)
    {
        var missing = Bitmap.ByteCount(checked(Length + rows)) - _values.Length;
        if (missing > 0) _values.Extend(missing).Clear();
    }
}

/// <summary>Builds a column of values of a fixed width.</summary>
/// <typeparam name="T">What one value is in memory.</typeparam>
public sealed class FixedWidthBuilder<T> : ArrayBuilder where T : unmanaged
{
    private GrowableBuffer _values;

    /// <summary>For a type whose values are <typeparamref name="T"/> in memory.</summary>
    /// <param name="type">The column's type.</param>
    /// <param name="capacity">Rows to make room for at first; 0 where unknown.</param>
    /// <exception cref="ArgumentException">The type's values are not <typeparamref name="T"/>.</exception>
    public FixedWidthBuilder(ArrowType type, int capacity = 0) : base(Validation.ElementIs<T>(type)) =>
        _values = new(Validation.BufferSize((long)capacity * Unsafe.SizeOf<T>()));

    private protected override long DataSize => _values.Length;

    /// <summary>One more row.</summary>
    /// <param name="value">Its value.</param>
    public void Append(T value)
    {
        _values.Append(value);
        Appended();
    }

    /// <summary>More rows, none of them null.</summary>
    /// <param name="values">Their values.</param>
    public void Append(ReadOnlySpan<T> values)
    {
        var bytes = MemoryMarshal.AsBytes(values);
        bytes.CopyTo(_values.Extend(bytes.Length));
        Appended(values.Length);
    }

    private protected override void AppendNullData(int count) => _values.Extend(Validation.BufferSize((long)count * Unsafe.SizeOf<T>())).Clear();

    private protected override void AppendValue(ArrowArray source, int row) => Append(((FixedWidthArray<T>)source)[row]);

    private protected override ArrowArray BuildCore(int length, ReadOnlyMemory<byte> validity) =>
        new FixedWidthArray<T>(Type, length, _values.WrittenMemory, validity);

    private protected override void GiveUpBuffers() => _values.GiveUp();
}

/// <summary>Builds a column of bytes, the same number in each row.</summary>
/// <param name="type">Says how many bytes a row has.</param>
/// <param name="capacity">Rows to make room for at first; 0 where unknown.</param>
public sealed class FixedSizeBinaryBuilder(FixedSizeBinaryType type, int capacity = 0) : ArrayBuilder(type)
{
    private GrowableBuffer _values = new(Validation.BufferSize((long)capacity * type.ByteWidth));

    /// <summary>Bytes per row.</summary>
    public int ByteWidth { get; } = type.ByteWidth;

    private protected override long DataSize => _values.Length;

    /// <summary>One more row.</summary>
    /// <param name="value">Its bytes, as many as the type says.</param>
    /// <exception cref="ArgumentException">There are more bytes or fewer.</exception>
    public void Append(ReadOnlySpan<byte> value)
    {
        if (value.Length != ByteWidth) throw new ArgumentException($"{Type} takes {ByteWidth} bytes, there are {value.Length}.", nameof(value));
        value.CopyTo(_values.Extend(ByteWidth));
        Appended();
    }

    private protected override void AppendNullData(int count) => _values.Extend(Validation.BufferSize((long)count * ByteWidth)).Clear();

    private protected override void AppendValue(ArrowArray source, int row) => Append(((FixedSizeBinaryArray)source).GetBytes(row));

    private protected override ArrowArray BuildCore(int length, ReadOnlyMemory<byte> validity) =>
        new FixedSizeBinaryArray((FixedSizeBinaryType)Type, length, _values.WrittenMemory, validity);

    private protected override void GiveUpBuffers() => _values.GiveUp();
}
