namespace CdcSync.Arrow.Ipc;

/// <summary>Writes batches in the IPC stream format: the schema first, then batch after batch. Not safe for concurrent use.</summary>
/// <param name="stream">Written from where it stands.</param>
/// <param name="schema">The schema of every batch.</param>
/// <param name="leaveOpen">Whether disposing the writer leaves the stream open; by default it closes it.</param>
/// <exception cref="ArrowNotSupportedException">The schema has a dictionary-encoded field: they are read, not written.</exception>
public sealed class ArrowStreamWriter(Stream stream, Schema schema, bool leaveOpen = false) : IDisposable
{
    private readonly Schema _schema = WriterRules.Writable(schema);
    private readonly MessageSink _sink = new(stream);
    private bool _ended;

    /// <summary>Writes a batch, and before the first the schema. The bytes are handed to the stream, which is not flushed.</summary>
    /// <param name="batch">A batch of the writer's schema; its buffers are written as they are, without a copy.</param>
    /// <exception cref="ArgumentException">The batch has another schema.</exception>
    /// <exception cref="InvalidOperationException">The end was written, or an earlier write failed.</exception>
    public void WriteRecordBatch(RecordBatch batch)
    {
        WriterRules.CheckSchema(_schema, batch);
        Start();
        _sink.Write(MessageEncoder.Batch(batch, _sink.Position));
    }

    /// <summary>Writes the mark of the stream's end, and before it the schema where there was no batch. Once only.</summary>
    /// <exception cref="InvalidOperationException">The end was written before, or an earlier write failed.</exception>
    public void WriteEnd()
    {
        Start();
        _sink.Write(IpcFormat.EndOfStream);
        _ended = true;
        stream.Flush();
    }

    /// <summary>Closes the stream unless it is to be left open. Does not write the end: what failed half-way must not look whole.</summary>
    public void Dispose()
    {
        if (!leaveOpen) stream.Dispose();
    }

    private void Start()
    {
        WriterRules.CheckNotEnded(_ended);
        if (_sink.Position == 0) _sink.Write(MessageEncoder.Schema(_schema, position: 0));
    }
}
