using System.Buffers.Binary;
using System.Numerics;
using CdcSync.Arrow;
using CdcSync.Core.Batches;

namespace CdcSync.Connectors.Postgres.Wire;

/// <summary>
/// Writes one column's fields of binary COPY: a length of 4 bytes (-1 = null), then the value. Columns are written one after the other into rows whose
/// sizes are known: two tight loops per column, and no object per value.
/// </summary>
internal abstract class CopyColumn
{
    private protected const int LengthPrefix = sizeof(int);

    /// <summary>Adds each row's bytes.</summary>
    /// <param name="start">The first row.</param>
    /// <param name="sizes">One per row from there.</param>
    public abstract void AddSizes(int start, Span<int> sizes);

    /// <summary>Writes each row's field at its cursor and moves the cursor behind it.</summary>
    /// <param name="start">The first row.</param>
    /// <param name="cursors">One per row from there: places in <paramref name="buffer"/>.</param>
    /// <param name="buffer">Large enough.</param>
    public abstract void Write(int start, Span<int> cursors, Span<byte> buffer);

    /// <summary>The columns of a chunk as they are staged: kind, order, then the rows' own.</summary>
    /// <param name="chunk">The rows.</param>
    /// <param name="firstSequence">The place of the first row in the order of the whole stage.</param>
    public static CopyColumn[] Staged(ChangeChunk chunk, long firstSequence) =>
        [new KindColumn(chunk.Kinds), new SequenceColumn(firstSequence), .. chunk.Rows.Columns.Select(For)];

    /// <summary>The rows' own columns.</summary>
    public static CopyColumn[] OfRows(ChangeChunk chunk) => [.. chunk.Rows.Columns.Select(For)];

    /// <summary>The column that writes an array as the type <see cref="Warehouse.PostgresType.For"/> names.</summary>
    public static CopyColumn For(ArrowArray array) => array switch
    {
        BoolArray a => new BoolColumn(a),
        VarLengthArray a => new VarLengthColumn(a),
        FixedSizeBinaryArray a => new FixedBinaryColumn(a),
        FixedWidthArray<sbyte> a => new FixedColumn<sbyte, Int16Form<sbyte>>(a, default),
        FixedWidthArray<byte> a => new FixedColumn<byte, Int16Form<byte>>(a, default),
        FixedWidthArray<short> a => new FixedColumn<short, Int16Form<short>>(a, default),
        FixedWidthArray<ushort> a => new FixedColumn<ushort, Int32Form<ushort>>(a, default),
        FixedWidthArray<int> { Type: Date32Type } a => new FixedColumn<int, DateForm>(a, default),
        FixedWidthArray<int> { Type: Time32Type t } a => new FixedColumn<int, TimeForm<int>>(a, new(PostgresTime.Microseconds(t.Unit))),
        FixedWidthArray<int> a => new FixedColumn<int, Int32Form<int>>(a, default),
        FixedWidthArray<uint> a => new FixedColumn<uint, Int64Form<uint>>(a, default),
        FixedWidthArray<long> { Type: Time64Type t } a => new FixedColumn<long, TimeForm<long>>(a, new(PostgresTime.Microseconds(t.Unit))),
        FixedWidthArray<long> { Type: TimestampType t } a => new FixedColumn<long, TimestampForm>(a, new(t.Unit)),
        FixedWidthArray<long> a => new FixedColumn<long, Int64Form<long>>(a, default),
        FixedWidthArray<ulong> a => new NumericColumn<ulong>(a, 0),
        FixedWidthArray<Int128> { Type: Decimal128Type t } a => new NumericColumn<Int128>(a, t.Scale),
        FixedWidthArray<Half> a => new FixedColumn<Half, RealForm<Half>>(a, default),
        FixedWidthArray<float> a => new FixedColumn<float, RealForm<float>>(a, default),
        FixedWidthArray<double> a => new FixedColumn<double, DoubleForm>(a, default),
        _ => throw new ArgumentException($"{array.Type} has no form in PostgreSQL.", nameof(array)),
    };

    private protected static void WriteNull(Span<byte> buffer, ref int cursor)
    {
        BinaryPrimitives.WriteInt32BigEndian(buffer[cursor..], -1);
        cursor += LengthPrefix;
    }

    private protected static bool IsNull(ReadOnlySpan<byte> validity, int row) => !validity.IsEmpty && !Bitmap.Get(validity, row);
}

/// <summary>A value's form of a fixed width.</summary>
/// <typeparam name="T">What it is in Arrow's memory.</typeparam>
internal interface IFixedForm<T>
{
    /// <summary>Its bytes.</summary>
    int Width { get; }

    /// <summary>Writes it.</summary>
    void Write(T value, Span<byte> destination);
}

