namespace CdcSync.Arrow;

/// <summary>
/// Builds a column value by value in Arrow's memory layout, without an allocation per value. <see cref="Build"/> hands the buffers over and the
/// builder starts anew. Not safe for concurrent use.
/// </summary>
public abstract class ArrayBuilder
{
    private byte[]? _validity;

    private protected ArrayBuilder(ArrowType type) => Type = type;

    /// <summary>The type of the column.</summary>
    public ArrowType Type { get; }

    /// <summary>Rows so far.</summary>
    public int Length { get; private set; }

    /// <summary>Null rows so far.</summary>
    public int NullCount { get; private set; }

    /// <summary>Bytes of data so far: validity, offsets and values, without slack.</summary>
    public long ByteSize => (_validity is null ? 0 : Bitmap.ByteCount(Length)) + DataSize;

    /// <summary>The builder for a type's columns: a <see cref="NullBuilder"/>, <see cref="BoolBuilder"/>, <see cref="FixedWidthBuilder{T}"/>,
    /// <see cref="FixedSizeBinaryBuilder"/> or <see cref="VarLengthBuilder"/>.</summary>
    /// <param name="type">The column's type.</param>
    /// <param name="capacity">Rows to make room for at first; 0 where unknown.</param>
    public static ArrayBuilder For(ArrowType type, int capacity = 0) => Layout.CreateBuilder(type, capacity);

    /// <summary>One more row that is null.</summary>
    public void AppendNull() => AppendNulls(1);

    /// <summary>More rows that are null.</summary>
    /// <param name="count">How many, 0 or more.</param>
    public void AppendNulls(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count == 0) return;
        AppendNullData(count);
        // A column of type null says so by its type: it has no bitmap.
        if (Type is not NullType) NeedValidity(count);
        Length += count;
        NullCount += count;
    }

    /// <summary>One more row, a copy of another column's row.</summary>
    /// <param name="source">A column of the same type.</param>
    /// <param name="row">The row in it.</param>
    /// <exception cref="ArgumentException">The type is another.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public void AppendFrom(ArrowArray source, int row)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!ReferenceEquals(source.Type, Type) && source.Type != Type)
            throw new ArgumentException($"The builder takes {Type}, the column holds {source.Type}.", nameof(source));
        if (source.IsNull(row)) AppendNulls(1);
        else AppendValue(source, row);
    }

    /// <summary>The column built so far; the builder is empty afterwards and shares nothing with it.</summary>
    public ArrowArray Build()
    {
        var array = View();
        GiveUpBuffers();
        _validity = null;
        Length = NullCount = 0;
        return array;
    }

    /// <summary>The column built so far, while the builder goes on: later rows are written behind those of the view, or into new buffers. Only a bitmap's last
    /// byte is shared with them, and there they set bits that no reader of the view looks at.</summary>
    internal ArrowArray View() => BuildCore(Length, _validity is null ? default : _validity.AsMemory(0, Bitmap.ByteCount(Length)));

    private protected abstract long DataSize { get; }

    private protected abstract void AppendNullData(int count);

    private protected abstract void AppendValue(ArrowArray source, int row);

    private protected abstract ArrowArray BuildCore(int length, ReadOnlyMemory<byte> validity);

    /// <summary>After the buffers went to a column: the next row goes into new ones.</summary>
    private protected abstract void GiveUpBuffers();

    /// <summary>Counts a row whose value was appended.</summary>
    private protected void Appended()
    {
        if (_validity is not null) MarkValid(1);
        Length++;
    }

    /// <summary>Counts rows whose values were appended.</summary>
    private protected void Appended(int count)
    {
        if (_validity is not null) MarkValid(count);
        Length += count;
    }

    private void MarkValid(int count)
    {
        EnsureBits(count);
        if (count == 1) Bitmap.Set(_validity, Length);
        else Bitmap.SetRange(_validity, Length, count);
    }

    private void NeedValidity(int count)
    {
        var first = _validity is null;
        EnsureBits(count);
        if (first) Bitmap.SetRange(_validity, 0, Length);
    }

    private void EnsureBits(int count)
    {
        var needed = Bitmap.ByteCount(checked(Length + count));
        if (_validity is null) _validity = new byte[Math.Max(needed, 64)];
        else if (needed > _validity.Length) Array.Resize(ref _validity, Math.Max(needed, 2 * _validity.Length));
    }
}
