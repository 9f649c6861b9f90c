using System.Data;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;
using CdcSync.Core.Warehouses;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>What the gates ask of the ledger, and what a person let through them; pure.</summary>
internal static class GateSql
{
    private static readonly TSqlParameter Seconds = new("@seconds", new(SqlDbType.Int)), Gate = new("@gate", new(SqlDbType.NVarChar, 20)), Verdict = new("@verdict", TSqlType.Text);

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
