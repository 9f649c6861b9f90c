using System.Collections.Concurrent;
using System.Globalization;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Observing;

/// <summary>Logs what the engine tells: a line per committed batch, a line per failure, a line per change of state; nothing while nothing happens.</summary>
internal sealed class LogObserver(ILogger log, Repetitions repetitions) : ISyncObserver
{
    private const string Warehouse = "warehouse";

    private readonly ConcurrentDictionary<DatasetId, DatasetPhase> _phases = new();
    private readonly ConcurrentDictionary<DatasetId, int> _loading = new();
    private readonly ConcurrentDictionary<DatasetId, long> _quarantined = new();
    private readonly ConcurrentDictionary<DatasetId, bool> _paused = new();
    private readonly ConcurrentDictionary<(DatasetId, string), bool> _failedChecks = new();
    private LeaseState _lease = LeaseState.Unknown;

    private enum LeaseState
    {
        Unknown,
        Held,
        Gone,
        StandingBy,
    }

    public void CheckpointRead(Dataset dataset, Checkpoint? checkpoint)
    {
        Works(Warehouse);
    }

    public void IdleAdvanced(Dataset dataset, DateTimeOffset completeUpTo)
    {
        Works(dataset.Id.Value);
    }

    /// <summary>Where a load begins or goes on; from there its ranges are told by their batches.</summary>
    public void SnapshotProgressed(Dataset dataset, SnapshotProgress progress)
    {
        if (_loading.TryAdd(dataset.Id, progress.Total))
            log.SnapshotProgressed(dataset.Id.Value, progress.Remaining.Count, progress.Total);
    }

    /// <summary>With the new columns that the contract knows nothing of, as nobody else says that they are not taken.</summary>
    public void SchemaChanged(Dataset dataset, IReadOnlyList<SchemaChange> changes)
    {
        var added = changes.Where(c => c.Kind is SchemaChangeKind.Added or SchemaChangeKind.Renamed).Select(c => new SourceColumn(c.Column, "", true));
        var unnamed = dataset.Unnamed(added);
        log.SchemaChanged(dataset.Id.Value, string.Join("; ", changes.Select(c => c.What)), unnamed.Count == 0 ? "" : $"; not taken, as the contract does not name them: {string.Join(", ", unnamed)}");
    }

    public void GateWarned(Dataset dataset, CdcSyncException verdict) => log.GateWarned(dataset.Id.Value, verdict.Message);

    public void RowsIsolated(Dataset dataset, long rows, int attempts) => log.RowsIsolated(dataset.Id.Value, rows, attempts);

    public void Reconciled(Dataset dataset, ReconcileReport report) => log.Reconciled(dataset.Id.Value, Words.Of(report.FinishedAt - report.StartedAt), report.SourceRows, report.TargetRows,
        report.Found.Missing, report.Found.Different, report.Found.Extra, report.Repaired.Total);

    public void BatchCommitted(Dataset dataset, BatchReport report)
    {
        Works(dataset.Id.Value);
        using var scope = log.BeginScope(Fields(("publication", report.Publication), ("completeUpTo", Words.Of(report.Checkpoint.CompleteUpTo)), ("landedBytes", report.Landing?.Bytes)));
        long Milliseconds(string stage) => (long)report.Stages.GetValueOrDefault(stage).TotalMilliseconds;
        log.BatchCommitted(dataset.Id.Value, Words.Of(report.Kind), report.Generation, report.RowsRead, report.Stats.Inserted, report.Stats.Updated, report.Stats.Deleted, report.Stats.Erased,
            report.RowsQuarantined, (long)report.Stages.Values.Sum(t => t.TotalMilliseconds), Milliseconds("read"), Milliseconds("land"), Milliseconds("stage"), Milliseconds("publish"),
            (report.Landing is { } landing ? $", landed {Words.OfBytes(landing.Bytes)}" : "")
            + (report.Checkpoint.CompleteUpTo is { } completeUpTo ? $", complete up to {Words.Of(completeUpTo)}" : ""));
    }

    public void BatchFailed(Dataset dataset, CdcSyncException fault, TimeSpan? retryIn)
    {
        if (retryIn is not { } wait)
            log.BatchFailedForGood(dataset.Id.Value, fault.Code.Id, OneLine(fault));
        else if (repetitions.Count(dataset.Id.Value, fault.Code) is { } quiet)
        {
            using var scope = log.BeginScope(Fields(("keptQuiet", quiet)));
            log.BatchFailedForNow(dataset.Id.Value, Words.Of(wait), fault.Code.Id, OneLine(fault), Repeated(quiet));
        }
    }

