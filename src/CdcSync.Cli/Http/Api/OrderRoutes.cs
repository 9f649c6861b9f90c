using System.Net;
using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Sync;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Http.Api;

/// <summary>What can be ordered. Orders are answered at once (202) and carried out by the worker's own lanes; pauses are done when they are answered.</summary>
internal sealed class OrderRoutes(LiveWorker worker, Answers answers, ILogger log)
{
    private static readonly IReadOnlyDictionary<string, Acceptance> Accepting = new Dictionary<string, Acceptance>(StringComparer.Ordinal)
    {
        ["acceptDeletes"] = Acceptance.Deletes,
        ["acceptVolume"] = Acceptance.Volume,
        ["acceptSchema"] = Acceptance.Schema,
    };

    public void MapTo(IEndpointRouteBuilder routes)
    {
        MapOrder(routes, "sync", (query, _) => Task.FromResult(Sync(query)), Accepting.Keys.ToArray());
        MapOrder(routes, "reconcile", (query, _) => Task.FromResult(Reconcile(query)), "mode", "repair", "range");
        MapOrder(routes, "backfill", (query, _) => Task.FromResult<(Order, IReadOnlySet<DatasetId>?)>((new Order.Backfill(query.Range(worker.Pipeline)), query.RequiredDatasets(worker.Pipeline))), "range");
        MapOrder(routes, "quarantine/retry", async (query, ct) => (new Order.Reconcile(new ReconcileRequest(ReconcileMode.Digest, IsRepair: true)), await QuarantinedAsync(query, ct)));
        MapOrder(routes, "resync", (query, _) => Task.FromResult<(Order, IReadOnlySet<DatasetId>?)>((new Order.Resync(query.Flag("acceptDeletes") ? BreakerUse.Accepted : BreakerUse.Armed), query.RequiredDatasets(worker.Pipeline))), "acceptDeletes");
        MapPause(routes, "pause", isPaused: true);
        MapPause(routes, "resume", isPaused: false);
    }

    private void MapOrder(IEndpointRouteBuilder routes, string path, Func<Query, CancellationToken, Task<(Order Order, IReadOnlySet<DatasetId>? Datasets)>> read, params string[] parameters) =>
        routes.MapPost($"/api/v1/{path}", async context =>
        {
            var (order, datasets) = await read(new Query(context.Request, parameters), context.RequestAborted);
            var taken = await TakeAsync(order, datasets, context.RequestAborted);
            var word = path.Replace('/', '_');
            foreach (var answer in taken)
                log.OrderTaken(word, answer.Dataset.Value, Words.Of(answer.Outlook), context.Connection.RemoteIpAddress?.ToString() ?? "");
            if (taken.Count > 0 && !taken.Any(a => a.IsAccepted))
                await answers.ProblemAsync(context, Refused(taken));
            else
                await answers.JsonAsync(context, new OrderDocument(worker.Pipeline.Name, word, [.. taken.Select(a => new OrderedDocument(a.Dataset.Value, a.IsAccepted, Words.Of(a.Outlook)))]), HttpStatusCode.Accepted);
        });

    /// <summary>A gate is let pass for datasets that are named, never for all.</summary>
    private (Order, IReadOnlySet<DatasetId>?) Sync(Query query)
    {
        var accepts = Accepting.Where(a => query.Flag(a.Key)).Aggregate(Acceptance.None, (all, one) => all | one.Value);
        return (new Order.Sync(accepts), accepts == Acceptance.None ? query.Datasets(worker.Pipeline) : query.RequiredDatasets(worker.Pipeline));
    }

    private void MapPause(IEndpointRouteBuilder routes, string path, bool isPaused) => routes.MapPost($"/api/v1/{path}", async context =>
    {
        var named = new Query(context.Request).RequiredDatasets(worker.Pipeline);
        var document = await PauseView.SetAsync(worker.Control, worker.Pipeline, named, isPaused, context.RequestAborted);
        worker.Engine.Wake();
        foreach (var dataset in document.Datasets)
            log.OrderTaken(path, dataset, "done", context.Connection.RemoteIpAddress?.ToString() ?? "");
        await answers.JsonAsync(context, document);
    });

    /// <summary>Whoever stands by says who works, so that the order can be given there.</summary>
    private async Task<IReadOnlyList<OrderAnswer>> TakeAsync(Order order, IReadOnlySet<DatasetId>? datasets, CancellationToken ct)
    {
        try
        {
            return worker.Engine.Take(order, datasets);
        }
        catch (CdcSyncException fault) when (fault.Code == ErrorCodes.LeaseLost)
        {
            var lease = await worker.Control.ReadLeaseAsync(worker.Pipeline.Name, ct);
            throw new CdcSyncException(ErrorCodes.LeaseLost, lease is null ? $"{fault.Message} Nobody else does either, at the moment."
                : $"this worker stands by: {lease.Holder} holds the lease of pipeline '{worker.Pipeline.Name}', until {Words.Of(lease.ExpiresAt)} unless it renews it.", fault.Remedy, fault);
        }
    }

    private static Problem Refused(IReadOnlyList<OrderAnswer> answers) => new(HttpStatusCode.Conflict, ErrorCodes.OrderRefused,
        $"not as things stand: {string.Join("; ", answers.Select(a => $"{a.Dataset} {Reason(a.Outlook)}"))}.", RemedyFor(answers[0]));

    private static string Reason(OrderOutlook outlook) => outlook switch
    {
        OrderOutlook.Paused => "is paused, or another of its group",
        OrderOutlook.ResyncRequired => "can't go on without a resync, or another of its group",
        OrderOutlook.NotLoaded => "is not loaded yet",
        _ => "has another order waiting",
    };

    private static string RemedyFor(OrderAnswer answer) => answer.Outlook switch
    {
        OrderOutlook.Paused => $"Run: cdcsync resume {answer.Dataset}",
        OrderOutlook.ResyncRequired => $"Run: cdcsync resync {answer.Dataset}",
        _ => "Wait, and try again. Run: cdcsync status",
    };

    /// <summary>Of all datasets those that can be compared in that mode; one that is named is tried.</summary>
    private (Order, IReadOnlySet<DatasetId>?) Reconcile(Query query)
    {
        var request = new ReconcileRequest(query.Word("mode", ReconcileMode.Digest), query.Flag("repair")) { Range = query.Range(worker.Pipeline) };
        if (request is { Mode: ReconcileMode.Totals, IsRepair: true })
            throw new CdcSyncException(ErrorCodes.RequestInvalid, "mode=totals says that something differs, and not which rows: it repairs nothing.", "Repair by rows. Run: cdcsync reconcile --repair");
        bool IsComparable(Dataset dataset) => request.Mode == ReconcileMode.Totals ? dataset.Totals.Count > 0 : dataset.Key.Count > 0;
        return (new Order.Reconcile(request), query.Datasets(worker.Pipeline) ?? worker.Pipeline.Datasets.Where(IsComparable).Select(d => d.Id).ToHashSet());
    }

    private async Task<IReadOnlySet<DatasetId>?> QuarantinedAsync(Query query, CancellationToken ct)
    {
        var chosen = query.Datasets(worker.Pipeline);
        var counts = await worker.Control.CountQuarantinedAsync(worker.Pipeline.Name, ct);
        return worker.Pipeline.Datasets.Select(d => d.Id).Where(id => counts.ContainsKey(id) && chosen?.Contains(id) != false).ToHashSet();
    }
}
