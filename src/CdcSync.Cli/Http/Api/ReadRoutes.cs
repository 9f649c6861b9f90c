using CdcSync.Cli.Output;
using CdcSync.Cli.Views;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CdcSync.Cli.Http.Api;

/// <summary>What can be read of a pipeline: the documents of the command line's <c>--json</c>, and what only this worker knows.</summary>
internal sealed class ReadRoutes(LiveWorker worker, EndpointOptions options, Answers answers)
{
    private const int DefaultLimit = 20;
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public void MapTo(IEndpointRouteBuilder routes)
    {
        Map(routes, "status", async (_, query, ct) => (await StatusAsync(ct)).Only(query.Datasets(worker.Pipeline)));
        Map(routes, "datasets", async (_, _, ct) => await StatusAsync(ct));
        Map(routes, "datasets/{dataset}", async (context, _, ct) => (await StatusAsync(ct)).Only(new HashSet<DatasetId> { Query.Find(worker.Pipeline, (string)context.GetRouteValue("dataset")!).Id }));
        Map(routes, "batches", async (_, query, ct) => await BatchesAsync(query.Datasets(worker.Pipeline), query.Limit(DefaultLimit), ct), "limit");
        Map(routes, "reconciliations", async (_, query, ct) => await ReconciliationsAsync(query.Datasets(worker.Pipeline), query.Limit(DefaultLimit), ct), "limit");
        Map(routes, "quarantine", async (_, query, ct) => await QuarantineView.ReadAsync(worker.Control, worker.Pipeline.Name, query.Datasets(worker.Pipeline), null, query.Limit(DefaultLimit), ct), "limit");
        Map(routes, "worker", async (_, _, ct) => await worker.ReadAsync(options.Token is not null, ct));
        Map(routes, "lag", (_, _, _) => Task.FromResult(Lag()));
    }

    private void Map<TDocument>(IEndpointRouteBuilder routes, string path, Func<HttpContext, Query, CancellationToken, Task<TDocument>> read, params string[] parameters)
        where TDocument : JsonDocumentRoot =>
        routes.MapMethods($"/api/v1/{path}", Reading, async context => await answers.JsonAsync(context, await read(context, new Query(context.Request, parameters), context.RequestAborted)));

    private async Task<StatusDocument> StatusAsync(CancellationToken ct)
    {
        var name = worker.Pipeline.Name;
        return StatusView.Document(worker.Pipeline, await worker.Control.ReadStatusAsync(name, ct), await worker.Control.ReadPausedAsync(name, ct), await worker.Control.ReadChecksAsync(name, ct),
            await worker.Control.ReadSourceSchemasAsync(name, ct), worker.Time.GetUtcNow());
    }

    private async Task<HistoryDocument> BatchesAsync(IReadOnlySet<DatasetId>? chosen, int limit, CancellationToken ct)
    {
        var entries = new List<LedgerEntry>();
        foreach (var dataset in OneOrAll(chosen))
            entries.AddRange(await worker.Control.ReadLedgerAsync(dataset, limit, ct));
        return HistoryView.Document(worker.Pipeline.Name, [.. entries.OrderByDescending(e => e.CommittedAt).Take(limit)]);
    }

    private async Task<ReconciliationsDocument> ReconciliationsAsync(IReadOnlySet<DatasetId>? chosen, int limit, CancellationToken ct)
    {
        var comparisons = new List<Core.Reconciliation.RecordedComparison>();
        foreach (var dataset in OneOrAll(chosen))
            comparisons.AddRange(await worker.Control.ReadComparisonsAsync(worker.Pipeline.Name, dataset, limit, ct));
        return ReconcileView.Document(worker.Pipeline.Name, [.. comparisons.OrderByDescending(c => c.FinishedAt).Take(limit)]);
    }

    private LagDocument Lag()
    {
        var (at, seconds) = worker.Lag.Read();
        return new LagDocument(worker.Pipeline.Name, LagHistory.Every.TotalSeconds, Words.Of(at), [.. worker.Pipeline.Datasets.Select(d => new DatasetLagDocument(d.Id.Value, d.FreshnessTarget?.TotalSeconds, seconds[d.Id.Value]))]);
    }

    private static IEnumerable<DatasetId?> OneOrAll(IReadOnlySet<DatasetId>? chosen) => chosen?.Select(id => (DatasetId?)id) ?? [null];
}
