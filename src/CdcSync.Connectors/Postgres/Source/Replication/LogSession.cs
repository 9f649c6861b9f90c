using System.Runtime.CompilerServices;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Connectors.Postgres.Source.Replication;

/// <summary>What a pass reads from the log, for all datasets of the slot. A small window is in memory when the session opens, and the server is done with it.</summary>
internal sealed class LogSession : IReadSession
{
    private readonly SlotReader _reader;
    private readonly LogWindow? _window;
    private readonly Dictionary<DatasetId, TrackedDataset> _tracked;
    private readonly SlotSource _source;
    private readonly long _buffer;
    private RowLookup? _lookup;
    private bool _isFlushed;
    private int _isLetGo;

    /// <summary>Takes over a reader.</summary>
    /// <param name="source">Keeps the reader for the next session, and what was learned of datasets.</param>
    /// <param name="reader">The reader.</param>
    /// <param name="window">What is read; null = nothing.</param>
    /// <param name="tracked">The datasets that read it.</param>
    /// <param name="readings">What was found for each.</param>
    /// <param name="sourceTime">The server's clock.</param>
    /// <param name="buffer">Bytes of rows in memory, after which they are handed over.</param>
    public LogSession(SlotSource source, SlotReader reader, LogWindow? window, IReadOnlyList<TrackedDataset> tracked, IReadOnlyDictionary<DatasetId, Reading> readings, DateTimeOffset sourceTime, long buffer)
    {
        (_source, _reader, _window, Readings, SourceTime, _buffer) = (source, reader, window, readings, sourceTime, buffer);
        _tracked = tracked.ToDictionary(t => t.Dataset.Id);
    }

    public DateTimeOffset SourceTime { get; }

    public IReadOnlyDictionary<DatasetId, Reading> Readings { get; }

    public required IReadOnlyDictionary<DatasetId, IReadOnlyList<SourceColumn>> Columns { get; init; }

    /// <remarks>Where the window is larger than the memory it may take, all its datasets have to be asked for at once: the others are passed over, and come again.</remarks>
    public async IAsyncEnumerable<ReadEvent> ReadAsync(IReadOnlyCollection<DatasetId> datasets, [EnumeratorCancellation] CancellationToken ct)
    {
        // The wire is read synchronously; not on the caller's thread.
        await Task.Yield();
        if (datasets.Count == 0) yield break;
        var asked = datasets.Select(d => _tracked[d]).ToList();
        if (_isFlushed) throw new InvalidOperationException("a window larger than memory is read once, for all its datasets");
        if (_window is { IsEnded: false })
        {
            _isFlushed = true;
            foreach (var left in _tracked.Values.Except(asked)) left.Fail(new CdcSyncException(ErrorCodes.InternalError, "the dataset was not asked for.", "Report this with the log. Run: cdcsync status"));
        }
        while (true)
        {
            foreach (var tracked in asked.Where(t => t.IsOpen))
            {
                await using var chunks = RowEmission.EmitAsync(tracked, LookupAsync, ct).GetAsyncEnumerator(ct);
                while (await NextAsync(tracked, chunks)) yield return new ChunkRead(tracked.Dataset.Id, chunks.Current);
            }
            if (_window!.IsEnded) break;
            Fill(ct);
        }
        foreach (var tracked in asked) yield return End(tracked);
    }

    public async ValueTask DisposeAsync()
    {
        // A pass lets it go as soon as it can, and its scope does again: the reader must not be given back twice.
        if (Interlocked.Exchange(ref _isLetGo, 1) != 0) return;
        _window?.Dispose();
        _reader.Leave();
        foreach (var tracked in _tracked.Values) tracked.Dispose();
        if (_lookup is not null) await _lookup.DisposeAsync();
        await _source.ReturnAsync(_reader);
    }

    private void Fill(CancellationToken ct)
    {
        using var cancellation = _reader.Connection.CancelledBy(ct);
        _window!.Fill(_buffer);
        if (_window.IsEnded) _reader.Done(_window.End);
    }

    /// <summary>What one dataset's values or rows do wrong leaves the others alone.</summary>
    private static async ValueTask<bool> NextAsync(TrackedDataset tracked, IAsyncEnumerator<Core.Batches.ChangeChunk> chunks)
    {
        try
        {
            return await chunks.MoveNextAsync();
        }
        catch (CdcSyncException fault)
        {
            tracked.Fail(fault);
            return false;
        }
    }

    private ReadEvent End(TrackedDataset tracked)
    {
        if (tracked.Gap is { } gap)
        {
            // Rows before it are on their way already: the next reading tells it, before anything is read.
            _source.Remember(tracked.Dataset.Id, gap);
            return new WindowFailed(tracked.Dataset.Id, new CdcSyncException(ErrorCodes.SourceSchemaChanged, $"dataset {tracked.Dataset.Id}: {tracked.Table} was altered or truncated in what was read.", "It is looked at again. Run: cdcsync status"));
        }
        if (tracked.Fault is { } fault) return new WindowFailed(tracked.Dataset.Id, fault);
        return new WindowEnd(tracked.Dataset.Id, tracked.UpTo(_window!.End), tracked.Newest) { HasMore = _window.HasMore };
    }

    private async ValueTask<RowLookup> LookupAsync(CancellationToken ct) => _lookup ??= await _source.LookupAsync(ct);
}
