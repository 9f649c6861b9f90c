using System.Collections.Concurrent;
using CdcSync.Cli.Config;
using CdcSync.Cli.Output;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Metrics;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sources.Schemas;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;
using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Webhooks;

/// <summary>Tells webhooks what people who use the data want to know; nothing of how it is done.</summary>
internal sealed class WebhookObserver : ISyncObserver, IAsyncDisposable
{
    private readonly string _pipeline;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<WebhookSender> _senders;
    private readonly ConcurrentDictionary<(DatasetId Dataset, WebhookEvent Trouble, string? Check), bool> _troubles = new();
    private readonly ConcurrentDictionary<DatasetId, long> _quarantined = new();
    private readonly ConcurrentDictionary<DatasetId, DateTimeOffset> _completeUpTo = new();

    public WebhookObserver(string pipeline, IReadOnlyList<WebhookConfig> webhooks, MetricRegistry metrics, TimeProvider time, ILogger log)
    {
        _pipeline = pipeline;
        _time = time;
        var deliveries = metrics.Counter("cdcsync_webhook_deliveries_total", "Attempts to tell a webhook, and documents that it will never have.", "pipeline", "webhook", "outcome");
        var waiting = metrics.Gauge("cdcsync_webhook_waiting", "Documents that a webhook is still to be told.", "pipeline", "webhook");
        _senders = [.. webhooks.Select(webhook => new WebhookSender(webhook,
            new WebhookMetrics(Enum.GetValues<DeliveryOutcome>().ToDictionary(o => o, o => deliveries.Add(pipeline, webhook.Name, Words.Of(o))), waiting.Add(pipeline, webhook.Name)), time, log))];
    }

    public void CheckpointRead(Dataset dataset, Checkpoint? checkpoint)
    {
        if (checkpoint?.CompleteUpTo is { } completeUpTo)
            _completeUpTo[dataset.Id] = completeUpTo;
    }

    /// <summary>The table is complete up to an instant; the ranges of a first load are not.</summary>
    public void BatchCommitted(Dataset dataset, BatchReport report)
    {
        if (report.Checkpoint.CompleteUpTo is not { } completeUpTo)
            return;
        _completeUpTo[dataset.Id] = completeUpTo;
        var stats = report.Stats;
        Tell(dataset, WebhookEvent.Published, d => d with { Generation = report.Generation, Publication = report.Publication.ToString(), Rows = stats.Inserted + stats.Updated + stats.Deleted + stats.Erased });
    }

    public void IdleAdvanced(Dataset dataset, DateTimeOffset completeUpTo) => _completeUpTo[dataset.Id] = completeUpTo;

    public void PhaseChanged(Dataset dataset, DatasetPhase phase)
    {
        Trouble(dataset, WebhookEvent.Blocked, phase == DatasetPhase.Blocked, isOver: phase == DatasetPhase.Streaming);
        Trouble(dataset, WebhookEvent.ResyncRequired, phase == DatasetPhase.ResyncRequired, isOver: phase == DatasetPhase.Streaming);
    }

    public void QuarantineCounted(Dataset dataset, long rows)
    {
        if (rows > _quarantined.GetValueOrDefault(dataset.Id))
            Tell(dataset, WebhookEvent.Quarantined, d => d with { Rows = rows });
        else if (rows == 0 && _quarantined.GetValueOrDefault(dataset.Id) > 0)
            Tell(dataset, WebhookEvent.Recovered, d => d with { From = Words.Of(WebhookEvent.Quarantined) });
        _quarantined[dataset.Id] = rows;
    }

    public void SchemaChanged(Dataset dataset, IReadOnlyList<SchemaChange> changes) => Tell(dataset, WebhookEvent.SchemaChanged, d => d with { Changes = [.. changes.Select(SchemaChangeDocument.Of)] });

    public void OrderEnded(Dataset dataset, OrderEnd end) =>
        Tell(dataset, WebhookEvent.OrderEnded, d => d with { Order = Words.Of(end.Order), Outcome = Words.OutcomeOf(end), Rows = end.Report is { } r ? r.Found.Total - r.Repaired.Total : null, Error = end.Fault?.Code.Id });

    public void Reconciled(Dataset dataset, ReconcileReport report)
    {
        // Totals know of no rows, and are each a trouble of their own; what is in flight is neither there nor over.
        foreach (var total in report.InFlight == 0 && report.Request.Range is null ? report.Totals : [])
            Trouble(dataset, WebhookEvent.Drift, total.Differing > 0, isOver: total.Differing == 0, check: total.Name);
        if (report.Request.Mode != ReconcileMode.Totals)
            Trouble(dataset, WebhookEvent.Drift, report.Left > 0, isOver: report is { Left: 0, Request.Range: null }, rows: report.Left);
    }

    /// <summary>What can't be said yet is neither broken nor well.</summary>
    public void Checked(Dataset dataset, IReadOnlyList<CheckResult> results)
    {
        foreach (var result in results.Where(r => r.Severity == CheckSeverity.Error))
            Trouble(dataset, WebhookEvent.ContractBroken, result.IsFailed, isOver: result.Verdict == CheckVerdict.Passed, check: result.Check);
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_senders.Select(s => s.DisposeAsync().AsTask()));

    /// <summary>Trouble is told when it begins, and that it is over if its beginning was told.</summary>
    private void Trouble(Dataset dataset, WebhookEvent trouble, bool isThere, bool isOver, long? rows = null, string? check = null)
    {
        if (isThere && _troubles.TryAdd((dataset.Id, trouble, check), true))
            Tell(dataset, trouble, d => d with { Rows = rows, Check = check });
        else if (isOver && _troubles.TryRemove((dataset.Id, trouble, check), out _))
            Tell(dataset, WebhookEvent.Recovered, d => d with { From = Words.Of(trouble), Check = check });
    }

    private void Tell(Dataset dataset, WebhookEvent what, Func<WebhookDocument, WebhookDocument> more)
    {
        var told = _senders.Where(s => s.Webhook.Events.Contains(what) && (s.Webhook.Datasets.Count == 0 || s.Webhook.Datasets.Contains(dataset.Id.Value))).ToArray();
        if (told.Length == 0)
            return;
        var now = _time.GetUtcNow();
        var document = more(new WebhookDocument(Guid.CreateVersion7(now).ToString(), Words.Of(what), Words.Of(now), _pipeline, dataset.Id.Value,
            _completeUpTo.TryGetValue(dataset.Id, out var completeUpTo) ? Words.Of(completeUpTo) : null));
        foreach (var sender in told)
            sender.Tell(document);
    }
}
