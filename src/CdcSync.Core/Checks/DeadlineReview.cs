using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;

namespace CdcSync.Core.Checks;

/// <summary>
/// Judges the deadlines that came while nobody looked, before anything moves a checkpoint: what the warehouse is complete up to is then still what it was when they came (ADR 131).
/// </summary>
internal sealed class DeadlineReview(EngineContext engine, Pipeline pipeline)
{
    private readonly IReadOnlyList<Dataset> _datasets = [.. pipeline.Datasets.Where(d => d.Checks.Any(c => c.Measure is DeadlineMeasure))];

    /// <summary>Records those that were missed, and tells each once. To be called under the lease, before the first publication.</summary>
    /// <returns>The datasets with a deadline that was missed, with those.</returns>
    public async Task<IReadOnlyList<MissedDeadlines>> ReviewAsync(CancellationToken ct)
    {
        if (_datasets.Count == 0)
            return [];
        var recorded = (await engine.Warehouse.Control.ReadChecksAsync(engine.Pipeline, ct)).ToDictionary(r => (r.Dataset, r.Result.Check), r => r.Result.At);
        var checkpoints = await engine.Warehouse.Control.ReadCheckpointsAsync([.. _datasets.Select(d => d.Id)], ct);
        var now = engine.Time.GetUtcNow();
        var found = new List<MissedDeadlines>();
        foreach (var dataset in _datasets)
        {
            // A table that was never complete, or that nobody looked at yet, misses only what comes while somebody looks.
            if (checkpoints.GetValueOrDefault(dataset.Id)?.CompleteUpTo is not { } complete)
                continue;
            var missed = dataset.Checks.Where(c => c.Measure is DeadlineMeasure && recorded.ContainsKey((dataset.Id, c.Id))).Select(c => Judge(c, recorded[(dataset.Id, c.Id)], now, complete)).OfType<Missed>().ToList();
            if (missed.Count == 0)
                continue;
            await engine.Checks.RecordAsync(dataset, [.. missed.Select(m => m.Newest)], ct);
            foreach (var (check, _, all) in missed)
                foreach (var at in all)
                    engine.Observer.DeadlineMissed(dataset, check, at);
            found.Add(new MissedDeadlines(dataset, [.. missed.Select(m => m.Check)]));
        }

        return found;
    }

    /// <summary>Measures them again at the end of a run that no worker follows: what it made up for holds. On a best effort, for the run is done.</summary>
    public async Task SettleAsync(IReadOnlyList<MissedDeadlines> missed, CancellationToken ct)
    {
        var checker = new Checker(engine.Warehouse, new Dictionary<string, Sources.IChangeSource>(), pipeline, engine.Time);
        try
        {
            foreach (var (dataset, checks) in missed)
                await engine.Checks.RecordAsync(dataset, await checker.RunAsync(dataset, checks, ct), ct);
        }
        catch (CdcSyncException fault)
        {
            engine.Observer.WorkerFailed("warehouse", fault, TimeSpan.Zero);
        }
    }

    private static Missed? Judge(ContractCheck check, DateTimeOffset looked, DateTimeOffset now, DateTimeOffset complete)
    {
        var missed = ((DeadlineMeasure)check.Measure).Deadline.Between(looked, now).Where(d => complete < d.Cut).ToList();
        if (missed.Count == 0)
            return null;
        var (minutes, detail) = DeadlineMeasure.Missing(missed[^1].At, missed[^1].Cut, complete);
        return new Missed(check, new CheckResult(check.Id, check.Severity, CheckVerdict.Failed, minutes, check.Expected, detail, now), [.. missed.Select(m => m.At)]);
    }

    private sealed record Missed(ContractCheck Check, CheckResult Newest, IReadOnlyList<DateTimeOffset> All);
}

/// <summary>Deadlines of a dataset that were missed while nobody looked.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Checks">The checks of its deadlines.</param>
internal sealed record MissedDeadlines(Dataset Dataset, IReadOnlyList<ContractCheck> Checks);
