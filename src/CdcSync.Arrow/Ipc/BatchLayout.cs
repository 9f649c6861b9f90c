using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CdcSync.Arrow.Ipc;

/// <summary>The columns of one batch being laid over its body, buffer after buffer.</summary>
internal ref struct BatchLayout(FlatVector nodes, FlatVector buffers, ReadOnlyMemory<byte> body, int length, string where)
{
    private readonly FlatVector _nodes = nodes;
    private readonly FlatVector _buffers = buffers;
    private int _nextBuffer;

    internal RecordBatch Read(Schema schema)
    {
        if (_nodes.Count != schema.Fields.Count)
            throw new ArrowFormatException("the batch has another number of columns than the schema", where, $"{_nodes.Count}", $"{schema.Fields.Count}");
        var columns = new ArrowArray[_nodes.Count];
        for (var i = 0; i < columns.Length; i++) columns[i] = ReadColumn(schema.Fields[i], _nodes.Struct(i));
        if (_nextBuffer != _buffers.Count)
            throw new ArrowFormatException("the batch has more buffers than its columns need", where, $"{_buffers.Count}", $"{_nextBuffer}");
        return new(schema, columns, length);
    }

    private ArrowArray ReadColumn(Field field, ReadOnlySpan<byte> node)
    {
        var place = $"{where}, column '{field.Name}'";
        var rows = BinaryPrimitives.ReadInt64LittleEndian(node);
        var nulls = BinaryPrimitives.ReadInt64LittleEndian(node[8..]);
        if (rows != length) throw new ArrowFormatException("the column has another number of rows than the batch", place, $"{rows}", $"{length}");
        if (nulls < 0 || nulls > length) throw new ArrowFormatException("the number of nulls is not possible", place, $"{nulls}", $"0 to {length}");
        if (field.DataType is NullType) return new NullArray(length);

        var validity = ReadValidity(nulls, place);
        var column = field.DataType switch
        {
            StringType or BinaryType => ReadVarLength(field.DataType, validity, place),
            BooleanType => new BoolArray(length, NextBuffer(Bitmap.ByteCount(length), place), validity),
            FixedSizeBinaryType binary => new FixedSizeBinaryArray(binary, length, NextBuffer((long)length * binary.ByteWidth, place), validity),
            _ => Layout.CreateFixedWidthArray(field.DataType, length, NextBuffer((long)length * Layout.ElementSize(field.DataType), place), validity),
        };
        if (column.NullCount != nulls) throw new ArrowFormatException("the bitmap has another number of nulls than the column", place, $"{column.NullCount}", $"{nulls}");
        return column;
    }

    private ReadOnlyMemory<byte> ReadValidity(long nulls, string place)
    {
        // Without nulls the bitmap may be left out, and what is in it does not count.
        var bitmap = NextBuffer(nulls == 0 ? 0 : Bitmap.ByteCount(length), place);
        return nulls == 0 ? default : bitmap;
    }

    private VarLengthArray ReadVarLength(ArrowType type, ReadOnlyMemory<byte> validity, string place)
    {
        // Old writers leave the one offset of an empty column out.
        var offsets = NextBuffer(length == 0 ? 0 : Validation.OffsetBytes(length), place);
        var values = NextBuffer(0, place);
        if (length == 0) return VarLengthArray.Trusted(type, 0, default, default, default);
        offsets = offsets[..(int)Validation.OffsetBytes(length)];
        if (Validation.FirstWrongOffset(MemoryMarshal.Cast<byte, int>(offsets.Span), values.Length) is >= 0 and var wrong)
            throw new ArrowFormatException("an offset goes down or beyond the values", place, $"offset {wrong} of {length + 1}");
        return VarLengthArray.Trusted(type, length, offsets, values, validity);
    }

    private ReadOnlyMemory<byte> NextBuffer(long atLeast, string place)
    {
        if (_nextBuffer == _buffers.Count) throw new ArrowFormatException("the batch has fewer buffers than its columns need", place, $"{_buffers.Count}");
        var buffer = _buffers.Struct(_nextBuffer++);
        var offset = BinaryPrimitives.ReadInt64LittleEndian(buffer);
        var size = BinaryPrimitives.ReadInt64LittleEndian(buffer[8..]);
        if (offset < 0 || size < 0 || offset > body.Length || size > body.Length - offset)
            throw new ArrowFormatException("a buffer lies outside the body", place, $"{size} bytes at {offset}", $"inside {body.Length}");
        if (size < atLeast) throw new ArrowFormatException("a buffer is too short for the rows", place, $"{size} bytes", $"{atLeast}");
        return body.Slice((int)offset, (int)size);
    }
}
