using CdcSync.Core.Checkpoints;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>The control tables' rows, read and written inside a transaction that the caller holds.</summary>
internal static class ControlRecords
{
    /// <summary>True if the lease still has its token and has not expired, by SQLite's clock.</summary>
    public static bool HoldsLease(SqliteSession session, Lease lease) => session
        .Fixed($"SELECT 1 FROM main.cdcsync_lease WHERE pipeline = ?1 AND token = ?2 AND holder = ?3 AND expires_at > {Instant.Now}")
        .With(lease.Pipeline, lease.Token, lease.Holder)
        .First(_ => true, missing: false);

    /// <summary>A checkpoint's generation; 0 where there is none.</summary>
    public static long Generation(SqliteSession session, string pipeline, DatasetId dataset) => session
        .Fixed("SELECT generation FROM main.cdcsync_checkpoint WHERE pipeline = ?1 AND dataset = ?2")
        .With(pipeline, dataset.Value)
        .First(row => row.Int64(0), missing: 0);

    public static Dictionary<DatasetId, Checkpoint> Checkpoints(SqliteSession session, string pipeline, IReadOnlyCollection<DatasetId> datasets)
    {
        var wanted = datasets.ToHashSet();
        return session
            .Fixed("""
                SELECT generation, source_kind, source_id, position_kind, position, snapshot, complete_up_to, dataset
                  FROM main.cdcsync_checkpoint WHERE pipeline = ?1
                """)
            .With(pipeline)
            .All(row => (Id: new DatasetId(row.Text(7)), Checkpoint: Checkpoint(row, 0)))
            .Where(row => wanted.Contains(row.Id))
            .ToDictionary(row => row.Id, row => row.Checkpoint);
    }

    /// <summary>A checkpoint from seven columns: generation, source_kind, source_id, position_kind, position, snapshot, complete_up_to.</summary>
    public static Checkpoint Checkpoint(Statement row, int first) => new(
        row.Int64(first),
        new SourceIdentity(row.Text(first + 1), row.Text(first + 2)),
        new Position(row.Text(first + 3), row.Text(first + 4)),
        ControlText.ReadSnapshot(row.TextOrNull(first + 5)),
        Instant.ReadOrNull(row.TextOrNull(first + 6)));

    public static void WriteCheckpoint(SqliteSession session, string pipeline, DatasetId dataset, Checkpoint next) => session
        .Fixed($"""
            INSERT INTO main.cdcsync_checkpoint
                (pipeline, dataset, generation, source_kind, source_id, position_kind, position, snapshot, complete_up_to, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, {Instant.Now})
            ON CONFLICT (pipeline, dataset) DO UPDATE SET
                generation = excluded.generation, source_kind = excluded.source_kind, source_id = excluded.source_id,
                position_kind = excluded.position_kind, position = excluded.position, snapshot = excluded.snapshot,
                complete_up_to = excluded.complete_up_to, updated_at = excluded.updated_at
            """)
        .With(pipeline, dataset.Value, next.Generation, next.Source.Kind, next.Source.Id, next.Stream.Kind, next.Stream.Canonical,
            ControlText.OfSnapshot(next.Snapshot), Instant.Of(next.CompleteUpTo))
        .Run();

    public static void WriteLedger(SqliteSession session, Lease lease, Guid publication, string pipeline, DatasetId dataset, long generation, LedgerDraft draft, MergeStats stats) => session
        .Fixed($"""
            INSERT INTO main.cdcsync_ledger
                (publication, pipeline, dataset, generation, kind, position_kind, after_position, up_to_position, range_ordinal,
                 rows_read, rows_quarantined, inserted, updated, deleted, erased,
                 landing_path, landing_sha256, landing_rows, landing_bytes, source_time, newest_commit, holder, lease_token, committed_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, {Instant.Now})
            """)
        .With(publication.ToString(), pipeline, dataset.Value, generation, ControlText.Of(draft.Kind), draft.UpTo.Kind, draft.After?.Canonical, draft.UpTo.Canonical, draft.Range,
            draft.RowsRead, draft.RowsQuarantined, stats.Inserted, stats.Updated, stats.Deleted, stats.Erased,
            draft.Landing?.Path, draft.Landing?.Sha256, draft.Landing?.Rows, draft.Landing?.Bytes, Instant.Of(draft.SourceTime), Instant.Of(draft.NewestCommit), lease.Holder, lease.Token)
        .Run();

    /// <summary>The newest entries, newest first; of all datasets where <paramref name="dataset"/> is null.</summary>
    public static List<LedgerEntry> Ledger(SqliteSession session, string pipeline, DatasetId? dataset, int limit) => session
        .Fixed("""
            SELECT publication, dataset, generation, kind, position_kind, after_position, up_to_position, range_ordinal,
                   rows_read, rows_quarantined, inserted, updated, deleted, erased,
                   landing_path, landing_sha256, landing_rows, landing_bytes, source_time, newest_commit, committed_at, holder
              FROM main.cdcsync_ledger
             WHERE pipeline = ?1 AND (?2 IS NULL OR dataset = ?2)
             ORDER BY committed_at DESC, generation DESC, dataset
             LIMIT ?3
            """)
        .With(pipeline, dataset?.Value, limit)
        .All(LedgerEntry);

    /// <summary>The newest comparisons, newest first; of all datasets where <paramref name="dataset"/> is null.</summary>
    public static List<RecordedComparison> Comparisons(SqliteSession session, string pipeline, DatasetId? dataset, int limit) => session
        .Fixed("""
            SELECT id, dataset, mode, started_at, finished_at, outcome, source_rows, target_rows, missing, different, extra, repaired, report
              FROM main.cdcsync_reconciliation
             WHERE pipeline = ?1 AND (?2 IS NULL OR dataset = ?2) AND finished_at IS NOT NULL
             ORDER BY finished_at DESC, dataset
             LIMIT ?3
            """)
        .With(pipeline, dataset?.Value, limit)
        .All(row => new RecordedComparison(Guid.Parse(row.Text(0)), new DatasetId(row.Text(1)), ControlText.ReadMode(row.Text(2)), Instant.Read(row.Text(3)), Instant.Read(row.Text(4)),
            ControlText.Read<ReconcileOutcome>(row.Text(5)), row.Int64(6), row.Int64(7), new DriftCounts(row.Int64(8), row.Int64(9), row.Int64(10)), row.Int64(11), ControlText.ReadReport(row.TextOrNull(12))));

    private static LedgerEntry LedgerEntry(Statement row)
    {
        var kind = row.Text(4);
        var landing = row.IsNull(14) ? null : new LandedFile(row.Text(14), row.Text(15), row.Int64(16), row.Int64(17));
        var draft = new LedgerDraft(ControlText.Read<BatchKind>(row.Text(3)), row.TextOrNull(5) is { } after ? new Position(kind, after) : null, new Position(kind, row.Text(6)),
            row.Int64(8), row.Int64(9), landing, Instant.Read(row.Text(18)), Instant.ReadOrNull(row.TextOrNull(19)), (int?)row.Int64OrNull(7));
        var stats = new MergeStats(row.Int64(10), row.Int64(11), row.Int64(12), row.Int64(13));
        return new LedgerEntry(Guid.Parse(row.Text(0)), new DatasetId(row.Text(1)), row.Int64(2), draft, stats, Instant.Read(row.Text(20)), row.Text(21));
    }
}
