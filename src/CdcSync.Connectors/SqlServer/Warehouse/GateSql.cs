using System.Data;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What the gates ask of the ledger, what a person let through them, and the columns that sources had; pure.</summary>
internal static class GateSql
{
    private static readonly TSqlParameter Seconds = new("@seconds", new(SqlDbType.Int)), Gate = new("@gate", new(SqlDbType.NVarChar, 20)), Verdict = new("@verdict", TSqlType.Text),
        Number = new("@number", TSqlType.BigInt), Columns = new("@columns", TSqlType.Text), Changes = new("@changes", TSqlType.Text);

    public static TSql SumDeleted() => new(
        """
        SELECT COALESCE(SUM(l.deleted), CAST(0 AS bigint)) AS deleted
          FROM cdcsync.ledger AS l
         WHERE l.pipeline = @pipeline AND l.dataset = @dataset AND l.deleted > 0 AND l.committed_at > DATEADD(second, -@seconds, SYSUTCDATETIME())
           AND l.generation > COALESCE((SELECT MAX(a.generation) FROM cdcsync.acceptance AS a WHERE a.pipeline = @pipeline AND a.dataset = @dataset AND a.gate = N'deletes'), 0);
        """, TSqlKinds.Select, PipelineName, DatasetName, Seconds);

    public static TSql Past() => new(
        """
        SELECT TOP (@limit) rows_read, source_time
          FROM cdcsync.ledger
         WHERE pipeline = @pipeline AND dataset = @dataset AND kind = @kind
         ORDER BY generation DESC;
        """, TSqlKinds.Select, Limit, PipelineName, DatasetName, Kind);

    public static TSql Accept() => new(
        """
        INSERT INTO cdcsync.acceptance (pipeline, dataset, generation, gate, verdict, holder, accepted_at)
        VALUES (@pipeline, @dataset, @generation, @gate, @verdict, @holder, SYSUTCDATETIME());
        """, TSqlKinds.Insert, PipelineName, DatasetName, Generation, Gate, Verdict, Holder);

    /// <summary>The newest columns of each dataset's source.</summary>
    public static TSql SourceSchemas() => new(
        """
        SELECT s.dataset, s.number, s.columns, s.changes
          FROM cdcsync.source_schema AS s
         WHERE s.pipeline = @pipeline AND s.number = (SELECT MAX(n.number) FROM cdcsync.source_schema AS n WHERE n.pipeline = s.pipeline AND n.dataset = s.dataset);
        """, TSqlKinds.Select, PipelineName);

    public static TSql WriteSourceSchema() => new(
        """
        INSERT INTO cdcsync.source_schema (pipeline, dataset, number, columns, changes, seen_at)
        SELECT @pipeline, @dataset, @number, @columns, @changes, SYSUTCDATETIME()
         WHERE NOT EXISTS (SELECT 1 FROM cdcsync.source_schema AS s WHERE s.pipeline = @pipeline AND s.dataset = @dataset AND s.number = @number);
        """, TSqlKinds.Insert, PipelineName, DatasetName, Number, Columns, Changes);

    /// <summary>The same with its values.</summary>
    public static Statement WriteSourceSchema(string pipeline, DatasetId dataset, SourceSchema schema) => new(WriteSourceSchema(),
        PipelineName.With(pipeline), DatasetName.With(dataset.Value), Number.With(schema.Number), Columns.With(schema.ColumnsText), Changes.With(schema.ChangesText));

    /// <summary>See <see cref="IControlStore.SumDeletedAsync"/>.</summary>
    public static Statement SumDeleted(string pipeline, DatasetId dataset, TimeSpan within) =>
        new(SumDeleted(), PipelineName.With(pipeline), DatasetName.With(dataset.Value), Seconds.With((int)within.TotalSeconds));

    /// <summary>See <see cref="IControlStore.ReadPastAsync"/>.</summary>
    public static Statement Past(string pipeline, DatasetId dataset, BatchKind kind, int limit) =>
        new(Past(), Limit.With(limit), PipelineName.With(pipeline), DatasetName.With(dataset.Value), Kind.With(ControlText.Of(kind)));

    /// <summary>Records what was accepted, in the transaction that the caller holds.</summary>
    public static Statement Accept(Lease lease, DatasetPublication part, AcceptedVerdict accepted) => new(Accept(),
        PipelineName.With(lease.Pipeline), DatasetName.With(part.Stage.Dataset.Id.Value), Generation.With(part.Move.Next.Generation), Gate.With(accepted.Gate), Verdict.With(accepted.Verdict), Holder.With(lease.Holder));
}
