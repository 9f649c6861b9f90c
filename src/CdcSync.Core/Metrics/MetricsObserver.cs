using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Metrics;

/// <summary>Turns what the engine tells into metrics.</summary>
public sealed class MetricsObserver : ISyncObserver
{
    private readonly SyncMetrics _metrics;
    private readonly Dictionary<DatasetId, Watermark> _watermarks;

    /// <summary>Creates an observer that writes a pipeline's series.</summary>
    public MetricsObserver(SyncMetrics metrics, Pipeline pipeline)
    {
        _metrics = metrics;
        _watermarks = pipeline.Datasets.ToDictionary(d => d.Id, d => new Watermark(metrics.Sources[d.SourceName].ClockOffset, metrics[d.Id].Freshness.Watermark));
    }

    /// <inheritdoc/>
    public void CheckpointRead(Dataset dataset, Checkpoint? checkpoint)
    {
        _metrics.WarehouseConnected.Set(true);
        if (checkpoint?.CompleteUpTo is { } completeUpTo)
            _watermarks[dataset.Id].Rise(completeUpTo);
        else
            _watermarks[dataset.Id].Forget();
    }

    /// <inheritdoc/>
    public void Polled(string source, DateTimeOffset sourceTime, TimeSpan clockOffset, IReadOnlyList<Dataset> datasets)
    {
        var now = _metrics.Time.GetUtcNow();
        _metrics.Sources[source].Connected.Set(true);
        _metrics.Sources[source].ClockOffset.Set(clockOffset.TotalSeconds);
        foreach (var dataset in datasets)
        {
            _metrics[dataset.Id].Freshness.LastPollSuccess.Set(now);
            _watermarks[dataset.Id].OffsetMeasured();
        }
    }

    /// <inheritdoc/>
    public void SourceRetains(string source, long bytes) => _metrics.Sources[source].RetainedBytes.Set(bytes);

    /// <inheritdoc/>
    public void ReadEnded(string source, TimeSpan openFor, TimeSpan? heldBackFor)
    {
        _metrics.Sources[source].ReadTransaction.Set(openFor.TotalSeconds);
        _metrics.Sources[source].OldestWriter.Set(heldBackFor?.TotalSeconds ?? 0);
    }

    /// <inheritdoc/>
    public void RetentionKnown(Dataset dataset, TimeSpan retention) => _metrics[dataset.Id].Freshness.Retention.Set(retention.TotalSeconds);

    /// <inheritdoc/>
    public void RowsRead(Dataset dataset, long rows, long bytes) => _metrics[dataset.Id].Batches.ReadBytes.Add(bytes);

    /// <inheritdoc/>
    public void BatchCommitted(Dataset dataset, BatchReport report)
    {
        var now = _metrics.Time.GetUtcNow();
        var cells = _metrics[dataset.Id].Batches;
        _metrics.WarehouseConnected.Set(true);
        cells.LastCommit.Set(now);
        cells.Committed.Add();
        cells.Rows[RowOperation.Insert].Add(report.Stats.Inserted);
        cells.Rows[RowOperation.Update].Add(report.Stats.Updated);
        cells.Rows[RowOperation.Delete].Add(report.Stats.Deleted);
        cells.Rows[RowOperation.Erase].Add(report.Stats.Erased);
        _metrics[dataset.Id].Contract.RowsQuarantined.Add(report.RowsQuarantined);
        foreach (var (stage, duration) in cells.StageDuration)
            duration.Observe(report.Stages.GetValueOrDefault(stage));
        // What was committed was read without error: a first load of hours polls nothing, and is not stalled.
        _metrics[dataset.Id].Freshness.LastPollSuccess.Set(now);
        if (report.Resync is { } cause)
            cells.Resyncs[cause].Add();
        if (report.NewestCommit is { } commit)
        {
            var latency = now - commit + TimeSpan.FromSeconds(_metrics.Sources[dataset.SourceName].ClockOffset.Value);
            cells.Latency.Observe(latency);
            if (latency > dataset.LatencyTarget)
                cells.Late.Add();
        }
        if (report.Checkpoint.CompleteUpTo is { } completeUpTo)
            _watermarks[dataset.Id].Rise(completeUpTo);
    }

    /// <inheritdoc/>
    public void IdleAdvanced(Dataset dataset, DateTimeOffset completeUpTo) => _watermarks[dataset.Id].Rise(completeUpTo);

    /// <inheritdoc/>
    public void BatchFailed(Dataset dataset, CdcSyncException fault, TimeSpan? retryIn)
    {
        if (_metrics[dataset.Id].Batches.Failed.TryGetValue(fault.Code.Id, out var failed))
            failed.Add();
        if (fault.Code == ErrorCodes.SourceUnavailable || fault.Code == ErrorCodes.SourceDenied)
            _metrics.Sources[dataset.SourceName].Connected.Set(false);
        Failed(fault, retryIn is not null);
    }

