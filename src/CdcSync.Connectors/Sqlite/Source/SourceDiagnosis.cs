using CdcSync.Connectors.Sqlite.Source.Catalog;
using CdcSync.Connectors.Sqlite.Source.Tracking;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>What <c>doctor</c> looks at in a SQLite file.</summary>
internal static class SourceDiagnosis
{
    // A weekend and a day: what a team that does not work on it wants to survive.
    private static readonly TimeSpan ShortRetention = TimeSpan.FromDays(3);

    /// <summary>Looks.</summary>
    /// <param name="connection">In a transaction.</param>
    /// <param name="catalog">Read in it.</param>
    /// <param name="datasets">The datasets of the source.</param>
    public static IReadOnlyList<Finding> Findings(SourceConnection connection, SqliteCatalog catalog, IReadOnlyList<Dataset> datasets) =>
        [Journal(connection), .. datasets.SelectMany(d => Of(connection, catalog, d))];

    private static Finding Journal(SourceConnection connection)
    {
        using var journal = connection.Prepare("PRAGMA journal_mode", "reading the journal mode");
        var mode = journal.Step() ? journal.Text(0) : null;
        return mode == "wal" ? Finding.Pass("journal", "WAL: readers and writers do not wait for each other")
            : Finding.Warn("journal", $"the journal mode is {mode}: writers wait while rows are read.", "In the application, or once by hand: PRAGMA journal_mode = WAL;");
    }

    private static IEnumerable<Finding> Of(SourceConnection connection, SqliteCatalog catalog, Dataset dataset)
    {
        // What is wrong with the object itself is said by the check of its capture.
        if (DatasetInspection.Table(connection, catalog, dataset) is not { } table)
            yield break;
        if (dataset.Capture is Capture.ChangeTracking && Retention(connection, catalog, table) is { } retention)
        {
            var words = $"changes are kept for {DurationText.Of(retention)}";
            yield return retention >= ShortRetention ? Finding.Pass("retention", words, dataset.Id)
                : Finding.Warn("retention", $"{words}; a longer pause of the pipeline ends in a resync.", $"Run: cdcsync discover {connection.Source} {table.Name} --enable-tracking --apply --retention 7d", dataset.Id);
        }

        if (dataset.Capture is Capture.HighWaterMark mark && table.Column(mark.Column) is { } column && table.Kind == TableKind.Table)
        {
            yield return IsLeading(connection, table, column) ? Finding.Pass("index on the mark", $"{column.Name} leads an index", dataset.Id)
                : Finding.Warn("index on the mark", $"no index begins with {column.Name}: each pass reads the whole table.", $"CREATE INDEX {SqliteDialect.Quote($"{table.Name}_{column.Name}")} ON {SqliteDialect.Quote(table.Name)} ({SqliteDialect.Quote(column.Name)});", dataset.Id);
        }
    }

    private static TimeSpan? Retention(SourceConnection connection, SqliteCatalog catalog, SqliteTable table)
    {
        if (!catalog.Has(TrackingNames.Meta)) return null;
        using var meta = connection.Prepare(SourceSql.TrackingMeta, "reading how long changes are kept").Bind(1, table.Name);
        return meta.Step() ? TimeSpan.FromMilliseconds(meta.Integer(2)) : null;
    }

    private static bool IsLeading(SourceConnection connection, SqliteTable table, SqliteColumn column)
    {
        if (table.KeyIsRowId && SqliteNames.Same(table.Key[0].Name, column.Name)) return true;
        using var leading = connection.Prepare(SourceSql.LeadingColumns, $"reading the indexes of {table.Name}").Bind(1, table.Name).Bind(2, column.Name);
        return leading.Step();
    }
}
