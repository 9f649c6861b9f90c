using CdcSync.Cli.Output;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Views;

/// <summary>Shows what was published, newest first.</summary>
internal static class HistoryView
{
    public static HistoryDocument Document(string pipeline, IReadOnlyList<LedgerEntry> entries) => new(pipeline, [.. entries.Select(Of)]);

    public static string Text(HistoryDocument document)
    {
        var table = new TextTable("COMMITTED", "DATASET", "KIND", "GENERATION", "READ", "INSERTED", "UPDATED", "DELETED", "ERASED", "QUARANTINED", "LANDED");
        foreach (var e in document.Entries)
        {
            table.Add(e.CommittedAt, e.Dataset, e.Range is { } range ? $"{e.Kind} {range}" : e.Kind, Words.Of(e.Generation), Words.Of(e.RowsRead), Words.Of(e.Inserted), Words.Of(e.Updated), Words.Of(e.Deleted),
                Words.Of(e.Erased), Words.Of(e.Quarantined), e.Landing?.Path);
        }
        return table.ToString();
    }

    private static EntryDocument Of(LedgerEntry entry)
    {
        var (draft, stats) = (entry.Draft, entry.Stats);
        return new EntryDocument(entry.Publication.ToString(), entry.Dataset.Value, entry.Generation, Words.Of(draft.Kind), draft.Range, draft.After?.ToString(), draft.UpTo.ToString(), draft.RowsRead,
            stats.Inserted, stats.Updated, stats.Deleted, stats.Erased, draft.RowsQuarantined, draft.Landing is { } l ? new LandingDocument(l.Path, l.Sha256, l.Rows, l.Bytes) : null,
            Words.Of(draft.SourceTime), Words.Of(draft.NewestCommit), Words.Of(entry.CommittedAt), entry.Holder);
    }
}
