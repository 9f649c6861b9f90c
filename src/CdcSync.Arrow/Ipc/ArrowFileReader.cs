using System.Buffers.Binary;

namespace CdcSync.Arrow.Ipc;

/// <summary>
/// Reads batches in the IPC file format, in any order. Over memory or a mapped file the columns lie in it without a copy and reading is safe for
/// concurrent use; over a stream a batch is one read, and it is not.
/// </summary>
public sealed class ArrowFileReader : IDisposable
{
    private readonly ByteSource _source;
    private readonly Footer _footer;
    private bool _closed;

    /// <summary>Reads the footer and the dictionaries.</summary>
    /// <param name="stream">A stream that can seek, holding the file from its start to its end. It is not closed.</param>
    /// <exception cref="ArgumentException">The stream can't seek.</exception>
    /// <exception cref="ArrowFormatException">This is not a whole Arrow file.</exception>
    /// <exception cref="ArrowNotSupportedException">It holds a type, an encoding or a version that is not supported.</exception>
    public ArrowFileReader(Stream stream) : this(ByteSource.Over(stream)) { }

    /// <summary>Reads the footer and the dictionaries.</summary>
    /// <param name="file">The whole file. It must not change while the batches are in use.</param>
    /// <exception cref="ArrowFormatException">This is not a whole Arrow file.</exception>
    /// <exception cref="ArrowNotSupportedException">It holds a type, an encoding or a version that is not supported.</exception>
    public ArrowFileReader(ReadOnlyMemory<byte> file) : this(ByteSource.Over(file)) { }

    private ArrowFileReader(ByteSource source)
    {
        _source = source;
        _footer = MessageDecoder.ReadFooter(ReadFooter(source).Span);
        for (var i = 0; i < _footer.DictionaryBlocks.Length; i++)
        {
            var where = $"dictionary block {i}";
            var (metadata, body) = ReadMessage(source, _footer.DictionaryBlocks[i], MessageKind.DictionaryBatch, where);
            _footer.Dictionaries.Read(metadata.Span, body, replaceable: false, where);
        }
        // From here on they are only read, by any number of threads.
        _footer.Dictionaries.Complete();
    }

    /// <summary>
    /// Maps a file into memory: only the pages that are looked at are read, and nothing is copied but large types' offsets. Columns live as long as the reader:
    /// after <see cref="Dispose"/> each access to one throws <see cref="ObjectDisposedException"/>. A span taken before must not be used after it.
    /// </summary>
    /// <param name="path">A file that nobody writes to or cuts while it is mapped; it may be deleted.</param>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="ArrowFormatException">This is not a whole Arrow file.</exception>
    /// <exception cref="ArrowNotSupportedException">It holds a type, an encoding or a version that is not supported.</exception>
    public static ArrowFileReader Map(string path)
    {
        var source = new MappedSource(path);
        try
        {
            return new(source);
        }
        catch
        {
            source.Close();
            throw;
        }
    }

    /// <summary>The schema of every batch.</summary>
    public Schema Schema => _footer.Schema;

    /// <summary>Number of batches.</summary>
    public int RecordBatchCount => _footer.Blocks.Length;

    /// <summary>One batch.</summary>
    /// <param name="index">From 0.</param>
    /// <exception cref="ObjectDisposedException">The reader was closed.</exception>
    /// <exception cref="ArrowFormatException">What lies there is not a valid batch.</exception>
    /// <exception cref="ArrowNotSupportedException">The batch is compressed, or larger than one buffer can be.</exception>
    public RecordBatch ReadRecordBatch(int index)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return ReadBatch(_source, Schema, _footer.Dictionaries, _footer.Blocks[index], $"block {index}");
    }

    /// <summary>Closes the reader and unmaps what <see cref="Map"/> mapped. No other thread may be reading its columns then.</summary>
    public void Dispose()
    {
        _closed = true;
        _source.Close();
    }

    /// <summary>One batch of a file that is still being written and has no footer yet.</summary>
    /// <param name="stream">A stream of its own on the file, which can seek.</param>
    /// <param name="schema">The writer's schema.</param>
    /// <param name="block">From <see cref="ArrowFileWriter.Blocks"/>.</param>
    /// <exception cref="ArgumentException">The stream can't seek.</exception>
    /// <exception cref="ArrowFormatException">What lies there is not a valid batch.</exception>
    /// <exception cref="ArrowNotSupportedException">The batch is compressed or dictionary-encoded, or larger than one buffer can be.</exception>
    public static RecordBatch ReadBlock(Stream stream, Schema schema, Block block) =>
        ReadBatch(ByteSource.Over(stream), WriterRules.Writable(schema), new(), block, $"block at {block.Offset}");

    private static RecordBatch ReadBatch(ByteSource source, Schema schema, Dictionaries dictionaries, Block block, string where)
    {
        var (metadata, body) = ReadMessage(source, block, MessageKind.RecordBatch, where);
        return MessageDecoder.ReadBatch(metadata.Span, schema, dictionaries, body, where);
    }

    private static (ReadOnlyMemory<byte> Metadata, ReadOnlyMemory<byte> Body) ReadMessage(ByteSource source, Block block, MessageKind expected, string where)
    {
        var size = CheckInside(source, block, where);
        var bytes = source.Read(block.Offset, size);
        var metadata = Unframe(bytes[..block.MetadataLength], where);
        var (kind, bodyLength) = MessageDecoder.ReadKind(metadata.Span, where);
        if (kind != expected)
            throw new ArrowFormatException(expected == MessageKind.RecordBatch ? "the block is not a batch" : "the block is not a dictionary", where, $"{kind}", $"{expected}");
        if (bodyLength != block.BodyLength)
            throw new ArrowFormatException("message and footer disagree on the body's length", where, $"{bodyLength}", $"{block.BodyLength}");
        return (metadata, bytes[block.MetadataLength..]);
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
    private static ReadOnlyMemory<byte> Unframe(ReadOnlyMemory<byte> framed, string where)
    {
        var prefix = 0;
        var length = IpcFormat.Continuation;
        while (length == IpcFormat.Continuation && prefix <= sizeof(int) && framed.Length - prefix >= sizeof(int))
        {
            length = BinaryPrimitives.ReadInt32LittleEndian(framed.Span[prefix..]);
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
