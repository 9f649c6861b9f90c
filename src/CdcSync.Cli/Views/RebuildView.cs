using CdcSync.Cli.Output;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;

namespace CdcSync.Cli.Views;

/// <summary>Shows what was built anew, and what is not in it.</summary>
internal static class RebuildView
{
    public static RebuildDocument Document(Pipeline pipeline, bool isElsewhere, IReadOnlyList<RebuiltDataset> rebuilt) => new(pipeline.Name,
        [.. rebuilt.Select(r => Of(r, isElsewhere && pipeline.Datasets.Single(d => d.Id == r.Outcome.Dataset).Deletes == DeleteMode.Soft))])
    {
        ExitCode = (int)ExitCodes.Gravest(rebuilt.Select(r => r.Outcome.Exit)),
    };

    public static string Text(RebuildDocument document)
    {
        var table = new TextTable("DATASET", "OUTCOME", "FILES", "READ", "INSERTED", "UPDATED", "DELETED", "ERASED", "QUARANTINED");
        foreach (var d in document.Datasets)
            table.Add(d.Dataset, d.Outcome.Replace('_', ' '), Words.Of(d.Files), Words.Of(d.RowsRead), Words.Of(d.Inserted), Words.Of(d.Updated), Words.Of(d.Deleted), Words.Of(d.Erased), Words.Of(d.Quarantined));
        return string.Join('\n', [table.ToString(), .. document.Datasets.SelectMany(Missing)]);
    }

    private static IEnumerable<string> Missing(RebuiltDocument dataset)
    {
        if (dataset.EmptyColumns.Count > 0)
            yield return $"{dataset.Dataset}: empty in rows that were not landed since: {string.Join(", ", dataset.EmptyColumns)}. The next sync reads them from the source. Run: cdcsync sync {dataset.Dataset}";
        if (dataset.IsWithoutDeleted)
            yield return $"{dataset.Dataset}: rows that had been deleted are not in it: the marks of a soft delete are in the old warehouse alone.";
    }

    private static RebuiltDocument Of(RebuiltDataset r, bool isWithoutDeleted)
    {
        var o = r.Outcome;
        return new RebuiltDocument(o.Dataset.Value, Words.Of(o.Kind), r.Files, o.RowsRead, o.Stats.Inserted, o.Stats.Updated, o.Stats.Deleted, o.Stats.Erased, o.Quarantined, r.EmptyColumns, isWithoutDeleted && o.Fault is null, FaultDocument.Of(o.Fault));
    }
}
