using CdcSync.Cli.Output;
using CdcSync.Core.Sync;

namespace CdcSync.Cli.Views;

/// <summary>Shows what a pass did.</summary>
internal static class SyncView
{
    public static SyncDocument Document(string pipeline, bool isDryRun, PassReport report) => new(pipeline, isDryRun,
        [.. report.Outcomes.Select(o => new OutcomeDocument(o.Dataset.Value, Words.Of(o.Kind), o.RowsRead, o.Stats.Inserted, o.Stats.Updated, o.Stats.Deleted, o.Stats.Erased, o.Quarantined, FaultDocument.Of(o.Fault)))])
    {
        ExitCode = (int)report.Exit,
    };

    public static string Text(SyncDocument document)
    {
        if (document.IsDryRun)
        {
            var counts = new TextTable("DATASET", "WOULD BE", "ROWS");
            foreach (var d in document.Datasets)
                counts.Add(d.Dataset, d.Outcome.Replace('_', ' '), Words.Of(d.RowsRead));
            return counts.ToString();
        }

        var table = new TextTable("DATASET", "OUTCOME", "READ", "INSERTED", "UPDATED", "DELETED", "ERASED", "QUARANTINED");
        foreach (var d in document.Datasets)
            table.Add(d.Dataset, d.Outcome.Replace('_', ' '), Words.Of(d.RowsRead), Words.Of(d.Inserted), Words.Of(d.Updated), Words.Of(d.Deleted), Words.Of(d.Erased), Words.Of(d.Quarantined));
        return table.ToString();
    }
}
