using System.Buffers.Binary;

namespace CdcSync.Arrow.Ipc;

/// <summary>
/// Reads batches in the IPC file format, in any order. Over memory (a mapped file) the columns lie in it without a copy and reading is safe for
/// concurrent use; over a stream a batch is one read, and it is not. The stream is not closed.
/// </summary>
public sealed class ArrowFileReader
{
    private readonly ByteSource _source;
    private readonly Block[] _blocks;

    /// <summary>Reads the footer.</summary>
    /// <param name="stream">A stream that can seek, holding the file from its start to its end.</param>
    /// <exception cref="ArgumentException">The stream can't seek.</exception>
    /// <exception cref="ArrowFormatException">This is not a whole Arrow file.</exception>
    /// <exception cref="ArrowNotSupportedException">It holds a type, an encoding or a version that is not supported.</exception>
    public ArrowFileReader(Stream stream) : this(ByteSource.Over(stream)) { }

    /// <summary>Reads the footer.</summary>
    /// <param name="file">The whole file. It must not change while the batches are in use.</param>
    /// <exception cref="ArrowFormatException">This is not a whole Arrow file.</exception>
    /// <exception cref="ArrowNotSupportedException">It holds a type, an encoding or a version that is not supported.</exception>
    public ArrowFileReader(ReadOnlyMemory<byte> file) : this(ByteSource.Over(file)) { }

    private ArrowFileReader(ByteSource source)
    {
        _source = source;
        (Schema, _blocks) = MessageDecoder.ReadFooter(ReadFooter(source).Span);
    }

    /// <summary>The schema of every batch.</summary>
    public Schema Schema { get; }

    /// <summary>Number of batches.</summary>
    public int BatchCount => _blocks.Length;

    /// <summary>One batch.</summary>
    /// <param name="index">From 0.</param>
    /// <exception cref="ArrowFormatException">What lies there is not a valid batch.</exception>
    /// <exception cref="ArrowNotSupportedException">The batch is compressed, or larger than one buffer can be.</exception>
    public RecordBatch ReadBatch(int index) => ReadBlock(_source, Schema, _blocks[index], $"block {index}");

    /// <summary>One batch of a file that is still being written and has no footer yet.</summary>
    /// <param name="stream">A stream of its own on the file, which can seek.</param>
    /// <param name="schema">The writer's schema.</param>
    /// <param name="block">From <see cref="ArrowFileWriter.Blocks"/>.</param>
    /// <exception cref="ArgumentException">The stream can't seek.</exception>
    /// <exception cref="ArrowFormatException">What lies there is not a valid batch.</exception>
    /// <exception cref="ArrowNotSupportedException">The batch is compressed, or larger than one buffer can be.</exception>
    public static RecordBatch ReadBlock(Stream stream, Schema schema, Block block) => ReadBlock(ByteSource.Over(stream), schema, block, $"block at {block.Offset}");

    private static RecordBatch ReadBlock(ByteSource source, Schema schema, Block block, string where)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var size = CheckInside(source, block, where);
        var bytes = source.Read(block.Offset, size);
        var metadata = Unframe(bytes.Span[..block.MetadataLength], where);
        var (kind, bodyLength) = MessageDecoder.ReadKind(metadata, where);
        if (kind != MessageKind.RecordBatch) throw new ArrowFormatException("the block is not a batch", where, $"{kind}", $"{MessageKind.RecordBatch}");
        if (bodyLength != block.BodyLength)
            throw new ArrowFormatException("message and footer disagree on the body's length", where, $"{bodyLength}", $"{block.BodyLength}");
        return MessageDecoder.ReadBatch(metadata, schema, bytes[block.MetadataLength..], where);
    }

    private static int CheckInside(ByteSource source, Block block, string where)
    {
        var (offset, metadata, body) = block;
        if (offset < 0 || metadata < 0 || body < 0 || offset > source.Length || metadata > source.Length - offset || body > source.Length - offset - metadata)
            throw new ArrowFormatException("the block lies outside the file", where, $"{metadata} + {body} bytes at {offset}", $"inside {source.Length}");
        return metadata + body <= Array.MaxLength
            ? (int)(metadata + body) : throw new ArrowNotSupportedException($"a block of {metadata + body} bytes (at most {Array.MaxLength})", where);
    }

    /// <summary>Takes the length off; before 0.15 it came without the continuation mark.</summary>
    private static ReadOnlySpan<byte> Unframe(ReadOnlySpan<byte> framed, string where)
    {
        var prefix = 0;
        var length = IpcFormat.Continuation;
        while (length == IpcFormat.Continuation && prefix <= sizeof(int) && framed.Length - prefix >= sizeof(int))
        {
            length = BinaryPrimitives.ReadInt32LittleEndian(framed[prefix..]);
            prefix += sizeof(int);
        }
        return length > 0 && length <= framed.Length - prefix
            ? framed.Slice(prefix, length) : throw new ArrowFormatException("the message's length is not possible", where, $"{length}", $"1 to {framed.Length - prefix}");
    }

    private static ReadOnlyMemory<byte> ReadFooter(ByteSource source)
    {
        var smallest = IpcFormat.FileStart.Length + IpcFormat.FooterTail;
        if (source.Length < smallest) throw new ArrowFormatException("the file is too short to be an Arrow file", "file", $"{source.Length} bytes", $"{smallest} or more");
        if (!source.Read(0, IpcFormat.Magic.Length).Span.SequenceEqual(IpcFormat.Magic))
            throw new ArrowFormatException("the file does not start as an Arrow file", "file", expected: "ARROW1");
        var tail = source.Read(source.Length - IpcFormat.FooterTail, IpcFormat.FooterTail).Span;
        if (!tail[sizeof(int)..].SequenceEqual(IpcFormat.Magic))
            throw new ArrowFormatException("the file does not end as an Arrow file: it is cut, or was never finished", "file", expected: "ARROW1");
        var length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length <= 0 || length > source.Length - smallest)
            throw new ArrowFormatException("the footer's length is not possible", "footer", $"{length}", $"1 to {source.Length - smallest}");
        return source.Read(source.Length - IpcFormat.FooterTail - length, length);
    }
}
