using System.Buffers.Binary;

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
            MessageKind.Schema or MessageKind.RecordBatch or MessageKind.DictionaryBatch => (kind, bodyLength),
            MessageKind.Tensor or MessageKind.SparseTensor => throw new ArrowNotSupportedException("a tensor", where),
            _ => throw new ArrowFormatException("there is no such kind of message", where, $"{(byte)kind}", "1 to 5"),
        };
    }

    internal static (Schema Schema, Dictionaries Dictionaries) ReadSchema(ReadOnlySpan<byte> metadata, string where) =>
        SchemaDecoder.Read(FlatTable.Root(metadata, where).Table(2, "the message's header"));

    /// <summary>A batch whose columns lie in the body, without a copy.</summary>
    internal static RecordBatch ReadBatch(ReadOnlySpan<byte> metadata, Schema schema, Dictionaries dictionaries, ReadOnlyMemory<byte> body, string where) =>
        ReadBatch(FlatTable.Root(metadata, where).Table(2, "the message's header"), schema, dictionaries, body, where);

    internal static RecordBatch ReadBatch(FlatTable header, Schema schema, Dictionaries dictionaries, ReadOnlyMemory<byte> body, string where)
    {
        if (header.Has(3)) throw Compressed(header.Table(3, "the compression"), where);
        var length = header.Int64(0);
        if (length < 0) throw new ArrowFormatException("the number of rows is negative", where);
        if (length > Array.MaxLength) throw new ArrowNotSupportedException($"a batch of {length} rows (at most {Array.MaxLength})", where);
        var layout = new BatchLayout(header.Vector(1, elementSize: 16), header.Vector(2, elementSize: 16), body, (int)length, where);
        return layout.Read(schema, dictionaries);
    }

    /// <summary>The schema in a footer, and where dictionaries and batches lie.</summary>
    internal static Footer ReadFooter(ReadOnlySpan<byte> bytes)
    {
        var footer = FlatTable.Root(bytes, "footer");
        // Old writers leave the footer's version out; each message has its own.
        if (footer.Has(0)) CheckVersion(footer.Int16(0), "footer");
        var (schema, dictionaries) = SchemaDecoder.Read(footer.Table(1, "the schema"));
        return new(schema, dictionaries, ReadBlocks(footer.Vector(2, elementSize: 24)), ReadBlocks(footer.Vector(3, elementSize: 24)));
    }

    private static Block[] ReadBlocks(FlatVector vector)
    {
        var blocks = new Block[vector.Count];
        for (var i = 0; i < blocks.Length; i++)
        {
            var block = vector.Struct(i);
            blocks[i] = new(BinaryPrimitives.ReadInt64LittleEndian(block), BinaryPrimitives.ReadInt32LittleEndian(block[8..]), BinaryPrimitives.ReadInt64LittleEndian(block[16..]));
        }
        return blocks;
    }

    private static ArrowException Compressed(FlatTable compression, string where) => compression.Byte(0) switch
    {
        0 => new ArrowNotSupportedException("a body compressed with LZ4", where),
        1 => new ArrowNotSupportedException("a body compressed with ZSTD", where),
        var codec => new ArrowFormatException("there is no such compression", where, $"{codec}", "0 or 1"),
    };

    private static void CheckVersion(short version, string where)
    {
        if (version is not ((short)MetadataVersion.V4 or (short)MetadataVersion.V5))
            throw new ArrowNotSupportedException($"metadata version V{version + 1} (V4 and V5 are)", where);
    }
}

/// <summary>What a file's footer says.</summary>
/// <param name="Schema">The schema of every batch.</param>
/// <param name="Dictionaries">The dictionaries its columns use, still without values.</param>
/// <param name="DictionaryBlocks">Where their values lie.</param>
/// <param name="Blocks">Where the batches lie.</param>
internal sealed record Footer(Schema Schema, Dictionaries Dictionaries, Block[] DictionaryBlocks, Block[] Blocks);
