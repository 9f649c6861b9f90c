using System.Buffers.Binary;

namespace CdcSync.Arrow.Ipc;

/// <summary>
/// Reads batches in the IPC stream format. The stream is read forward only, and no more memory is taken than bytes arrive. It is not closed.
/// Not safe for concurrent use.
/// </summary>
/// <param name="stream">Standing at the schema's message.</param>
public sealed class ArrowStreamReader(Stream stream)
{
    private Schema? _schema;
    private int _messages;
    private bool _ended;

    /// <summary>The schema of every batch; read from the stream the first time it is asked for.</summary>
    /// <exception cref="ArrowFormatException">The stream does not start with a valid schema.</exception>
    /// <exception cref="ArrowNotSupportedException">The schema holds a type, an encoding or a version that is not supported.</exception>
    public Schema Schema => _schema ??= ReadSchema();

    /// <summary>The next batch, or null where the stream has ended: at its mark, or without one between two messages.</summary>
    /// <exception cref="ArrowFormatException">The stream is cut inside a message, or what it holds is not valid.</exception>
    /// <exception cref="ArrowNotSupportedException">It holds dictionaries, compressed bodies, or sizes beyond one buffer's.</exception>
    public RecordBatch? ReadNext()
    {
        var schema = Schema;
        if (_ended || ReadMetadata() is not { } metadata)
        {
            _ended = true;
            return null;
        }
        var where = $"message {_messages}";
        var (kind, bodyLength) = MessageDecoder.ReadKind(metadata, where);
        if (kind != MessageKind.RecordBatch) throw new ArrowFormatException("a second schema", where, $"{kind}", $"{MessageKind.RecordBatch}");
        if (bodyLength > Array.MaxLength) throw new ArrowNotSupportedException($"a body of {bodyLength} bytes (at most {Array.MaxLength})", where);
        return MessageDecoder.ReadBatch(metadata, schema, ReadExactly((int)bodyLength, where), where);
    }

    private Schema ReadSchema()
    {
        const string Where = "message 1";
        var metadata = ReadMetadata() ?? throw new ArrowFormatException("the stream ends before its schema", Where);
        var (kind, bodyLength) = MessageDecoder.ReadKind(metadata, Where);
        if (kind != MessageKind.Schema || bodyLength != 0)
            throw new ArrowFormatException("a stream starts with its schema", Where, $"{kind} with a body of {bodyLength} bytes");
        return MessageDecoder.ReadSchema(metadata, Where);
    }

    private byte[]? ReadMetadata()
    {
        var where = $"message {++_messages}";
        if (ReadInt32(where) is not { } length) return null;
        if (length == IpcFormat.Continuation)
            length = ReadInt32(where) ?? throw new ArrowFormatException("the stream ends inside a message's length", where);
        return length switch
        {
            0 => null,
            < 0 => throw new ArrowFormatException("a message has a negative length", where, $"{length}"),
            _ => ReadExactly(length, where),
        };
    }

    private int? ReadInt32(string where)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        return stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) switch
        {
            sizeof(int) => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            0 => null,
            var read => throw new ArrowFormatException("the stream ends inside a message's length", where, $"{read} bytes", $"{sizeof(int)}"),
        };
    }

    /// <summary>A corrupt length must not take memory for bytes that never come: where the end is not known, the buffer grows with what arrives.</summary>
    private byte[] ReadExactly(int count, string where)
    {
        const int FirstStep = 1 << 16;
        if (stream.CanSeek && stream.Length - stream.Position < count) throw Cut(stream.Length - stream.Position, count, where);
        var bytes = GC.AllocateUninitializedArray<byte>(stream.CanSeek ? count : Math.Min(count, FirstStep));
        for (var filled = 0; ; Array.Resize(ref bytes, (int)Math.Min(count, 2L * bytes.Length)))
        {
            filled += stream.ReadAtLeast(bytes.AsSpan(filled), bytes.Length - filled, throwOnEndOfStream: false);
            if (filled < bytes.Length) throw Cut(filled, count, where);
            if (filled == count) return bytes;
        }
    }

    private static ArrowFormatException Cut(long read, int count, string where) => new("the stream ends inside a message", where, $"{read} bytes", $"{count}");
}
