using System.Buffers.Binary;
using CdcSync.Arrow.Ipc;

namespace CdcSync.Arrow.Tests.Ipc;

/// <summary>Writes dictionary-encoded streams and files, which the library only reads.</summary>
internal static class DictionaryMessages
{
    /// <summary>A field and the dictionary its values come from; null for a plain field.</summary>
    internal sealed record EncodedField(string Name, ArrowType Type, long Id = 0, short Kind = 0);

    internal static Schema Of(params EncodedField[] fields) => new([.. fields.Select(field => new Field(field.Name, field.Type, nullable: true))]);

    internal static EncodedMessage Schema(params EncodedField[] fields)
    {
        var writer = new FlatBufferWriter();
        var header = WriteSchema(writer, fields);
        return new(MessageEncoder.Frame(MessageEncoder.Message(writer, MessageKind.Schema, header, 0), 0), [], 0);
    }

    internal static EncodedMessage Dictionary(long id, ArrowArray values, bool isDelta = false)
    {
        var writer = new FlatBufferWriter();
        var buffers = new List<ReadOnlyMemory<byte>>();
        var schema = new Schema([new("", values.Type, nullable: true)]);
        var (batch, bodyLength) = MessageEncoder.WriteBatch(writer, new(schema, [values], values.Length), buffers);
        writer.StartTable();
        writer.AddInt64(0, id);
        writer.AddReference(1, batch);
        if (isDelta) writer.AddBool(2, true);
        var header = writer.EndTable();
        return new(MessageEncoder.Frame(MessageEncoder.Message(writer, MessageKind.DictionaryBatch, header, bodyLength), 0), buffers, bodyLength);
    }

    /// <summary>Columns of places, or plain ones.</summary>
    internal static EncodedMessage Batch(params ArrowArray[] columns) =>
        MessageEncoder.Batch(new(new([.. columns.Select(column => new Field("", column.Type, nullable: true))]), columns, columns[0].Length), 0);

    internal static byte[] ToStream(params EncodedMessage[] messages)
    {
        using var stream = new MemoryStream();
        var sink = new MessageSink(stream);
        foreach (var message in messages) sink.Write(message);
        sink.Write(IpcFormat.EndOfStream);
        return stream.ToArray();
    }

    internal static byte[] ToFile(EncodedField[] fields, EncodedMessage[] dictionaries, EncodedMessage[] batches)
    {
        using var stream = new MemoryStream();
        var sink = new MessageSink(stream);
        sink.Write(IpcFormat.FileStart);
        sink.Write(Schema(fields));
        Block[] dictionaryBlocks = [.. dictionaries.Select(sink.Write)];
        Block[] blocks = [.. batches.Select(sink.Write)];
        sink.Write(IpcFormat.EndOfStream);

        var writer = new FlatBufferWriter();
        var schema = WriteSchema(writer, fields);
        var dictionariesAt = writer.Vector(Structs(dictionaryBlocks), dictionaryBlocks.Length);
        var blocksAt = writer.Vector(Structs(blocks), blocks.Length);
        writer.StartTable();
        writer.AddReference(1, schema);
        writer.AddReference(2, dictionariesAt);
        writer.AddReference(3, blocksAt);
        writer.AddInt16(0, (short)MetadataVersion.V5);
        var footer = writer.Finish(writer.EndTable()).ToArray();
        sink.Write(footer);
        sink.Write(BitConverter.GetBytes(footer.Length));
        sink.Write(IpcFormat.Magic);
        return stream.ToArray();
    }

    /// <summary>The same messages in the framing from before 0.15: no mark before a length.</summary>
    internal static byte[] OldFraming(byte[] stream)
    {
        var old = new List<byte>();
        for (var at = 0; at + 8 <= stream.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(stream.AsSpan(at + 4));
            old.AddRange(stream.AsSpan(at + 4, 4 + length));
            at += 8 + length;
            if (length == 0) break;
            var (_, body) = MessageDecoder.ReadKind(stream.AsSpan(at - length, length), "test");
            old.AddRange(stream.AsSpan(at, (int)body));
            at += (int)body;
        }
        return [.. old];
    }

    private static byte[] Structs(Block[] blocks) => Columns.Bytes([.. blocks.SelectMany(block => new[] { block.Offset, block.MetadataLength, block.BodyLength })]);

    private static int WriteSchema(FlatBufferWriter writer, EncodedField[] fields)
    {
        var places = writer.Vector([.. fields.Select(field => WriteField(writer, field))]);
        writer.StartTable();
        writer.AddReference(1, places);
        return writer.EndTable();
    }

    private static int WriteField(FlatBufferWriter writer, EncodedField field)
    {
        var name = writer.String(field.Name);
        var encoded = field.Type as DictionaryType;
        var (tag, type) = SchemaEncoder.WriteType(writer, encoded?.ValueType ?? field.Type);
        var encoding = encoded is null ? 0 : WriteEncoding(writer, encoded, field);
        writer.StartTable();
        writer.AddReference(0, name);
        writer.AddReference(3, type);
        if (encoded is not null) writer.AddReference(4, encoding);
        writer.AddBool(1, true);
        writer.AddByte(2, (byte)tag);
        return writer.EndTable();
    }

    private static int WriteEncoding(FlatBufferWriter writer, DictionaryType type, EncodedField field)
    {
        // A signed 32-bit place is what an absent index type means.
        var index = type.IndexType is Int32Type ? 0 : SchemaEncoder.WriteType(writer, type.IndexType).Place;
        writer.StartTable();
        writer.AddInt64(0, field.Id);
        if (index != 0) writer.AddReference(1, index);
        if (type.Ordered) writer.AddBool(2, true);
        if (field.Kind != 0) writer.AddInt16(3, field.Kind);
        return writer.EndTable();
    }
}
