namespace CdcSync.Arrow.Ipc;

/// <summary>
/// Reads batches in the IPC stream format, forward only. Over memory the columns lie in it without a copy; over a stream no more memory is taken than
/// bytes arrive, and it is not closed. Not safe for concurrent use.
/// </summary>
public sealed class ArrowStreamReader
{
    private readonly MessageSource _source;
    private (Schema Schema, Dictionaries Dictionaries)? _start;
    private int _messages;
    private bool _ended;

    /// <summary>Over a stream.</summary>
    /// <param name="stream">Standing at the schema's message.</param>
    public ArrowStreamReader(Stream stream) => _source = MessageSource.Over(stream);

    /// <summary>Over memory, in which the columns stay.</summary>
    /// <param name="buffer">From the schema's message on. It must not change while the batches are in use.</param>
    public ArrowStreamReader(ReadOnlyMemory<byte> buffer) => _source = MessageSource.Over(buffer);

    /// <summary>The schema of every batch; read from the stream the first time it is asked for.</summary>
    /// <exception cref="ArrowFormatException">The stream does not start with a valid schema.</exception>
    /// <exception cref="ArrowNotSupportedException">The schema holds a type, an encoding or a version that is not supported.</exception>
    public Schema Schema => Start.Schema;

    private (Schema Schema, Dictionaries Dictionaries) Start => _start ??= ReadSchema();

    /// <summary>The next batch, or null where the stream has ended: at its mark, or without one between two messages.</summary>
    /// <exception cref="ArrowFormatException">The stream is cut inside a message, or what it holds is not valid.</exception>
    /// <exception cref="ArrowNotSupportedException">It holds compressed bodies, or sizes beyond one buffer's.</exception>
    public RecordBatch? ReadNextRecordBatch()
    {
        var (schema, dictionaries) = Start;
        while (!_ended && ReadMetadata() is { } metadata)
        {
            var where = $"message {_messages}";
            var (kind, bodyLength) = MessageDecoder.ReadKind(metadata.Span, where);
            if (kind == MessageKind.Schema) throw new ArrowFormatException("a second schema", where);
            if (bodyLength > Array.MaxLength) throw new ArrowNotSupportedException($"a body of {bodyLength} bytes (at most {Array.MaxLength})", where);
            var body = _source.ReadExactly((int)bodyLength, where);
            if (kind == MessageKind.RecordBatch) return MessageDecoder.ReadBatch(metadata.Span, schema, dictionaries, body, where);
            dictionaries.Read(metadata.Span, body, replaceable: true, where);
        }
        _ended = true;
        return null;
    }

    private (Schema Schema, Dictionaries Dictionaries) ReadSchema()
    {
        const string Where = "message 1";
        var metadata = ReadMetadata() ?? throw new ArrowFormatException("the stream ends before its schema", Where);
        var (kind, bodyLength) = MessageDecoder.ReadKind(metadata.Span, Where);
        if (kind != MessageKind.Schema || bodyLength != 0)
            throw new ArrowFormatException("a stream starts with its schema", Where, $"{kind} with a body of {bodyLength} bytes");
        return MessageDecoder.ReadSchema(metadata.Span, Where);
    }

    private ReadOnlyMemory<byte>? ReadMetadata()
    {
        var where = $"message {++_messages}";
        if (_source.ReadInt32(where) is not { } length) return null;
        if (length == IpcFormat.Continuation)
            length = _source.ReadInt32(where) ?? throw new ArrowFormatException("the stream ends inside a message's length", where);
        return length switch
        {
            0 => default(ReadOnlyMemory<byte>?),
            < 0 => throw new ArrowFormatException("a message has a negative length", where, $"{length}"),
            _ => _source.ReadExactly(length, where),
        };
    }
}
