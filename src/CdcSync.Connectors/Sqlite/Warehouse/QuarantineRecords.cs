using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>The quarantine's rows, read and written inside a transaction that the caller holds.</summary>
internal static class QuarantineRecords
{
    /// <summary>The keys of a dataset's quarantined rows.</summary>
    public static HashSet<string> Keys(SqliteSession session, string pipeline, DatasetId dataset) => session
        .Fixed("SELECT row_key FROM main.cdcsync_quarantine WHERE pipeline = ?1 AND dataset = ?2")
        .With(pipeline, dataset.Value)
        .All(row => row.Text(0))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>See <see cref="IControlStore.ReadQuarantineAsync"/>.</summary>
    public static List<QuarantineEntry> Entries(SqliteSession session, string pipeline, DatasetId? dataset, string? key, int limit) => session
        .Fixed("""
            SELECT dataset, row_key, rule, column_name, reason, payload, generation, position, first_seen_at, last_seen_at
              FROM main.cdcsync_quarantine
             WHERE pipeline = ?1 AND (?2 IS NULL OR dataset = ?2) AND (?3 IS NULL OR row_key = ?3)
             ORDER BY last_seen_at DESC, dataset, row_key
             LIMIT ?4
            """)
        .With(pipeline, dataset?.Value, key, (long)limit)
        .All(row => new QuarantineEntry(new DatasetId(row.Text(0)), new QuarantinedRow(row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5)), row.Int64(6), row.Text(7), Instant.Read(row.Text(8)), Instant.Read(row.Text(9))))
        .ToList();

    /// <summary>See <see cref="IControlStore.DropQuarantinedAsync"/>.</summary>
    public static long Drop(SqliteSession session, string pipeline, DatasetId dataset, string? key) => session
        .Fixed("DELETE FROM main.cdcsync_quarantine WHERE pipeline = ?1 AND dataset = ?2 AND (?3 IS NULL OR row_key = ?3) RETURNING 1")
        .With(pipeline, dataset.Value, key)
        .All(_ => 1)
        .LongCount();

    /// <summary>See <see cref="IControlStore.ExpireQuarantinedAsync"/>.</summary>
    public static long Expire(SqliteSession session, string pipeline, DateTimeOffset before) => session
        .Fixed("UPDATE main.cdcsync_quarantine SET payload = ?3 WHERE pipeline = ?1 AND last_seen_at < ?2 AND payload <> ?3 RETURNING 1")
        .With(pipeline, Instant.Of(before), QuarantineEntry.Expired)
        .All(_ => 1)
        .LongCount();

    /// <summary>
    /// Removes the entries whose rows are staged, then writes those of the batch. A key that is both had its newest version kept out: its entry stays.
    /// A whole content supersedes every entry.
    /// </summary>
    public static void Write(SqliteSession session, string pipeline, DatasetPublication part)
    {
        var stage = (SqliteStage)part.Stage;
        var dataset = stage.Dataset.Id.Value;
        var superseded = stage.IsWholeContent ? stage.Quarantined : stage.Superseded;
        foreach (var key in superseded.Except(part.Quarantined.Select(q => q.Key)))
            session.Fixed("DELETE FROM main.cdcsync_quarantine WHERE pipeline = ?1 AND dataset = ?2 AND row_key = ?3").With(pipeline, dataset, key).Run();
        foreach (var row in part.Quarantined)
        {
            session.Fixed($"""
                INSERT INTO main.cdcsync_quarantine
                    (pipeline, dataset, row_key, rule, column_name, reason, payload, generation, position, first_seen_at, last_seen_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, {Instant.Now}, {Instant.Now})
                ON CONFLICT (pipeline, dataset, row_key) DO UPDATE SET
                    rule = excluded.rule, column_name = excluded.column_name, reason = excluded.reason, payload = excluded.payload,
                    generation = excluded.generation, position = excluded.position, last_seen_at = excluded.last_seen_at
                """)
                .With(pipeline, dataset, row.Key, row.Rule, row.Column, row.Reason, row.Payload, part.Move.Next.Generation, part.Ledger.UpTo.Canonical)
                .Run();
        }
    }
}