internal readonly struct Int16Form<T> : IFixedForm<T> where T : IBinaryInteger<T>
{
    public int Width => sizeof(short);

    public void Write(T value, Span<byte> destination) => BinaryPrimitives.WriteInt16BigEndian(destination, short.CreateTruncating(value));
}

internal readonly struct Int32Form<T> : IFixedForm<T> where T : IBinaryInteger<T>
{
    public int Width => sizeof(int);

    public void Write(T value, Span<byte> destination) => BinaryPrimitives.WriteInt32BigEndian(destination, int.CreateTruncating(value));
}

internal readonly struct Int64Form<T> : IFixedForm<T> where T : IBinaryInteger<T>
{
    public int Width => sizeof(long);

    public void Write(T value, Span<byte> destination) => BinaryPrimitives.WriteInt64BigEndian(destination, long.CreateTruncating(value));
}

internal readonly struct RealForm<T> : IFixedForm<T> where T : IFloatingPoint<T>
{
    public int Width => sizeof(float);

    public void Write(T value, Span<byte> destination) => BinaryPrimitives.WriteSingleBigEndian(destination, float.CreateTruncating(value));
}

internal readonly struct DoubleForm : IFixedForm<double>
{
    public int Width => sizeof(double);

    public void Write(double value, Span<byte> destination) => BinaryPrimitives.WriteDoubleBigEndian(destination, value);
}

internal readonly struct DateForm : IFixedForm<int>
{
    public int Width => sizeof(int);

    public void Write(int value, Span<byte> destination) => BinaryPrimitives.WriteInt32BigEndian(destination, value - PostgresTime.EpochDays);
}

internal readonly struct TimeForm<T>(long microseconds) : IFixedForm<T> where T : IBinaryInteger<T>
{
    public int Width => sizeof(long);

    public void Write(T value, Span<byte> destination) => BinaryPrimitives.WriteInt64BigEndian(destination, long.CreateTruncating(value) * microseconds);
}

internal readonly struct TimestampForm(TimeUnit unit) : IFixedForm<long>
{
    public int Width => sizeof(long);

    public void Write(long value, Span<byte> destination) => BinaryPrimitives.WriteInt64BigEndian(destination, PostgresTime.FromUnix(value, unit));
}

internal sealed class FixedColumn<T, TForm>(FixedWidthArray<T> array, TForm form) : CopyColumn
    where T : unmanaged
    where TForm : struct, IFixedForm<T>
{
    public override void AddSizes(int start, Span<int> sizes)
    {
        var validity = array.Validity.Span;
        var size = LengthPrefix + form.Width;
        for (var i = 0; i < sizes.Length; i++)
            sizes[i] += IsNull(validity, start + i) ? LengthPrefix : size;
    }

    public override void Write(int start, Span<int> cursors, Span<byte> buffer)
    {
        var values = array.Values.Slice(start, cursors.Length);
        var validity = array.Validity.Span;
        for (var i = 0; i < values.Length; i++)
        {
            if (IsNull(validity, start + i))
            {
                WriteNull(buffer, ref cursors[i]);
                continue;
            }
            var field = buffer[cursors[i]..];
            BinaryPrimitives.WriteInt32BigEndian(field, form.Width);
            form.Write(values[i], field[LengthPrefix..]);
            cursors[i] += LengthPrefix + form.Width;
        }
    }
}

internal sealed class NumericColumn<T>(FixedWidthArray<T> array, int scale) : CopyColumn where T : unmanaged, IBinaryInteger<T>
{
    public override void AddSizes(int start, Span<int> sizes)
    {
        var values = array.Values.Slice(start, sizes.Length);
        var validity = array.Validity.Span;
        for (var i = 0; i < values.Length; i++)
            sizes[i] += LengthPrefix + (IsNull(validity, start + i) ? 0 : PostgresNumeric.Size(Int128.CreateTruncating(values[i]), scale));
    }

    public override void Write(int start, Span<int> cursors, Span<byte> buffer)
    {
        var values = array.Values.Slice(start, cursors.Length);
        var validity = array.Validity.Span;
        for (var i = 0; i < values.Length; i++)
        {
            if (IsNull(validity, start + i))
            {
                WriteNull(buffer, ref cursors[i]);
                continue;
            }
            var field = buffer[cursors[i]..];
            var size = PostgresNumeric.Write(Int128.CreateTruncating(values[i]), scale, field[LengthPrefix..]);
            BinaryPrimitives.WriteInt32BigEndian(field, size);
            cursors[i] += LengthPrefix + size;
        }
    }
}