    /// <inheritdoc/>
    public void WorkerFailed(string side, CdcSyncException fault, TimeSpan retryIn) => Failed(fault, isRetried: true);

    /// <inheritdoc/>
    public void PhaseChanged(Dataset dataset, DatasetPhase phase)
    {
        foreach (var (state, gauge) in _metrics[dataset.Id].Batches.State)
            gauge.Set(state == phase);
    }

    /// <inheritdoc/>
    public void PauseChanged(Dataset dataset, bool isPaused) => _metrics[dataset.Id].Freshness.Paused.Set(isPaused);

    /// <inheritdoc/>
    public void Planned(Dataset dataset, DateTimeOffset? next) => _metrics[dataset.Id].Freshness.NextRun.Set(next);

    /// <inheritdoc/>
    public void SchemaChanged(Dataset dataset, IReadOnlyList<SchemaChange> changes)
    {
        foreach (var change in changes)
            _metrics[dataset.Id].Contract.SchemaChanges[change.Kind].Add();
    }

    /// <inheritdoc/>
    public void GateWarned(Dataset dataset, CdcSyncException verdict)
    {
        if (_metrics[dataset.Id].Contract.GateWarnings.TryGetValue(verdict.Code.Id, out var warnings))
            warnings.Add();
    }

    /// <inheritdoc/>
    public void QuarantineCounted(Dataset dataset, long rows) => _metrics[dataset.Id].Contract.QuarantineRows.Set(rows);

    /// <inheritdoc/>
    public void Reconciled(Dataset dataset, ReconcileReport report)
    {
        var cells = _metrics[dataset.Id].Comparisons;
        foreach (var (kind, counter) in cells.Repaired)
            counter.Add(report.Repaired.Of(kind));
        if (report.Request.Range is not null)
            return;                                                      // says nothing of the other rows
        if (report.Request.Mode == ReconcileMode.Totals)
        {
            CompareTotals(dataset, report);
            return;
        }

        foreach (var (kind, gauge) in cells.Drift)
            gauge.Set(report.Found.Of(kind) - report.Repaired.Of(kind));
        cells.RowCountVariance.Set(report.SourceRows == report.TargetRows ? 0 : (double)(report.TargetRows - report.SourceRows) / Math.Max(report.TargetRows, report.SourceRows));
        cells.LastSuccess.Set(report.FinishedAt);
    }

    /// <summary>Totals say nothing of rows: only where they are what is scheduled, they are the comparison that is waited for. What is in flight is neither equal nor drift.</summary>
    private void CompareTotals(Dataset dataset, ReconcileReport report)
    {
        var cells = _metrics[dataset.Id].Comparisons;
        foreach (var total in report.Totals)
        {
            if (report.InFlight == 0 && cells.DriftGroups.TryGetValue(total.Name, out var groups))
                groups.Set(total.Differing);
        }

        if (dataset.Reconcile?.Mode == ReconcileMode.Totals)
            cells.LastSuccess.Set(report.FinishedAt);
    }

    /// <inheritdoc/>
    public void Checked(Dataset dataset, IReadOnlyList<CheckResult> results)
    {
        foreach (var result in results)
        {
            if (!_metrics[dataset.Id].Contract.Checks.TryGetValue(result.Check, out var cells))
                continue;
            cells.Failed.Set(result.IsFailed);
            cells.Value.Set((double?)result.Value ?? double.NaN);
            cells.At.Set(result.At);
        }
    }

    /// <inheritdoc/>
    public void DeadlineMissed(Dataset dataset, ContractCheck check, DateTimeOffset at) => _metrics[dataset.Id].Contract.DeadlinesMissed[check.Id].Add(1);

    /// <inheritdoc/>
    public void LeaseChanged(bool held)
    {
        // Taking it, or being refused it again, is an answer of the warehouse; losing it may be the lack of one.
        if (held || _metrics.LeaseHeld.Value == 0)
            _metrics.WarehouseConnected.Set(true);
        _metrics.LeaseHeld.Set(held);
        _metrics.SetState(held ? WorkerState.Active : WorkerState.Standby);
    }

    private void Failed(CdcSyncException fault, bool isRetried)
    {
        if (fault.Code == ErrorCodes.WarehouseUnavailable || fault.Code == ErrorCodes.WarehouseDenied)
            _metrics.WarehouseConnected.Set(false);
        if (isRetried)
            _metrics.Retries[SideOf(fault.Code)].Add();
    }

    private static FaultSide SideOf(ErrorCode code) => code.Id[3] switch
    {
        '2' => FaultSide.Source,
        '3' => FaultSide.Warehouse,
        '4' => FaultSide.State,
        '5' => FaultSide.Gate,
        '6' => FaultSide.Landing,
        _ => FaultSide.Engine,
    };
}
