using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace CdcSync.Arrow;

/// <summary>Builds a column of text (UTF-8) or bytes. A column holds at most 2 GiB of them.</summary>
public sealed class VarLengthBuilder : ArrayBuilder
{
    private GrowableBuffer _offsets;
    private GrowableBuffer _values = new(0);

    /// <summary>For text or bytes.</summary>
    /// <param name="type">A <see cref="StringType"/>, <see cref="BinaryType"/>, <see cref="LargeStringType"/> or <see cref="LargeBinaryType"/>.</param>
    /// <param name="capacity">Rows to make room for at first; 0 where unknown.</param>
    /// <exception cref="ArgumentException">The type is another.</exception>
    public VarLengthBuilder(ArrowType type, int capacity = 0) : base(Validation.IsVarLength(type)) =>
        _offsets = new(capacity == 0 ? 0 : Validation.BufferSize(Validation.OffsetBytes(capacity)));

    private protected override long DataSize => _offsets.Length + _values.Length;

    /// <summary>One more row. Text is not checked to be UTF-8.</summary>
    /// <param name="value">Its bytes.</param>
    /// <exception cref="ArrowNotSupportedException">The column would be larger than 2 GiB.</exception>
    public void Append(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_values.Reserve(value.Length));
        EndRow(value.Length);
    }

    /// <summary>One more row of text.</summary>
    /// <param name="value">The text, which is stored as UTF-8.</param>
    /// <exception cref="ArgumentException">The text holds half of a surrogate pair, so that it can't be kept unchanged.</exception>
    /// <exception cref="ArrowNotSupportedException">The column would be larger than 2 GiB.</exception>
    public void Append(ReadOnlySpan<char> value)
    {
        var room = _values.Reserve(Validation.BufferSize(3L * value.Length));
        if (Utf8.FromUtf16(value, room, out var read, out var written, replaceInvalidSequences: false) != OperationStatus.Done)
            throw new ArgumentException($"The text is not valid UTF-16 at character {read}: half of a surrogate pair.", nameof(value));
        EndRow(written);
    }

    /// <summary>One more row of text.</summary>
    /// <param name="value">The text, which is stored as UTF-8; null is not a null row but a mistake.</param>
    /// <exception cref="ArgumentException">The text holds half of a surrogate pair, so that it can't be kept unchanged.</exception>
    /// <exception cref="ArrowNotSupportedException">The column would be larger than 2 GiB.</exception>
    public void Append(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Append(value.AsSpan());
    }

    private protected override void AppendNullData(int count)
    {
        StartOffsets();
        MemoryMarshal.Cast<byte, int>(_offsets.Extend(Validation.BufferSize((long)count * sizeof(int)))).Fill(_values.Length);
    }

    private protected override void AppendValue(ArrowArray source, int row) => Append(((VarLengthArray)source).GetBytes(row));

    private protected override ArrowArray BuildCore(int length, ReadOnlyMemory<byte> validity) =>
        VarLengthArray.Trusted(Type, length, _offsets.WrittenMemory, _values.WrittenMemory, validity);

    private protected override void GiveUpBuffers()
    {
        _offsets.GiveUp();
        _values.GiveUp();
    }

    private void EndRow(int bytes)
    {
        StartOffsets();
        _offsets.Append(_values.Length + bytes);
        _values.Advance(bytes);
        Appended();
    }

    private void StartOffsets()
    {
        if (_offsets.Length == 0) _offsets.Append(0);
    }
}
