using CdcSync.Cli.Output;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;

namespace CdcSync.Cli.Views;

/// <summary>Shows how far datasets have come.</summary>
internal static class CheckpointView
{
    public static CheckpointsDocument Document(Pipeline pipeline, IReadOnlyDictionary<DatasetId, Checkpoint> checkpoints) => new(pipeline.Name,
        [.. pipeline.Datasets.Where(d => checkpoints.ContainsKey(d.Id)).Select(d => Of(d.Id, checkpoints[d.Id]))]);

    public static string Text(CheckpointsDocument document)
    {
        var table = new TextTable("DATASET", "GENERATION", "SOURCE", "POSITION", "FIRST LOAD", "COMPLETE UP TO");
        foreach (var c in document.Checkpoints)
            table.Add(c.Dataset, Words.Of(c.Generation), c.Source, $"{c.PositionKind}:{c.Position}", c.Snapshot is { } s ? $"{s.Ranges - s.RemainingRanges}/{s.Ranges}" : "done", c.CompleteUpTo);
        return table.ToString();
    }

    private static CheckpointDocument Of(DatasetId id, Checkpoint checkpoint) => new(id.Value, checkpoint.Generation, checkpoint.Source.ToString(), checkpoint.Stream.Kind, checkpoint.Stream.Canonical,
        checkpoint.Snapshot is { } s ? new SnapshotDocument(s.Total, s.Remaining.Count) : null, Words.Of(checkpoint.CompleteUpTo));
}
