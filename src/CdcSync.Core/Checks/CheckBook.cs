using System.Collections.Concurrent;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Checks;

/// <summary>Keeps the results of checks in the warehouse, and tells them: so that <c>status</c>, metrics and the next worker know them.</summary>
internal sealed class CheckBook(string pipeline, IWarehouse warehouse, ISyncObserver observer)
{
    private readonly ConcurrentDictionary<(DatasetId, string), CheckVerdict> _told = new();
    // Those that keep a batch out: measured in the warehouse, which lacks the batch, they hold.
    private readonly ConcurrentDictionary<(DatasetId, string), bool> _blocking = new();

    /// <summary>Reads what is known, and tells it: a check that failed before this worker began still fails.</summary>
    /// <returns>When each check was last measured.</returns>
    public async Task<IReadOnlyDictionary<(DatasetId, string), DateTimeOffset>> OpenAsync(IReadOnlyList<Dataset> datasets, CancellationToken ct)
    {
        var recorded = await warehouse.Control.ReadChecksAsync(pipeline, ct);
        foreach (var dataset in datasets)
        {
            CheckResult[] known = [.. recorded.Where(r => r.Dataset == dataset.Id && dataset.Checks.Any(c => c.Id == r.Result.Check)).Select(r => r.Result)];
            if (known.Length > 0) Tell(dataset, known);
        }

        return recorded.ToDictionary(r => (r.Dataset, r.Result.Check), r => r.Result.At);
    }

    /// <summary>Records results and tells them.</summary>
    public async Task RecordAsync(Dataset dataset, IReadOnlyList<CheckResult> results, CancellationToken ct)
    {
        if (results.Count == 0) return;
        await warehouse.Control.WriteChecksAsync(pipeline, dataset, results, ct);
        Tell(dataset, results);
    }

    /// <summary>The same for what a publication measured: only where it is news, and on a best effort. A batch that is in, or is not, stays so.</summary>
    public async Task RecordNewsAsync(Dataset dataset, IReadOnlyList<CheckResult> results)
    {
        foreach (var result in results)
        {
            if (result.IsFailed) _blocking[(dataset.Id, result.Check)] = true;
            else _blocking.TryRemove((dataset.Id, result.Check), out _);
        }
        CheckResult[] news = [.. results.Where(r => !_told.TryGetValue((dataset.Id, r.Check), out var before) || before != r.Verdict)];
        try
        {
            await RecordAsync(dataset, news, CancellationToken.None);
        }
        catch (CdcSyncException fault)
        {
            observer.WorkerFailed("warehouse", fault, TimeSpan.Zero);
        }
    }

    /// <summary>True if a check of a dataset has a verdict that says more than that it waits.</summary>
    public bool IsJudged(DatasetId dataset, string check) => _told.TryGetValue((dataset, check), out var verdict) && verdict != CheckVerdict.Waiting;

    /// <summary>True if it keeps a batch out: until one is in, it does not hold, whatever is measured in the warehouse.</summary>
    public bool IsBlocking(DatasetId dataset, string check) => _blocking.ContainsKey((dataset, check));

    private void Tell(Dataset dataset, IReadOnlyList<CheckResult> results)
    {
        foreach (var result in results) _told[(dataset.Id, result.Check)] = result.Verdict;
        observer.Checked(dataset, results);
    }
}
