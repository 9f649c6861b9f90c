using System.Collections.Concurrent;
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

namespace CdcSync.Cli.Observing;

/// <summary>Tells scripts what the engine does, a line of JSON per event; nothing while nothing happens.</summary>
internal sealed class JsonObserver(JsonFeed feed) : ISyncObserver
{
    private readonly ConcurrentDictionary<DatasetId, long> _quarantined = new();
    private readonly ConcurrentDictionary<DatasetId, bool> _paused = new();
    private readonly ConcurrentDictionary<(DatasetId, string), CheckVerdict> _checks = new();
    private bool? _isHeld;

    public void SnapshotProgressed(Dataset dataset, SnapshotProgress progress) => feed.Tell(new FirstLoadLine(dataset.Id.Value, progress.Total, progress.Remaining.Count));

    public void BatchCommitted(Dataset dataset, BatchReport report) => feed.Tell(new BatchLine(dataset.Id.Value, Words.Of(report.Kind), report.Generation, report.RowsRead,
        report.Stats.Inserted, report.Stats.Updated, report.Stats.Deleted, report.Stats.Erased, report.RowsQuarantined,
        Math.Round(report.Stages.Values.Sum(t => t.TotalSeconds), 3), Words.Of(report.Checkpoint.CompleteUpTo)));

    public void BatchFailed(Dataset dataset, CdcSyncException fault, TimeSpan? retryIn) => feed.Tell(new FailedLine(dataset.Id.Value, FaultDocument.Of(fault), Seconds(retryIn)));

    public void WorkerFailed(string side, CdcSyncException fault, TimeSpan retryIn) => feed.Tell(new SystemFailedLine(side, FaultDocument.Of(fault), Math.Round(retryIn.TotalSeconds, 3)));

    public void PhaseChanged(Dataset dataset, DatasetPhase phase) => feed.Tell(new StateLine(dataset.Id.Value, Words.Of(phase)));

    public void PauseChanged(Dataset dataset, bool isPaused)
    {
        if (isPaused ? _paused.TryAdd(dataset.Id, true) : _paused.TryRemove(dataset.Id, out _))
            feed.Tell(new PauseLine(dataset.Id.Value, isPaused));
    }

    public void QuarantineCounted(Dataset dataset, long rows)
    {
        if (_quarantined.TryGetValue(dataset.Id, out var before) ? rows != before : rows > 0)
            feed.Tell(new QuarantineLine(dataset.Id.Value, rows));
        _quarantined[dataset.Id] = rows;
    }

    public void Checked(Dataset dataset, IReadOnlyList<CheckResult> results)
    {
        foreach (var result in results)
        {
            if (!_checks.TryGetValue((dataset.Id, result.Check), out var before) || before != result.Verdict)
                feed.Tell(new CheckLine(dataset.Id.Value, result.Check, Words.Of(result.Severity), Words.Of(result.Verdict), CheckView.Rounded(result.Value), result.Expected));
            _checks[(dataset.Id, result.Check)] = result.Verdict;
        }
    }

    public void Reconciled(Dataset dataset, ReconcileReport report) => feed.Tell(new ReconciledLine(dataset.Id.Value, Words.Of(report.Request.Mode), Words.Of(report.Outcome), report.Found.Missing, report.Found.Different, report.Found.Extra,
        report.Repaired.Total, report.InFlight, Math.Round((report.FinishedAt - report.StartedAt).TotalSeconds, 3)));

    public void OrderEnded(Dataset dataset, OrderEnd end) => feed.Tell(new OrderLine(dataset.Id.Value, Words.Of(end.Order), Words.OutcomeOf(end), end.Report?.Found.Missing, end.Report?.Found.Different, end.Report?.Found.Extra,
        end.Report?.Repaired.Total, FaultDocument.Of(end.Fault)));

    public void SchemaChanged(Dataset dataset, IReadOnlyList<SchemaChange> changes) => feed.Tell(new SchemaLine(dataset.Id.Value, [.. changes.Select(SchemaChangeDocument.Of)]));

    public void LeaseChanged(bool held)
    {
        if (_isHeld == held)
            return;
        _isHeld = held;
        feed.Tell(new LeaseLine(held));
    }

    private static double? Seconds(TimeSpan? span) => span is { } s ? Math.Round(s.TotalSeconds, 3) : null;
}
