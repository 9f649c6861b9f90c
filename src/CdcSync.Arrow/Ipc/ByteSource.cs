namespace CdcSync.Arrow.Ipc;

/// <summary>Bytes that can be read at any place: memory without a copy, or a stream that can seek.</summary>
internal abstract class ByteSource
{
    internal abstract long Length { get; }

    /// <summary>The bytes of a range that was checked to be inside.</summary>
    internal abstract ReadOnlyMemory<byte> Read(long offset, int count);

    /// <summary>Gives up what the source itself opened.</summary>
    internal virtual void Close() { }

    internal static ByteSource Over(ReadOnlyMemory<byte> memory) => new MemorySource(memory);

    internal static ByteSource Over(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return stream.CanSeek ? new StreamSource(stream) : throw new ArgumentException("The stream can't seek: an Arrow file is read from its end.", nameof(stream));
    }

    private sealed class MemorySource(ReadOnlyMemory<byte> memory) : ByteSource
    {
        internal override long Length => memory.Length;

        internal override ReadOnlyMemory<byte> Read(long offset, int count) => memory.Slice((int)offset, count);
    }

    private sealed class StreamSource(Stream stream) : ByteSource
    {
        internal override long Length => stream.Length;

        internal override ReadOnlyMemory<byte> Read(long offset, int count)
        {
            var bytes = GC.AllocateUninitializedArray<byte>(count);
            stream.Position = offset;
            var read = stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false);
            return read == count ? bytes : throw new ArrowFormatException("the file ends early", "file", $"{read} bytes at {offset}", $"{count}");
        }
    }
}
