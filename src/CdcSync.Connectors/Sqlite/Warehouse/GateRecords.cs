using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;

namespace CdcSync.Connectors.Sqlite.Warehouse;

/// <summary>What the gates ask of the ledger, what a person let through them, and the columns that sources had.</summary>
internal static class GateRecords
{
    /// <summary>See <see cref="IControlStore.SumDeletedAsync"/>.</summary>
    public static long SumDeleted(SqliteSession session, string pipeline, DatasetId dataset, TimeSpan within) => session
        .Fixed($"""
            SELECT coalesce(sum(deleted), 0)
              FROM main.cdcsync_ledger
             WHERE pipeline = ?1 AND dataset = ?2 AND deleted > 0 AND committed_at > {Instant.NowPlus("?3")}
               AND generation > (SELECT coalesce(max(generation), 0) FROM main.cdcsync_acceptance WHERE pipeline = ?1 AND dataset = ?2 AND gate = 'deletes')
            """)
        .With(pipeline, dataset.Value, -within.TotalSeconds)
        .First(row => row.Int64(0), missing: 0);

    /// <summary>See <see cref="IControlStore.ReadPastAsync"/>.</summary>
    public static List<PastBatch> Past(SqliteSession session, string pipeline, DatasetId dataset, BatchKind kind, int limit) => session
        .Fixed("SELECT rows_read, source_time FROM main.cdcsync_ledger WHERE pipeline = ?1 AND dataset = ?2 AND kind = ?3 ORDER BY generation DESC LIMIT ?4")
        .With(pipeline, dataset.Value, ControlText.Of(kind), (long)limit)
        .All(row => new PastBatch(row.Int64(0), Instant.Read(row.Text(1))))
        .ToList();

    /// <summary>See <see cref="IControlStore.ReadSourceSchemasAsync"/>.</summary>
    public static Dictionary<DatasetId, SourceSchema> SourceSchemas(SqliteSession session, string pipeline) => session
        .Fixed("""
            SELECT dataset, number, columns, changes
              FROM main.cdcsync_source_schema AS s
             WHERE pipeline = ?1 AND number = (SELECT max(n.number) FROM main.cdcsync_source_schema AS n WHERE n.pipeline = s.pipeline AND n.dataset = s.dataset)
            """)
        .With(pipeline)
        .All(row => (Id: new DatasetId(row.Text(0)), Schema: SourceSchema.Read(row.Int64(1), row.Text(2), row.Text(3))))
        .ToDictionary(s => s.Id, s => s.Schema);

    /// <summary>See <see cref="IControlStore.WriteSourceSchemaAsync"/>.</summary>
    public static void WriteSourceSchema(SqliteSession session, string pipeline, DatasetId dataset, SourceSchema schema) => session
        .Fixed($"INSERT INTO main.cdcsync_source_schema (pipeline, dataset, number, columns, changes, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, {Instant.Now}) ON CONFLICT DO NOTHING")
        .With(pipeline, dataset.Value, schema.Number, schema.ColumnsText, schema.ChangesText)
        .Run();

    /// <summary>Records what was accepted, in the transaction that the caller holds.</summary>
    public static void WriteAccepted(SqliteSession session, Lease lease, string pipeline, DatasetPublication part)
    {
        foreach (var accepted in part.Accepted)
            session.Fixed($"INSERT INTO main.cdcsync_acceptance (pipeline, dataset, generation, gate, verdict, holder, accepted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, {Instant.Now})")
                .With(pipeline, part.Stage.Dataset.Id.Value, part.Move.Next.Generation, accepted.Gate, accepted.Verdict, lease.Holder)
                .Run();
    }
}
