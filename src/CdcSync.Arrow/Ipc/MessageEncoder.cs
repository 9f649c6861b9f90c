using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CdcSync.Arrow.Ipc;

/// <summary>One message ready to be written: its framed description, then the body's buffers, each padded to <see cref="IpcFormat.Alignment"/>.</summary>
/// <param name="Metadata">Prefix, flat buffer and padding.</param>
/// <param name="Buffers">The body's buffers as they lie in memory, without padding.</param>
/// <param name="BodyLength">Bytes of the body, padding included.</param>
internal sealed record EncodedMessage(ReadOnlyMemory<byte> Metadata, IReadOnlyList<ReadOnlyMemory<byte>> Buffers, long BodyLength);

/// <summary>Lays out one message. Knows no streams; the position is only needed to pad to the alignment.</summary>
internal static class MessageEncoder
{
    private const int Prefix = 2 * sizeof(int);

    internal static EncodedMessage Schema(Schema schema, long position)
    {
        var writer = new FlatBufferWriter();
        var header = SchemaEncoder.Write(writer, schema);
        return new(Frame(Message(writer, MessageKind.Schema, header, bodyLength: 0), position), [], 0);
    }

    internal static EncodedMessage Batch(RecordBatch batch, long position)
    {
        var writer = new FlatBufferWriter();
        var buffers = new List<ReadOnlyMemory<byte>>(3 * batch.ColumnCount);
        var (header, bodyLength) = WriteBatch(writer, batch, buffers);
        return new(Frame(Message(writer, MessageKind.RecordBatch, header, bodyLength), position), buffers, bodyLength);
    }

    /// <summary>The description of a batch, whose buffers are added to the list in the body's order.</summary>
    internal static (int Header, long BodyLength) WriteBatch(FlatBufferWriter writer, RecordBatch batch, List<ReadOnlyMemory<byte>> buffers)
    {
        var nodes = new long[2 * batch.ColumnCount];
        for (var i = 0; i < batch.ColumnCount; i++)
        {
            var column = batch.Column(i);
            nodes[2 * i] = column.Length;
            nodes[2 * i + 1] = column.NullCount;
            AddBuffers(buffers, column);
        }
        var (places, bodyLength) = Place(buffers);
        var nodesAt = writer.Vector(MemoryMarshal.AsBytes(nodes), batch.ColumnCount);
        var buffersAt = writer.Vector(MemoryMarshal.AsBytes(places), buffers.Count);
        writer.StartTable();
        writer.AddInt64(0, batch.Length);
        writer.AddReference(1, nodesAt);
        writer.AddReference(2, buffersAt);
        return (writer.EndTable(), bodyLength);
    }

    /// <summary>The footer of a file with its length and the closing magic.</summary>
    internal static byte[] Footer(Schema schema, IReadOnlyList<Block> blocks)
    {
        var writer = new FlatBufferWriter();
        var schemaAt = SchemaEncoder.Write(writer, schema);
        var structs = new long[3 * blocks.Count];
        for (var i = 0; i < blocks.Count; i++) (structs[3 * i], structs[3 * i + 1], structs[3 * i + 2]) = (blocks[i].Offset, blocks[i].MetadataLength, blocks[i].BodyLength);
        var blocksAt = writer.Vector(MemoryMarshal.AsBytes(structs), blocks.Count);
        var dictionariesAt = writer.Vector([], 0);
        writer.StartTable();
        writer.AddReference(1, schemaAt);
        writer.AddReference(2, dictionariesAt);
        writer.AddReference(3, blocksAt);
        writer.AddInt16(0, (short)MetadataVersion.V5);
        var footer = writer.Finish(writer.EndTable());

        var bytes = new byte[footer.Length + IpcFormat.FooterTail];
        footer.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(footer.Length), footer.Length);
        IpcFormat.Magic.CopyTo(bytes.AsSpan(footer.Length + sizeof(int)));
        return bytes;
    }

    internal static ReadOnlySpan<byte> Message(FlatBufferWriter writer, MessageKind kind, int header, long bodyLength)
    {
        writer.StartTable();
        writer.AddInt64(3, bodyLength);
        writer.AddReference(2, header);
        writer.AddInt16(0, (short)MetadataVersion.V5);
        writer.AddByte(1, (byte)kind);
        return writer.Finish(writer.EndTable());
    }

    internal static byte[] Frame(ReadOnlySpan<byte> message, long position)
    {
        var length = Prefix + message.Length;
        var framed = new byte[length + IpcFormat.Padding(position + length)];
        BinaryPrimitives.WriteInt32LittleEndian(framed, IpcFormat.Continuation);
        BinaryPrimitives.WriteInt32LittleEndian(framed.AsSpan(sizeof(int)), framed.Length - Prefix);
        message.CopyTo(framed.AsSpan(Prefix));
        return framed;
    }

    private static void AddBuffers(List<ReadOnlyMemory<byte>> buffers, ArrowArray column)
    {
        if (column is NullArray) return;
        buffers.Add(column.Validity);
        if (column is VarLengthArray texts)
        {
            var offsets = texts.Offsets;
            var first = offsets[0];
            if (column.Type is LargeStringType or LargeBinaryType) buffers.Add(Widened(offsets));
            else buffers.Add(first == 0 ? texts.OffsetMemory : FromZero(offsets));
            buffers.Add(texts.ValueMemory[first..offsets[^1]]);
        }
        else buffers.Add(column.ValueMemory);
    }

    /// <summary>A slice's offsets start somewhere; a message holds only the bytes of its own rows.</summary>
    private static byte[] FromZero(ReadOnlySpan<int> offsets)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(offsets.Length * sizeof(int));
        var target = MemoryMarshal.Cast<byte, int>(bytes.AsSpan());
        for (var i = 0; i < target.Length; i++) target[i] = offsets[i] - offsets[0];
        return bytes;
    }

    private static byte[] Widened(ReadOnlySpan<int> offsets)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(Validation.BufferSize((long)offsets.Length * sizeof(long)));
        var target = MemoryMarshal.Cast<byte, long>(bytes.AsSpan());
        for (var i = 0; i < target.Length; i++) target[i] = offsets[i] - offsets[0];
        return bytes;
    }

    private static (long[] Places, long BodyLength) Place(List<ReadOnlyMemory<byte>> buffers)
    {
        var places = new long[2 * buffers.Count];
        long at = 0;
        for (var i = 0; i < buffers.Count; i++)
        {
            places[2 * i] = at;
            places[2 * i + 1] = buffers[i].Length;
            at += buffers[i].Length;
            at += IpcFormat.Padding(at);
        }
        return (places, at);
    }
}
