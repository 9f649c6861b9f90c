using System.Globalization;
using CdcSync.Connectors.SqlServer.Digests;
using CdcSync.Connectors.SqlServer.Source.Catalog;
using CdcSync.Connectors.SqlServer.Source.Sql;
using CdcSync.Connectors.SqlServer.Source.Tracking;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;

namespace CdcSync.Connectors.SqlServer.Source;

/// <summary>What <c>doctor</c> looks at in a SQL Server database. docs/sqlserver.md explains each finding.</summary>
internal static class SourceDiagnosis
{
    private const int OldestMajor = 13;

    // A weekend and a day: what a team that does not work on it wants to survive.
    private static readonly TimeSpan ShortRetention = TimeSpan.FromDays(3);

    // Far above what an application's transaction takes, far below what fills tempdb.
    private static readonly TimeSpan LongTransaction = TimeSpan.FromMinutes(10);

    // The clean-up runs every half hour and takes a while; a day behind is no longer that.
    private static readonly TimeSpan LateCleanup = TimeSpan.FromDays(1);

    /// <summary>Looks.</summary>
    /// <param name="source">The source's name in the pipeline.</param>
    /// <param name="database">The database, outside of a read transaction.</param>
    /// <param name="datasets">The datasets of the source.</param>
    public static IReadOnlyList<Finding> Findings(string source, ISourceDatabase database, IReadOnlyList<Dataset> datasets)
    {
        var (setup, health) = (database.Setup(), database.Health());
        var server = database.DigestServer();
        var isTracked = datasets.Any(d => d.Capture is Capture.ChangeTracking);
        return [
            Server(health),
            Primary(source, database.Facts(), datasets),
            Snapshot(setup),
            .. isTracked && setup.Retention is { } retention ? [Retention(source, datasets, retention)] : Array.Empty<Finding>(),
            .. Transactions(health.Transactions),
            .. CleanUp(health.Commits, isTracked ? setup.Retention : null),
            .. datasets.Zip(database.Describe([.. datasets.Select(d => d.Object)])).SelectMany(d => d.Second.Object is { } found ? [.. Of(database, d.First, found), .. Comparison(source, server, d.First, found)] : Array.Empty<Finding>()),
        ];
    }

    private static Finding Server(ServerHealth health)
    {
        var words = $"SQL Server {health.Version}{(health.Compatibility > 0 ? string.Create(CultureInfo.InvariantCulture, $", compatibility level {health.Compatibility}") : "")}";
        return Version.TryParse(health.Version, out var version) && version.Major < OldestMajor
            ? Finding.Warn("server", $"{words}: older than SQL Server 2016, the oldest that is supported", "Use a newer server.") : Finding.Pass("server", words);
    }

    private static Finding Primary(string source, DatabaseFacts facts, IReadOnlyList<Dataset> datasets) => facts switch
    {
        { IsReadOnly: false } => Finding.Pass("primary", "the database can be written: it is no replica"),
        _ when datasets.Any(d => d.Capture is Capture.ChangeTracking or Capture.HighWaterMark { Kind: MarkKind.RowVersion }) => Finding.Fail("primary", TrackingFaults.NotPrimary($"source {source}: the database is read-only")),
        _ => Finding.Pass("primary", "the database is read-only; marks and full refreshes can be read of it"),
    };

    private static Finding Snapshot(DatabaseSetup setup) => setup.AllowsSnapshot ? Finding.Pass("snapshot isolation", "all datasets of a pass are read as of one moment")
        : Finding.Warn("snapshot isolation", "is off: datasets of a pass are not of one moment, and an order may come without its lines until the next.", SetupSql.AllowSnapshot(setup.Name).Text);

    private static Finding Retention(string source, IReadOnlyList<Dataset> datasets, TimeSpan retention)
    {
        var words = $"changes are kept for {DurationText.Of(retention)}";
        var remedy = $"Longer than the longest pause, weekends and holidays included. Run: cdcsync discover {source} --enable-tracking --apply --retention 7d";
        if (datasets.FirstOrDefault(d => d.Capture is Capture.ChangeTracking && d.Interval * 2 > retention) is { } slow)
            return Finding.Warn("retention", $"{words}; dataset {slow.Id} is read every {DurationText.Of(slow.Interval)}: one missed pass ends in a resync.", remedy);
        return retention >= ShortRetention ? Finding.Pass("retention", words) : Finding.Warn("retention", $"{words}; a longer pause of the pipeline ends in a resync.", remedy);
    }

    private static IEnumerable<Finding> Transactions(OpenTransactions? open)
    {
        if (open is null)
        {
            yield return Finding.Warn("open transactions", "the login may not see them: what holds up rowversions and row versions stays unknown.", "Run: cdcsync grants");
            yield break;
        }

        yield return open.OldestWriter is not { } writer || writer < LongTransaction ? Finding.Pass("open transactions", "none holds up rowversions")
            : Finding.Warn("open transactions", $"one has been writing for {DurationText.Of(writer)}: datasets by rowversion stand still until it ends.", "Find it: DBCC OPENTRAN;");
        yield return open.OldestSnapshot is not { } snapshot || snapshot < LongTransaction ? Finding.Pass("row versions", "none is held for long")
            : Finding.Warn("row versions", $"a SNAPSHOT transaction has been open for {DurationText.Of(snapshot)}: tempdb grows until it ends.", "Find it: SELECT * FROM sys.dm_tran_active_snapshot_database_transactions ORDER BY elapsed_time_seconds DESC;");
    }

    private static IEnumerable<Finding> CleanUp(TrackedCommits? commits, TimeSpan? retention)
    {
        if (retention is not { } kept) yield break;
        yield return commits switch
        {
            null => Finding.Warn("clean-up", "the login may not see what change tracking keeps.", "Run: cdcsync grants"),
            { Oldest: { } oldest } when oldest >= kept + LateCleanup => Finding.Warn("clean-up",
                $"change tracking keeps commits of {DurationText.Of(oldest)} ago, beyond its retention: its tables grow, and reading them slows down.",
                "See whether AUTO_CLEANUP is on and the error log; by hand: EXEC sys.sp_flush_CT_internal_table_on_demand;"),
            _ => Finding.Pass("clean-up", "keeps up"),
        };
    }

    private static IEnumerable<Finding> Comparison(string source, DigestServer server, Dataset dataset, SqlServerObject found)
    {
        if (dataset.Key.Count > 0 && DatasetInspection.ReadFaults(source, dataset, new Description(found)).Count == 0 && SourceDigestTable.WhyNot(dataset, found, server) is { } why)
            yield return Finding.Pass("comparison", $"reads all rows to hash them here: {why}", dataset.Id);
    }

    private static IEnumerable<Finding> Of(ISourceDatabase database, Dataset dataset, SqlServerObject found)
    {
        if (KeyEquality.Finding(dataset, found) is { } equality)
            yield return equality;
        if (dataset.Capture is Capture.HighWaterMark mark && found is { Kind: ObjectKind.Table } && found.Column(mark.Column) is { } column)
        {
            yield return database.Leading(found).Contains(column.Name) ? Finding.Pass("index on the mark", $"{column.Name} leads an index", dataset.Id)
                : Finding.Warn("index on the mark", $"no index begins with {column.Name}: each pass reads the whole table.",
                    $"CREATE INDEX {SqlServerDialect.Quote($"{found.Name}_{column.Name}")} ON {SqlServerDialect.Quote(found.Schema, found.Name)} ({SqlServerDialect.Quote(column.Name)});", dataset.Id);
        }
    }
}
