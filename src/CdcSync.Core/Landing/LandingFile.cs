using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Landing;

/// <summary>
/// The landing file of one batch, and the spool between the source and the warehouse: one task appends, another reads at the same time. The writer
/// never waits for the reader: a few chunks wait in memory, what goes beyond them is read back from the file. Disposed without completion, it leaves nothing.
/// </summary>
/// <remarks>Writing is synchronous beneath: it is a copy into the page cache, at the source's own pace.</remarks>
public sealed class LandingFile : IAsyncDisposable
{
    /// <summary>The most chunks that wait in memory.</summary>
    internal const int ResidentChunkLimit = 4;

    /// <summary>The most bytes that wait in memory.</summary>
    internal const long ResidentByteLimit = 32L << 20;

    private readonly string _root;
    private readonly Dataset _dataset;
    private readonly LandingFormat _format;
    private readonly Func<LandingPath> _name;
    private readonly Action<LandingPath> _released;
    private readonly Channel<Entry> _entries = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly Lock _window = new();
    private readonly List<Part> _parts = [];
    private LandingPath? _path;
    private Spool? _spool;
    private Exception? _failure;
    private int _residentChunks;
    private long _residentBytes;
    private long _rows;
    private int _readers;
    private State _state;

    internal LandingFile(string root, string pipeline, Dataset dataset, Func<LandingPath> name, Action<LandingPath> released)
    {
        _root = root;
        _dataset = dataset;
        _format = LandingFormat.For(pipeline, dataset);
        _name = name;
        _released = released;
    }

    private enum State
    {
        Open,
        Completed,
        Disposed,
    }

    /// <summary>One chunk for the reader: in memory, or where it lies in the file.</summary>
    private readonly record struct Entry(ChangeChunk? Chunk, long Bytes, Part Part);

    /// <summary>The chunks that wait in memory now.</summary>
    internal int ResidentChunks => Volatile.Read(ref _residentChunks);

    /// <summary>Appends a chunk and hands it to the reader. An empty chunk is left out.</summary>
    /// <param name="shaped">Rows in the dataset's target schema.</param>
    /// <param name="ct">Cancels before the chunk is written.</param>
    /// <exception cref="Errors.CdcSyncException"><see cref="Errors.ErrorCodes.LandingFailed"/>; the reader ends with it too.</exception>
    /// <exception cref="InvalidOperationException">The file is complete.</exception>
    public ValueTask AppendAsync(ChangeChunk shaped, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(shaped);
        ct.ThrowIfCancellationRequested();
        CheckWritable();
        if (shaped.Length == 0) return ValueTask.CompletedTask;
        var part = OnFiles(() => (_spool ??= Spool.Create(_root, _path = _name(), _format.File)).Write(_format.ToFile(shaped)));
        _rows += shaped.Length;
        _parts.Add(part);
        var bytes = shaped.Rows.ByteSize;
        _entries.Writer.TryWrite(new Entry(TryKeep(bytes) ? shaped : null, bytes, part));
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the file, makes it last (file and folder are flushed to disk) and gives it its final name. The reader ends after the last chunk.</summary>
    /// <param name="ct">Cancels before the end is written.</param>
    /// <returns>What the ledger names; null if there were no rows, and then there is no file.</returns>
    /// <exception cref="Errors.CdcSyncException"><see cref="Errors.ErrorCodes.LandingFailed"/>; the reader ends with it too.</exception>
    /// <exception cref="InvalidOperationException">The file is complete.</exception>
    public async ValueTask<LandedFile?> CompleteAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        CheckWritable();
        LandedFile? landed = null;
        if (_spool is { } spool)
        {
            // Flushing to disk can take long: not on the caller's thread.
            var (sha256, bytes) = await Task.Run(() => OnFiles(spool.Complete), CancellationToken.None).ConfigureAwait(false);
            landed = new LandedFile(spool.Path.Relative, sha256, _rows, bytes);
        }
        _state = State.Completed;
        _entries.Writer.TryComplete();
        return landed;
    }

