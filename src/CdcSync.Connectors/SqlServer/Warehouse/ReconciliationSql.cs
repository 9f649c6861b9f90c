using System.Data;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Warehouses;
using static CdcSync.Connectors.SqlServer.Warehouse.Parameter;

namespace CdcSync.Connectors.SqlServer.Warehouse;

/// <summary>The statements that record comparisons of source and target, and read them; pure.</summary>
internal static class ReconciliationSql
{
    private static readonly TSqlParameter Id = new("@id", new(SqlDbType.UniqueIdentifier)), Mode = new("@mode", new(SqlDbType.NVarChar, 20)), Outcome = new("@outcome", TSqlType.Text), Report = new("@report", TSqlType.Text),
        StartedAt = new("@started_at", new(SqlDbType.DateTime2, Scale: 6)), FinishedAt = new("@finished_at", new(SqlDbType.DateTime2, Scale: 6)),
        SourceRows = new("@source_rows", TSqlType.BigInt), TargetRows = new("@target_rows", TSqlType.BigInt),
        Missing = new("@missing", TSqlType.BigInt), Different = new("@different", TSqlType.BigInt), Extra = new("@extra", TSqlType.BigInt), Repaired = new("@repaired", TSqlType.BigInt);

    /// <summary>When each dataset was last compared.</summary>
    public static TSql ReadReconciled() => new("""
        SELECT dataset, MAX(CASE WHEN mode <> 'totals' THEN finished_at END) AS rows_at, MAX(CASE WHEN mode = 'totals' THEN finished_at END) AS totals_at
          FROM cdcsync.reconciliation
         WHERE pipeline = @pipeline AND finished_at IS NOT NULL AND mode IN ('digest', 'keys', 'full', 'totals')
         GROUP BY dataset;
        """, TSqlKinds.Select, PipelineName);

    /// <summary>The newest comparisons, newest first.</summary>
    public static TSql ReadComparisons() => new(
        """
        SELECT TOP (@limit) id, dataset, mode, started_at, finished_at, outcome, source_rows, target_rows, missing, different, extra, repaired, report
          FROM cdcsync.reconciliation
         WHERE pipeline = @pipeline AND (@dataset IS NULL OR dataset = @dataset) AND finished_at IS NOT NULL
         ORDER BY finished_at DESC, dataset;
        """, TSqlKinds.Select, Limit, PipelineName, DatasetName);

    /// <summary>Writes the record of a comparison.</summary>
    public static TSql Write() => new(
        """
        INSERT INTO cdcsync.reconciliation
               (id, pipeline, dataset, mode, started_at, finished_at, outcome, source_rows, target_rows, missing, different, extra, repaired, report)
        VALUES (@id, @pipeline, @dataset, @mode, @started_at, @finished_at, @outcome, @source_rows, @target_rows, @missing, @different, @extra, @repaired, @report);
        """, TSqlKinds.Insert, Id, PipelineName, DatasetName, Mode, StartedAt, FinishedAt, Outcome, SourceRows, TargetRows, Missing, Different, Extra, Repaired, Report);

    /// <summary>The same with its values.</summary>
    public static Statement Write(string pipeline, ReconcileReport report) => new(Write(),
        Id.With(report.Id), PipelineName.With(pipeline), DatasetName.With(report.Dataset.Value), Mode.With(ControlText.Of(report.Request)), StartedAt.WithInstant(report.StartedAt),
        FinishedAt.WithInstant(report.FinishedAt), Outcome.With(ControlText.Of(report.Outcome)), SourceRows.With(report.SourceRows), TargetRows.With(report.TargetRows),
        Missing.With(report.Found.Missing), Different.With(report.Found.Different), Extra.With(report.Found.Extra), Repaired.With(report.Repaired.Total), Report.With(ControlText.OfReport(report)));
}
