namespace CdcSync.Arrow.Ipc;

/// <summary>Puts messages into a stream one after the other and keeps count of the bytes.</summary>
internal sealed class MessageSink(Stream stream)
{
    private static readonly byte[] Zeros = new byte[IpcFormat.Alignment];

    private bool _broken;

    /// <summary>Bytes written so far: where the next message starts.</summary>
    internal long Position { get; private set; }

    internal Block Write(EncodedMessage message)
    {
        var block = new Block(Position, message.Metadata.Length, message.BodyLength);
        Begin();
        stream.Write(message.Metadata.Span);
        foreach (var buffer in message.Buffers)
        {
            stream.Write(buffer.Span);
            stream.Write(Zeros, 0, IpcFormat.Padding(buffer.Length));
        }
        End(message.Metadata.Length + message.BodyLength);
        return block;
    }

    internal void Write(ReadOnlySpan<byte> bytes)
    {
        Begin();
        stream.Write(bytes);
        End(bytes.Length);
    }

    private void Begin()
    {
        // After half a message nothing that follows could be read.
        if (_broken) throw new InvalidOperationException("An earlier write to this stream failed: what it holds is incomplete. Write it anew.");
        _broken = true;
    }

    private void End(long written)
    {
        Position += written;
        _broken = false;
    }
}