    /// <summary>The chunks in order, as they are appended; ends at <see cref="CompleteAsync"/>. Once only.</summary>
    /// <param name="ct">Cancels the reading.</param>
    /// <exception cref="Errors.CdcSyncException"><see cref="Errors.ErrorCodes.LandingCorrupt"/> if what is read back is not what was written.</exception>
    /// <exception cref="InvalidOperationException">There is a reader already.</exception>
    public async IAsyncEnumerable<ChangeChunk> ReadAllAsync([EnumeratorCancellation] CancellationToken ct)
    {
        if (Interlocked.Increment(ref _readers) > 1) throw new InvalidOperationException("A landing file is read once while it is written.");
        while (await _entries.Reader.WaitToReadAsync(ct).ConfigureAwait(false))
        {
            while (_entries.Reader.TryRead(out var entry))
            {
                if (Volatile.Read(ref _failure) is { } failure) ExceptionDispatchInfo.Throw(failure);
                ct.ThrowIfCancellationRequested();
                yield return entry.Chunk is { } chunk ? Release(chunk, entry.Bytes) : ReadBack(entry.Part);
            }
        }
    }

    /// <summary>The chunks again, from the file, once it is complete; as often as asked.</summary>
    /// <param name="chunk">True for the chunks that are wanted, by their number from 0.</param>
    /// <param name="ct">Cancels between two chunks.</param>
    /// <returns>Chunks and their numbers.</returns>
    /// <exception cref="Errors.CdcSyncException"><see cref="Errors.ErrorCodes.LandingCorrupt"/> if what is read back is not what was written.</exception>
    public IEnumerable<(int Number, ChangeChunk Chunk)> ReadAgain(Func<int, bool> chunk, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        if (_state != State.Completed) throw new InvalidOperationException("A landing file is read again once it is complete.");
        return Enumerable.Range(0, _parts.Count).Where(chunk).Select(i =>
        {
            ct.ThrowIfCancellationRequested();
            return (i, ReadBack(_parts[i]));
        });
    }

    /// <summary>Ends the reader with an error, at once. Nothing can be appended afterwards.</summary>
    /// <param name="error">Why.</param>
    public void Fail(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (Interlocked.CompareExchange(ref _failure, error, null) is null) _entries.Writer.TryComplete(error);
    }

    /// <summary>Closes the file; deletes it unless it was completed.</summary>
    public ValueTask DisposeAsync()
    {
        if (_state == State.Disposed) return ValueTask.CompletedTask;
        if (_state == State.Open) Fail(new ObjectDisposedException(nameof(LandingFile)));
        _state = State.Disposed;
        _spool?.Dispose();
        if (_path is not null) _released(_path);
        return ValueTask.CompletedTask;
    }

    private bool TryKeep(long bytes)
    {
        lock (_window)
        {
            if (_residentChunks == ResidentChunkLimit || _residentBytes + bytes > ResidentByteLimit) return false;
            _residentChunks++;
            _residentBytes += bytes;
            return true;
        }
    }

    private ChangeChunk Release(ChangeChunk chunk, long bytes)
    {
        lock (_window)
        {
            _residentChunks--;
            _residentBytes -= bytes;
        }
        return chunk;
    }

    private ChangeChunk ReadBack(Part part)
    {
        var spool = _spool!;
        try
        {
            return _format.FromFile(spool.Read(part));
        }
        catch (Exception error) when (error is ArrowException or InvalidDataException || LandingErrors.IsOfFiles(error))
        {
            throw LandingErrors.Corrupt(spool.Path.Relative, $"the block at {part.Block.Offset} can't be read back as it was written", error);
        }
    }

    private T OnFiles<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (LandingErrors.IsOfFiles(error))
        {
            var failure = LandingErrors.Failed(_dataset.Id, _root, error);
            Fail(failure);
            throw failure;
        }
    }

    private void CheckWritable()
    {
        ObjectDisposedException.ThrowIf(_state == State.Disposed, this);
        if (Volatile.Read(ref _failure) is { } failure) ExceptionDispatchInfo.Throw(failure);
        if (_state == State.Completed) throw new InvalidOperationException("The landing file is complete.");
    }
}