    public void WorkerFailed(string side, CdcSyncException fault, TimeSpan retryIn)
    {
        if (repetitions.Count(side, fault.Code) is not { } quiet)
            return;
        using var scope = log.BeginScope(Fields(("keptQuiet", quiet)));
        log.WorkerFailed(side, Words.Of(retryIn), fault.Code.Id, OneLine(fault), Repeated(quiet));
    }

    public void PhaseChanged(Dataset dataset, DatasetPhase phase)
    {
        DatasetPhase? before = _phases.TryGetValue(dataset.Id, out var known) ? known : null;
        _phases[dataset.Id] = phase;
        if (phase != DatasetPhase.Snapshot)
            _loading.TryRemove(dataset.Id, out _);
        // That a dataset is as it should be is news only after it was not.
        var isNews = phase is not (DatasetPhase.New or DatasetPhase.Snapshot) && phase != before && (phase != DatasetPhase.Streaming || before is not null);
        if (isNews)
            log.PhaseChanged(dataset.Id.Value, Words.Of(phase).Replace('_', ' '));
    }

    public void PauseChanged(Dataset dataset, bool isPaused)
    {
        // That a dataset is not paused is news only after it was.
        if (isPaused ? !_paused.TryAdd(dataset.Id, true) : !_paused.TryRemove(dataset.Id, out _)) return;
        if (isPaused)
            log.Paused(dataset.Id.Value);
        else
            log.Resumed(dataset.Id.Value);
    }

    public void QuarantineCounted(Dataset dataset, long rows)
    {
        if (rows > _quarantined.GetValueOrDefault(dataset.Id))
            log.QuarantineGrew(dataset.Id.Value, rows);
        _quarantined[dataset.Id] = rows;
    }

    public void Checked(Dataset dataset, IReadOnlyList<CheckResult> results)
    {
        foreach (var result in results)
        {
            if (result.IsFailed && _failedChecks.TryAdd((dataset.Id, result.Check), true))
                log.CheckFailed(dataset.Id.Value, result.Check, Words.Of(result.Severity), CheckView.Found(result), result.Expected);
            else if (!result.IsFailed && _failedChecks.TryRemove((dataset.Id, result.Check), out _))
                log.CheckHolds(dataset.Id.Value, result.Check);
        }
    }

    public void DeadlineMissed(Dataset dataset, ContractCheck check, DateTimeOffset at) => log.DeadlineMissed(dataset.Id.Value, check.Id, at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));

    /// <summary>What a comparison found is told by itself.</summary>
    public void OrderEnded(Dataset dataset, OrderEnd end)
    {
        if (end.Fault is { } fault)
            log.OrderFailed(Words.Of(end.Order), dataset.Id.Value, fault.Code.Id, OneLine(fault));
        else
            log.OrderDone(Words.Of(end.Order), dataset.Id.Value);
    }

    public void LeaseChanged(bool held)
    {
        var before = _lease;
        _lease = held ? LeaseState.Held : before == LeaseState.Held ? LeaseState.Gone : LeaseState.StandingBy;
        if (_lease == before)
            return;
        if (_lease == LeaseState.Held)
            log.LeaseTaken();
        else if (_lease == LeaseState.Gone)
            log.LeaseGone();
        else
            log.StandingBy();
    }

    private void Works(string subject)
    {
        if (repetitions.End(subject) is > 0 and var failures)
            log.WorksAgain(subject, failures);
    }

    private static KeyValuePair<string, object?>[] Fields(params ReadOnlySpan<(string Name, object? Value)> fields)
    {
        var named = new KeyValuePair<string, object?>[fields.Length];
        for (var i = 0; i < fields.Length; i++)
            named[i] = new(fields[i].Name, fields[i].Value);
        return named;
    }

    private static string Repeated(int quiet) => quiet > 0 ? $" ({Words.Of(quiet)} more since it was last told)" : "";

    private static string OneLine(CdcSyncException fault) => $"{fault.Message} {fault.Remedy}".ReplaceLineEndings(" ");
}
