using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace CdcSync.Arrow.Ipc;

/// <summary>
/// A file mapped into memory. Columns over it hold no pointer but ask for the bytes at each access, so that after <see cref="Close"/> they fail with an
/// <see cref="ObjectDisposedException"/>. Nothing but that call unmaps: a mapping that was forgotten stays, as a span over it may be in use
/// when nothing else refers to it any more.
/// </summary>
internal sealed unsafe class MappedSource : ByteSource
{
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private bool _closed;

    internal MappedSource(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        Length = file.Length;
        if (Length == 0) throw new ArrowFormatException("the file is too short to be an Arrow file", "file", "0 bytes");
        // The mapping outlives both handles.
        using var mapped = MemoryMappedFile.CreateFromFile(file, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = mapped.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    internal override long Length { get; }

    internal override ReadOnlyMemory<byte> Read(long offset, int count) => new Window(this, offset, count).Memory;

    internal override void Close()
    {
        if (_closed) return;
        _closed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
    }

    private sealed class Window(MappedSource source, long offset, int count) : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(count);

        public override Span<byte> GetSpan() => source._closed ? throw Closed() : new(source._start + offset, count);

        /// <summary>Pinned memory stays mapped until it is unpinned, closed or not.</summary>
        public override MemoryHandle Pin(int elementIndex = 0)
        {
            if (source._closed) throw Closed();
            var added = false;
            source._view.SafeMemoryMappedViewHandle.DangerousAddRef(ref added);
            return new(source._start + offset + elementIndex, pinnable: this);
        }

        public override void Unpin() => source._view.SafeMemoryMappedViewHandle.DangerousRelease();

        protected override void Dispose(bool disposing) { }

        private static ObjectDisposedException Closed() =>
            new(nameof(ArrowFileReader), "The mapped file was closed, and with it went what its columns held. Copy what is to outlive it.");
    }
}
