using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Shaping;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.SourceConformance;

/// <summary>The smallest warehouse there is: a dictionary and a checkpoint that move together.</summary>
/// <param name="dataset">The dataset it follows.</param>
internal sealed class Follower(Dataset dataset)
{
    // Where the contract folds the key, rows are told apart by the fold, as in a warehouse.
    private readonly Shaper? _shape = dataset.Key.Any(k => k.Fold > KeyFold.None) ? new Shaper(dataset, Keyring.Empty) : null;
    private readonly int[] _written = [.. dataset.Columns.Index().Where(c => c.Item.Fold is null or KeyFold.None).Select(c => c.Index)];
    private readonly int[] _key = [.. dataset.Columns.Index().Where(c => c.Item.KeyOrdinal is not null).OrderBy(c => c.Item.KeyOrdinal).Select(c => c.Index)];
    private DateTimeOffset _readAt;

    public Dataset Dataset => dataset;

    /// <summary>Key to row, as texts.</summary>
    public Dictionary<string, string> Rows { get; } = [];

    public Checkpoint? Checkpoint { get; private set; }

    /// <summary>Rows handed over by the last pass, as texts: kind and row.</summary>
    public List<string> LastRows { get; } = [];

    public WindowEnd? LastEnd { get; private set; }

    public List<RowFault> Faults { get; } = [];

    public List<int> ChunkLengths { get; } = [];

    /// <summary>The first load by ranges. Between the ranges the application may write.</summary>
    public async Task LoadAsync(IChangeSource source, int rowsPerRange = 1_000, Func<Task>? betweenRanges = null)
    {
        foreach (var range in await PlanAsync(source, rowsPerRange))
        {
            await foreach (var chunk in source.Ranges.ReadAsync(dataset, range, Token))
                Apply(chunk);
            if (betweenRanges is not null)
                await betweenRanges();
        }
    }

    /// <summary>The first load with all ranges read side by side, the last begun first. After each has begun the application writes; rows are taken in the plan's order.</summary>
    public async Task LoadSideBySideAsync(IChangeSource source, int rowsPerRange, Func<Task> betweenRanges)
    {
        var readings = new Stack<(IAsyncEnumerator<ChangeChunk> Chunks, bool HasOne)>();
        foreach (var range in (await PlanAsync(source, rowsPerRange)).Reverse())
        {
            var chunks = source.Ranges.ReadAsync(dataset, range, Token).GetAsyncEnumerator(Token);
            readings.Push((chunks, await chunks.MoveNextAsync()));
            await betweenRanges();
        }

        while (readings.TryPop(out var reading))
        {
            await using var chunks = reading.Chunks;
            for (var has = reading.HasOne; has; has = await chunks.MoveNextAsync())
                Apply(chunks.Current);
        }
    }

    private async Task<IReadOnlyList<KeyRange>> PlanAsync(IChangeSource source, int rowsPerRange)
    {
        await using (var session = await source.OpenAsync([new ReadRequest(dataset, null)], Token))
        {
            Begin(session.Readings[dataset.Id]);
            _readAt = session.SourceTime;
        }

        return await source.Ranges.PlanAsync(dataset, rowsPerRange, Token);
    }

    /// <summary>How often a pass is made again that found nothing and said, by its clock, that it is no newer than the one before: a busy server's log may be safe only so far.</summary>
    public int Patience { get; init; }

    /// <summary>One pass of the stream.</summary>
    public async Task<Reading> CatchUpAsync(IChangeSource source)
    {
        for (var attempt = 0; ; attempt++)
        {
            await using var session = await source.OpenAsync([new ReadRequest(dataset, Checkpoint)], Token);
            await ReadAsync(session);
            var reading = session.Readings[dataset.Id];
            if (reading.State != ReadingState.Unchanged || session.SourceTime > _readAt || attempt >= Patience)
            {
                _readAt = session.SourceTime;
                return reading;
            }
        }
    }

    /// <summary>Reads this dataset of an open session.</summary>
    public async Task ReadAsync(IReadSession session)
    {
        LastRows.Clear();
        LastEnd = null;
        var reading = session.Readings[dataset.Id];
        if (reading.State == ReadingState.Unchanged)
            MoveTo(reading.UpTo!);
        if (reading.State != ReadingState.Changed)
            return;
        await foreach (var found in session.ReadAsync([dataset.Id], Token))
            Take(found);
    }

    public void Take(ReadEvent found)
    {
        switch (found)
        {
            case ChunkRead chunk: Apply(chunk.Chunk); break;
            case WindowEnd end:
                LastEnd = end;
                MoveTo(end.UpTo);
                break;
            case WindowFailed failed: throw failed.Fault;
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private void Begin(Reading reading)
    {
        Assert.True(reading.State == ReadingState.Start, $"{reading.State}: {reading.Fault}");
        Checkpoint = new Checkpoint(1, reading.Identity!, reading.UpTo!, null, null);
    }

    public void MoveTo(Position position) => Checkpoint = Checkpoint! with { Generation = Checkpoint.Generation + 1, Stream = position };

    private void Apply(ChangeChunk chunk)
    {
        ChunkLengths.Add(chunk.Length);
        Faults.AddRange(chunk.Faults);
        Assert.Equal(dataset.SourceSchema, chunk.Rows.Schema);
        var shaped = _shape?.Apply(chunk).Rows;
        for (var row = 0; row < chunk.Length; row++)
        {
            var read = RowText.Of(chunk.Rows, row, _key);
            var key = shaped is null ? read : RowText.Of(shaped, row, dataset.TargetKey);
            var text = RowText.Of(chunk.Rows, row, _written);
            LastRows.Add($"{chunk.Kinds.Span[row]} {(chunk.Kinds.Span[row] == ChangeKind.Upsert ? text : read)}");
            if (chunk.Faults.Any(f => f.Row == row)) continue;
            if (chunk.Kinds.Span[row] == ChangeKind.Upsert) Rows[key] = text;
            else Rows.Remove(key);
        }
    }
}