internal sealed class BoolColumn(BoolArray array) : CopyColumn
{
    public override void AddSizes(int start, Span<int> sizes)
    {
        var validity = array.Validity.Span;
        for (var i = 0; i < sizes.Length; i++)
            sizes[i] += IsNull(validity, start + i) ? LengthPrefix : LengthPrefix + 1;
    }

    public override void Write(int start, Span<int> cursors, Span<byte> buffer)
    {
        var bits = array.Bits;
        var validity = array.Validity.Span;
        for (var i = 0; i < cursors.Length; i++)
        {
            if (IsNull(validity, start + i))
            {
                WriteNull(buffer, ref cursors[i]);
                continue;
            }
            var field = buffer[cursors[i]..];
            BinaryPrimitives.WriteInt32BigEndian(field, 1);
            field[LengthPrefix] = Bitmap.Get(bits, start + i) ? (byte)1 : (byte)0;
            cursors[i] += LengthPrefix + 1;
        }
    }
}

internal sealed class VarLengthColumn(VarLengthArray array) : CopyColumn
{
    public override void AddSizes(int start, Span<int> sizes)
    {
        var offsets = array.Offsets.Slice(start, sizes.Length + 1);
        var validity = array.Validity.Span;
        for (var i = 0; i < sizes.Length; i++)
            sizes[i] = checked(sizes[i] + LengthPrefix + (IsNull(validity, start + i) ? 0 : offsets[i + 1] - offsets[i]));
    }

    public override void Write(int start, Span<int> cursors, Span<byte> buffer)
    {
        var offsets = array.Offsets.Slice(start, cursors.Length + 1);
        var bytes = array.ValueBytes;
        var validity = array.Validity.Span;
        for (var i = 0; i < cursors.Length; i++)
        {
            if (IsNull(validity, start + i))
            {
                WriteNull(buffer, ref cursors[i]);
                continue;
            }
            var value = bytes[offsets[i]..offsets[i + 1]];
            var field = buffer[cursors[i]..];
            BinaryPrimitives.WriteInt32BigEndian(field, value.Length);
            value.CopyTo(field[LengthPrefix..]);
            cursors[i] += LengthPrefix + value.Length;
        }
    }
}

internal sealed class FixedBinaryColumn(FixedSizeBinaryArray array) : CopyColumn
{
    public override void AddSizes(int start, Span<int> sizes)
    {
        var validity = array.Validity.Span;
        for (var i = 0; i < sizes.Length; i++)
            sizes[i] = checked(sizes[i] + LengthPrefix + (IsNull(validity, start + i) ? 0 : array.ByteWidth));
    }

    public override void Write(int start, Span<int> cursors, Span<byte> buffer)
    {
        var values = array.Values;
        var validity = array.Validity.Span;
        for (var i = 0; i < cursors.Length; i++)
        {
            if (IsNull(validity, start + i))
            {
                WriteNull(buffer, ref cursors[i]);
                continue;
            }
            var field = buffer[cursors[i]..];
            BinaryPrimitives.WriteInt32BigEndian(field, array.ByteWidth);
            values.Slice((start + i) * array.ByteWidth, array.ByteWidth).CopyTo(field[LengthPrefix..]);
            cursors[i] += LengthPrefix + array.ByteWidth;
        }
    }
}

/// <summary>The kinds of change, as smallint.</summary>
internal sealed class KindColumn(ReadOnlyMemory<ChangeKind> kinds) : CopyColumn
{
    public override void AddSizes(int start, Span<int> sizes)
    {
        foreach (ref var size in sizes) size += LengthPrefix + sizeof(short);
    }

    public override void Write(int start, Span<int> cursors, Span<byte> buffer)
    {
        var span = kinds.Span.Slice(start, cursors.Length);
        for (var i = 0; i < cursors.Length; i++)
        {
            var field = buffer[cursors[i]..];
            BinaryPrimitives.WriteInt32BigEndian(field, sizeof(short));
            BinaryPrimitives.WriteInt16BigEndian(field[LengthPrefix..], (short)span[i]);
            cursors[i] += LengthPrefix + sizeof(short);
        }
    }
}

/// <summary>The order of the rows in their stage, as bigint.</summary>
internal sealed class SequenceColumn(long first) : CopyColumn
{
    public override void AddSizes(int start, Span<int> sizes)
    {
        foreach (ref var size in sizes) size += LengthPrefix + sizeof(long);
    }

    public override void Write(int start, Span<int> cursors, Span<byte> buffer)
    {
        for (var i = 0; i < cursors.Length; i++)
        {
            var field = buffer[cursors[i]..];
            BinaryPrimitives.WriteInt32BigEndian(field, sizeof(long));
            BinaryPrimitives.WriteInt64BigEndian(field[LengthPrefix..], first + start + i);
            cursors[i] += LengthPrefix + sizeof(long);
        }
    }
}
