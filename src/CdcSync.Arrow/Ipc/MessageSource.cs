using System.Buffers.Binary;

namespace CdcSync.Arrow.Ipc;

/// <summary>The bytes of a stream of messages, forward only: memory without a copy, or a stream.</summary>
internal abstract class MessageSource
{
    /// <summary>As many bytes as are left, up to that many, in one piece.</summary>
    private protected abstract ReadOnlyMemory<byte> ReadUpTo(int count);

    /// <summary>A message's length or mark; null where the stream ends before it.</summary>
    internal int? ReadInt32(string where)
    {
        var bytes = ReadUpTo(sizeof(int)).Span;
        return bytes.Length switch
        {
            sizeof(int) => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            0 => null,
            var read => throw new ArrowFormatException("the stream ends inside a message's length", where, $"{read} bytes", $"{sizeof(int)}"),
        };
    }

    /// <summary>The next bytes, all of them.</summary>
    internal ReadOnlyMemory<byte> ReadExactly(int count, string where)
    {
        var bytes = ReadUpTo(count);
        return bytes.Length == count ? bytes : throw new ArrowFormatException("the stream ends inside a message", where, $"{bytes.Length} bytes", $"{count}");
    }

    internal static MessageSource Over(ReadOnlyMemory<byte> memory) => new MemorySource(memory);

    internal static MessageSource Over(Stream stream) => new StreamSource(stream ?? throw new ArgumentNullException(nameof(stream)));

    private sealed class MemorySource(ReadOnlyMemory<byte> memory) : MessageSource
    {
        private int _at;

        private protected override ReadOnlyMemory<byte> ReadUpTo(int count)
        {
            var bytes = memory.Slice(_at, Math.Min(count, memory.Length - _at));
            _at += bytes.Length;
            return bytes;
        }
    }

    private sealed class StreamSource(Stream stream) : MessageSource
    {
        /// <summary>A corrupt length must not take memory for bytes that never come: where the end is not known, the buffer grows with what arrives.</summary>
        private protected override ReadOnlyMemory<byte> ReadUpTo(int count)
        {
            const int FirstStep = 1 << 16;
            var known = stream.CanSeek ? (int)Math.Clamp(stream.Length - stream.Position, 0, count) : Math.Min(count, FirstStep);
            var bytes = GC.AllocateUninitializedArray<byte>(known);
            for (var filled = 0; ; Array.Resize(ref bytes, (int)Math.Min(count, 2L * bytes.Length)))
            {
                filled += stream.ReadAtLeast(bytes.AsSpan(filled), bytes.Length - filled, throwOnEndOfStream: false);
                if (filled < bytes.Length || filled == count || stream.CanSeek) return bytes.AsMemory(0, filled);
            }
        }
    }
}
