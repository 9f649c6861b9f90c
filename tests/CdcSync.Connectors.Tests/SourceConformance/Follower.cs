using CdcSync.Core.Batches;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources;

namespace CdcSync.Connectors.Tests.SourceConformance;

/// <summary>The smallest warehouse there is: a dictionary and a checkpoint that move together.</summary>
/// <param name="dataset">The dataset it follows.</param>
/// <param name="keys">Which keys are equal, where that is not for their text to say: the source's collation, which its target has to have too.</param>
internal sealed class Follower(Dataset dataset, IEqualityComparer<string>? keys = null)
{
    public Dataset Dataset => dataset;

    /// <summary>Key to row, as texts.</summary>
    public Dictionary<string, string> Rows { get; } = new(keys);

    public Checkpoint? Checkpoint { get; private set; }

    /// <summary>Rows handed over by the last pass, as texts: kind and row.</summary>
    public List<string> LastRows { get; } = [];

    public WindowEnd? LastEnd { get; private set; }

    public List<RowFault> Faults { get; } = [];

    public List<int> ChunkLengths { get; } = [];

    /// <summary>The first load by ranges. Between the ranges the application may write.</summary>
    public async Task LoadAsync(IChangeSource source, int rowsPerRange = 1_000, Func<Task>? betweenRanges = null)
    {
        await using (var session = await source.OpenAsync([new ReadRequest(dataset, null)], Token))
            Begin(session.Readings[dataset.Id]);
        foreach (var range in await source.Ranges.PlanAsync(dataset, rowsPerRange, Token))
        {
            await foreach (var chunk in source.Ranges.ReadAsync(dataset, range, Token))
                Apply(chunk);
            if (betweenRanges is not null)
                await betweenRanges();
        }
    }

    /// <summary>One pass of the stream.</summary>
    public async Task<Reading> CatchUpAsync(IChangeSource source)
    {
        await using var session = await source.OpenAsync([new ReadRequest(dataset, Checkpoint)], Token);
        await ReadAsync(session);
        return session.Readings[dataset.Id];
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
        var keyColumns = dataset.Key.Select(k => chunk.Rows.Schema.GetFieldIndex(k.Source)).ToArray();
        for (var row = 0; row < chunk.Length; row++)
        {
            var key = RowText.Of(chunk.Rows, row, keyColumns);
            var text = RowText.Of(chunk.Rows, row, Enumerable.Range(0, chunk.Rows.ColumnCount));
            LastRows.Add($"{chunk.Kinds.Span[row]} {(chunk.Kinds.Span[row] == ChangeKind.Upsert ? text : key)}");
            if (chunk.Faults.Any(f => f.Row == row)) continue;
            if (chunk.Kinds.Span[row] == ChangeKind.Upsert) Rows[key] = text;
            else Rows.Remove(key);
        }
    }
}
