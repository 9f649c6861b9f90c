using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CdcSync.Arrow.Ipc;

/// <summary>The columns of one batch being laid over its body, buffer after buffer.</summary>
internal ref struct BatchLayout(FlatVector nodes, FlatVector buffers, ReadOnlyMemory<byte> body, int length, string where)
{
    private readonly FlatVector _nodes = nodes;
    private readonly FlatVector _buffers = buffers;
    private int _nextBuffer;

    internal RecordBatch Read(Schema schema, Dictionaries dictionaries)
    {
        if (_nodes.Count != schema.Fields.Count)
            throw new ArrowFormatException("the batch has another number of columns than the schema", where, $"{_nodes.Count}", $"{schema.Fields.Count}");
        var columns = new ArrowArray[_nodes.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            var (field, place) = (schema.Fields[i], $"{where}, column '{schema.Fields[i].Name}'");
            columns[i] = field.DataType is DictionaryType type
                ? ReadDictionary(type, _nodes.Struct(i), dictionaries.Values(i), place)
                : ReadColumn(field.DataType, _nodes.Struct(i), place);
        }
        if (_nextBuffer != _buffers.Count)
            throw new ArrowFormatException("the batch has more buffers than its columns need", where, $"{_buffers.Count}", $"{_nextBuffer}");
        return new(schema, columns, length);
    }

    private DictionaryArray ReadDictionary(DictionaryType type, ReadOnlySpan<byte> node, ArrowArray dictionary, string place)
    {
        var indices = ReadColumn(type.IndexType, node, place);
        return DictionaryArray.FirstOutside(indices, dictionary.Length) is >= 0 and var row
            ? throw new ArrowFormatException($"row {row} points outside the dictionary", place, expected: $"a place among {dictionary.Length} values")
            : new(indices, dictionary, type);
    }

    private ArrowArray ReadColumn(ArrowType type, ReadOnlySpan<byte> node, string place)
    {
        var rows = BinaryPrimitives.ReadInt64LittleEndian(node);
        var nulls = BinaryPrimitives.ReadInt64LittleEndian(node[8..]);
        if (rows != length) throw new ArrowFormatException("the column has another number of rows than the batch", place, $"{rows}", $"{length}");
        if (nulls < 0 || nulls > length) throw new ArrowFormatException("the number of nulls is not possible", place, $"{nulls}", $"0 to {length}");
        if (type is NullType) return new NullArray(length);

        var validity = ReadValidity(nulls, place);
        var column = type switch
        {
            StringType or BinaryType => ReadVarLength(type, validity, place),
            LargeStringType or LargeBinaryType => ReadLargeVarLength(type, validity, place),
            BooleanType => new BoolArray(length, NextBuffer(Bitmap.ByteCount(length), place), validity),
            FixedSizeBinaryType binary => new FixedSizeBinaryArray(binary, length, NextBuffer((long)length * binary.ByteWidth, place), validity),
            _ => Layout.CreateFixedWidthArray(type, length, NextBuffer((long)length * Layout.ElementSize(type), place), validity),
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
            throw WrongOffset(wrong, place);
        return VarLengthArray.Trusted(type, length, offsets, values, validity);
    }

    /// <summary>Offsets of 64 bits become offsets of 32: a body holds at most 2 GiB. They are the one thing that is copied.</summary>
    private VarLengthArray ReadLargeVarLength(ArrowType type, ReadOnlyMemory<byte> validity, string place)
    {
        var offsets = NextBuffer(length == 0 ? 0 : 2 * Validation.OffsetBytes(length), place);
        var values = NextBuffer(0, place);
        if (length == 0) return VarLengthArray.Trusted(type, 0, default, default, default);
        var wide = MemoryMarshal.Cast<byte, long>(offsets.Span)[..(length + 1)];
        var bytes = GC.AllocateUninitializedArray<byte>((int)Validation.OffsetBytes(length));
        var narrow = MemoryMarshal.Cast<byte, int>(bytes.AsSpan());
        long last = 0;
        for (var i = 0; i < wide.Length; i++)
        {
            if (wide[i] < last || wide[i] > values.Length) throw WrongOffset(i, place);
            narrow[i] = (int)(last = wide[i]);
        }
        return VarLengthArray.Trusted(type, length, bytes, values, validity);
    }

    private ArrowFormatException WrongOffset(int wrong, string place) =>
        new("an offset goes down or beyond the values", place, $"offset {wrong} of {length + 1}");

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
