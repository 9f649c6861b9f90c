using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Sources;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Checks;

/// <summary>Measures the checks of datasets and judges them. Remembers which rows lacked a parent, so that it can say later whether the parent came.</summary>
/// <param name="warehouse">The warehouse.</param>
/// <param name="sources">The pipeline's sources, by name: asked for parents that a filter may leave out, and for nothing else.</param>
/// <param name="pipeline">The pipeline.</param>
/// <param name="time">The clock of results.</param>
public sealed class Checker(IWarehouse warehouse, IReadOnlyDictionary<string, IChangeSource> sources, Pipeline pipeline, TimeProvider time)
{
    private readonly Dictionary<(DatasetId, string), ParentJudge> _parents = [];
    private readonly ParentLookup _lookup = new(sources, pipeline, time);
    private readonly DateTimeOffset _since = time.GetUtcNow();

    /// <summary>Measures checks of a dataset.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="checks">Some or all of its checks.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>A result per check, in their order.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.NotLoaded"/> before the first load is complete, unless only deadlines are asked for; the warehouse can't be read.</exception>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(Dataset dataset, IReadOnlyList<ContractCheck> checks, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(checks);
        var completeUpTo = (await warehouse.Control.ReadCheckpointsAsync([dataset.Id], ct)).GetValueOrDefault(dataset.Id)?.CompleteUpTo;
        if (completeUpTo is null && checks.Any(c => c.Measure is not DeadlineMeasure))
            throw new CdcSyncException(ErrorCodes.NotLoaded, $"{dataset.Id}: its first load is not complete; half a table says nothing of its contract.", $"Run: cdcsync sync {dataset.Id}");
        ContractCheck[] measured = [.. checks.Where(c => c.Measure is not (OrphanMeasure or DeadlineMeasure))];
        var values = measured.Length == 0 ? [] : await Reader(dataset).MeasureAsync(dataset, [.. measured.Select(c => c.Measure is AgeMeasure age ? age.At(time.GetUtcNow()) : c.Measure)], ct);
        var results = measured.Zip(values, Judge).ToDictionary(r => r.Check, StringComparer.Ordinal);
        foreach (var check in checks)
        {
            if (check.Measure is OrphanMeasure orphans) results[check.Id] = await JudgeAsync(Reader(dataset), dataset, check, orphans, ct);
            if (check.Measure is DeadlineMeasure deadline) results[check.Id] = Judge(check, deadline, completeUpTo);
        }

        return [.. checks.Select(c => results[c.Id])];
    }

    private ICheckReader Reader(Dataset dataset) => warehouse.Checks
        ?? throw new CdcSyncException(ErrorCodes.InternalError, $"{dataset.Id}: this kind of warehouse measures nothing.", "Report it as a bug. Run: cdcsync validate");

    /// <summary>By the newest deadline. A table that was never complete missed none that came before anybody looked.</summary>
    private CheckResult Judge(ContractCheck check, DeadlineMeasure measure, DateTimeOffset? completeUpTo)
    {
        var (at, cut) = measure.Deadline.NewestAt(time.GetUtcNow());
        if (completeUpTo is not { } complete)
            return Result(check, at >= _since ? CheckVerdict.Failed : CheckVerdict.Waiting, null, "its first load is not complete");
        var (missing, detail) = DeadlineMeasure.Missing(at, cut, complete);
        return Result(check, check.Condition.Holds(missing) ? CheckVerdict.Passed : CheckVerdict.Failed, missing, detail);
    }

    private CheckResult Judge(ContractCheck check, Measured measured)
    {
        if (measured.Value is not { } value)
            return Result(check, CheckVerdict.Unanswered, null, measured.Fault?.Message);
        if (check.IsPercent) value = measured.Rows == 0 ? 0 : 100 * value / measured.Rows;
        return Result(check, check.Condition.Holds(value) ? CheckVerdict.Passed : CheckVerdict.Failed, value, null);
    }

    private async Task<CheckResult> JudgeAsync(ICheckReader reader, Dataset dataset, ContractCheck check, OrphanMeasure measure, CancellationToken ct)
    {
        var parent = pipeline.Datasets.Single(d => d.Id == measure.Parent);
        var found = await reader.FindOrphansAsync(dataset, measure, parent, Orphans.LimitOf(parent), ct);
        if (!_parents.TryGetValue((dataset.Id, check.Id), out var judge)) _parents[(dataset.Id, check.Id)] = judge = new ParentJudge(_lookup);
        var (verdict, rows, detail) = await judge.JudgeAsync(parent, measure, check.Condition, found, ct);
        return Result(check, verdict, rows, detail);
    }

    private CheckResult Result(ContractCheck check, CheckVerdict verdict, decimal? value, string? detail) => new(check.Id, check.Severity, verdict, value, check.Expected, detail, time.GetUtcNow());
}
