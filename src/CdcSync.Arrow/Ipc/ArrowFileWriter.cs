namespace CdcSync.Arrow.Ipc;

/// <summary>Writes batches in the IPC file format. Not safe for concurrent use.</summary>
/// <param name="stream">Empty, or standing where the file is to start: places in it are counted from there.</param>
/// <param name="schema">The schema of every batch.</param>
/// <param name="leaveOpen">Whether disposing the writer leaves the stream open; by default it closes it.</param>
/// <exception cref="ArrowNotSupportedException">The schema has a dictionary-encoded field: they are read, not written.</exception>
public sealed class ArrowFileWriter(Stream stream, Schema schema, bool leaveOpen = false) : IDisposable
{
    private readonly Schema _schema = WriterRules.Writable(schema);
    private readonly MessageSink _sink = new(stream);
    private readonly List<Block> _blocks = [];
    private bool _ended;

    /// <summary>Where each batch written so far lies: what <see cref="ArrowFileReader.ReadBlock(Stream, Schema, Block)"/> takes while the file is still being written.</summary>
    public IReadOnlyList<Block> Blocks => _blocks;

    /// <summary>Writes a batch, and before the first the file's start. When this returns the bytes have been handed over and the stream was flushed, so that
    /// another handle on the file sees them.</summary>
    /// <param name="batch">A batch of the writer's schema; its buffers are written as they are, without a copy.</param>
    /// <exception cref="ArgumentException">The batch has another schema.</exception>
    /// <exception cref="InvalidOperationException">The end was written, or an earlier write failed.</exception>
    public void WriteRecordBatch(RecordBatch batch)
    {
        WriterRules.CheckSchema(_schema, batch);
        Start();
        var block = _sink.Write(MessageEncoder.Batch(batch, _sink.Position));
        stream.Flush();
        _blocks.Add(block);
    }

    /// <summary>Writes the footer, without which a file is not whole. Once only.</summary>
    /// <exception cref="InvalidOperationException">The end was written before, or an earlier write failed.</exception>
    public void WriteEnd()
    {
        Start();
        _sink.Write(IpcFormat.EndOfStream);
        _sink.Write(MessageEncoder.Footer(_schema, _blocks));
        _ended = true;
        stream.Flush();
    }

    /// <summary>Closes the stream unless it is to be left open. Does not write the footer: what failed half-way must not look whole.</summary>
    public void Dispose()
    {
        if (!leaveOpen) stream.Dispose();
    }

    private void Start()
    {
        WriterRules.CheckNotEnded(_ended);
        if (_sink.Position > 0) return;
        _sink.Write(IpcFormat.FileStart);
        _sink.Write(MessageEncoder.Schema(_schema, _sink.Position));
    }
}
