using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CdcSync.Arrow.Ipc;

/// <summary>Takes one message apart and checks every length and offset in it against the bytes that are there. Knows no streams.</summary>
internal static class MessageDecoder
{
    /// <summary>What the message holds and how many bytes of body follow it.</summary>
    internal static (MessageKind Kind, long BodyLength) ReadKind(ReadOnlySpan<byte> metadata, string where)
    {
        var message = FlatTable.Root(metadata, where);
        CheckVersion(message.Int16(0), where);
        var kind = (MessageKind)message.Byte(1);
        var bodyLength = message.Int64(3);
        if (bodyLength < 0) throw new ArrowFormatException("the body has a negative length", where);
        return kind switch
        {
            MessageKind.Schema or MessageKind.RecordBatch => (kind, bodyLength),
            MessageKind.DictionaryBatch => throw new ArrowNotSupportedException("dictionary encoding", where),
            MessageKind.Tensor or MessageKind.SparseTensor => throw new ArrowNotSupportedException("a tensor", where),
            _ => throw new ArrowFormatException("there is no such kind of message", where, $"{(byte)kind}", "1 to 5"),
        };
    }

    internal static Schema ReadSchema(ReadOnlySpan<byte> metadata, string where) =>
        SchemaDecoder.Read(FlatTable.Root(metadata, where).Table(2, "the message's header"));

    /// <summary>A batch whose columns lie in the body, without a copy.</summary>
    internal static RecordBatch ReadBatch(ReadOnlySpan<byte> metadata, Schema schema, ReadOnlyMemory<byte> body, string where)
    {
        var header = FlatTable.Root(metadata, where).Table(2, "the message's header");
        if (header.Has(3)) throw new ArrowNotSupportedException("a compressed body", where);
        var length = header.Int64(0);
        if (length < 0) throw new ArrowFormatException("the number of rows is negative", where);
        if (length > Array.MaxLength) throw new ArrowNotSupportedException($"a batch of {length} rows (at most {Array.MaxLength})", where);
        var layout = new BatchLayout(header.Vector(1, elementSize: 16), header.Vector(2, elementSize: 16), body, (int)length, where);
        return layout.Read(schema);
    }

    /// <summary>The schema in a footer, and where the batches lie.</summary>
    internal static (Schema Schema, Block[] Blocks) ReadFooter(ReadOnlySpan<byte> bytes)
    {
        var footer = FlatTable.Root(bytes, "footer");
        // Old writers leave the footer's version out; each message has its own.
        if (footer.Has(0)) CheckVersion(footer.Int16(0), "footer");
        if (footer.Vector(2, elementSize: 24).Count > 0) throw new ArrowNotSupportedException("dictionary encoding", "footer");
        var schema = SchemaDecoder.Read(footer.Table(1, "the schema"));
        var vector = footer.Vector(3, elementSize: 24);
        var blocks = new Block[vector.Count];
        for (var i = 0; i < blocks.Length; i++)
        {
            var block = vector.Struct(i);
            blocks[i] = new(BinaryPrimitives.ReadInt64LittleEndian(block), BinaryPrimitives.ReadInt32LittleEndian(block[8..]), BinaryPrimitives.ReadInt64LittleEndian(block[16..]));
        }
        return (schema, blocks);
    }

    private static void CheckVersion(short version, string where)
    {
        if (version is not ((short)MetadataVersion.V4 or (short)MetadataVersion.V5))
            throw new ArrowNotSupportedException($"metadata version V{version + 1} (V4 and V5 are)", where);
    }
}

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
