using CdcSync.Connectors.Postgres.Source.Catalog;
using CdcSync.Connectors.Postgres.Source.Marks;
using CdcSync.Connectors.Postgres.Source.Sql;
using CdcSync.Core.Datasets;
using CdcSync.Core.Diagnosis;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>What <c>doctor</c> looks at in a PostgreSQL database. docs/postgresql.md explains each finding.</summary>
internal sealed class SourceDiagnosis(SourceConnection connection, Catalogue catalogue, string slot)
{
    // Far above what an application's transaction takes; a dump or a forgotten session is this old.
    private static readonly TimeSpan LongTransaction = TimeSpan.FromHours(1);

    // A slot that keeps a gigabyte is behind, or its server writes that much between two passes.
    private const long NotableRetention = 1L << 30;

    /// <summary>Looks.</summary>
    /// <param name="datasets">The datasets of the source.</param>
    public IReadOnlyList<Finding> Findings(IReadOnlyList<Dataset> datasets)
    {
        var health = connection.Ask([Parameter.Statement(HealthSql.Server())], "looking at the server", rows =>
        {
            rows.Read();
            return new Health(rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetBoolean(3), rows.GetBoolean(4), rows.GetBoolean(5), rows.GetInt64(6));
        });
        return
        [
            Finding.Pass("server", $"PostgreSQL {health.Version}, database {health.Database}, as {health.Role}"),
            Encryption(health),
            .. datasets.Any(d => d.Capture is Capture.ChangeTracking) ? Slot(health) : [],
            Transactions(OpenTransactions.Ask(connection), ReadTransaction.Ask(connection).Clock),
            .. datasets.SelectMany(Mark),
        ];
    }

    private static Finding Encryption(Health health) => health.IsEncrypted ? Finding.Pass("encryption", "TLS")
        : health.IsLocal ? Finding.Pass("encryption", "none, on this machine")
        : Finding.Warn("encryption", "none: rows and password can be read on the way.", "Say 'SSL Mode=VerifyFull' in the connection string. Run: cdcsync doctor");

    private IEnumerable<Finding> Slot(Health health)
    {
        yield return health.SlotLimit >= 0 ? Finding.Pass("slot limit", $"the server drops log beyond {health.SlotLimit} MB: then datasets stop, and not the application")
            : Finding.Warn("slot limit", "a pipeline that stands still fills the server's disk with log.", "Set what the disk can bear: ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf();");
        // A slot that is missing is what the check of each dataset says.
        var retained = connection.Ask([Parameter.Statement(HealthSql.Retained(), Parameter.Text(slot))], "looking at the slot", rows => rows.Read() && !rows.IsDBNull(0) ? rows.GetInt64(0) : (long?)null);
        if (retained is { } bytes)
        {
            var words = $"{slot} keeps {bytes >> 20} MiB of log";
            yield return bytes < NotableRetention ? Finding.Pass("slot", words) : Finding.Warn("slot", $"{words}: a dataset does not advance.", "Run: cdcsync status");
        }
    }

    private static Finding Transactions(OpenTransactions open, DateTimeOffset now) =>
        open.Oldest is { } oldest && now - oldest is { } age && age > LongTransaction
            ? Finding.Warn("open transactions", $"process {open.OldestProcess} ({open.OldestName}) has one open for {DurationText.Of(age)}: marks stand still for it, and each pass reads the log from its begin.", $"End it, or wait: SELECT pg_terminate_backend({open.OldestProcess});")
            : open.MaySeeAll ? Finding.Pass("open transactions", "none is old")
            : Finding.Warn("open transactions", "the role does not see when those of other roles began.", "Run: cdcsync grants");

    private IEnumerable<Finding> Mark(Dataset dataset)
    {
        // What is wrong with the object itself is said by the check of its capture.
        if (dataset.Capture is not Capture.HighWaterMark capture || catalogue.Describe(connection, dataset).Object is not { } found || found.Column(capture.Column) is not { } mark)
            yield break;
        if (capture.Kind == MarkKind.Timestamp)
        {
            var way = MarkWay.Of(capture, mark, ReadTransaction.Ask(connection), OpenTransactions.Ask(connection));
            yield return way.IsExact ? Finding.Pass("mark", way.Holder is { } holder ? $"read without an overlap, up to the begin of process {holder} ({way.HolderName})" : "read without an overlap", dataset.Id)
                : capture.IsStampedByServer ? Finding.Warn("mark", $"read with the overlap: {way.WhyNot}.", "docs/postgresql.md, High-water marks, has what it takes to do without.", dataset.Id)
                : Finding.Pass("mark", $"read with an overlap of {DurationText.Of(capture.Overlap)}: {way.WhyNot}", dataset.Id);
        }

        if (found.Kind is ObjectKind.Table && !IsLeading(found, mark))
            yield return Finding.Warn("index on the mark", $"no index begins with {mark.Name}: each pass reads the whole table.", $"CREATE INDEX ON {PostgresDialect.Quote(found.Schema)}.{PostgresDialect.Quote(found.Name)} ({PostgresDialect.Quote(mark.Name)});", dataset.Id);
    }

    private bool IsLeading(PostgresObject table, PostgresColumn column) =>
        connection.Ask([Parameter.Statement(HealthSql.IsLeading(), Parameter.BigInt(table.Oid), Parameter.BigInt(column.Number))], $"reading the indexes of {table}", rows => rows.Read() && rows.GetBoolean(0));

    private sealed record Health(string Version, string Database, string Role, bool IsEncrypted, bool IsLocal, bool MaySeeAll, long SlotLimit);
}
