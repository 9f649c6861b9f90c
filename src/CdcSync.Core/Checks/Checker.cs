using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Warehouses;

namespace CdcSync.Core.Checks;

/// <summary>Measures the checks of datasets and judges them. Remembers which rows lacked a parent, so that it can say later whether the parent came.</summary>
/// <param name="warehouse">The warehouse.</param>
/// <param name="pipeline">The pipeline.</param>
/// <param name="time">The clock of results.</param>
public sealed class Checker(IWarehouse warehouse, Pipeline pipeline, TimeProvider time)
{
    private readonly Dictionary<(DatasetId, string), MissingParents> _missing = [];

    /// <summary>Measures checks of a dataset.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="checks">Some or all of its checks.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>A result per check, in their order.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.NotLoaded"/> before the first load is complete; the warehouse can't be read.</exception>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(Dataset dataset, IReadOnlyList<ContractCheck> checks, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(checks);
        if ((await warehouse.Control.ReadCheckpointsAsync([dataset.Id], ct)).GetValueOrDefault(dataset.Id)?.CompleteUpTo is null)
            throw new CdcSyncException(ErrorCodes.NotLoaded, $"{dataset.Id}: its first load is not complete; half a table says nothing of its contract.", $"Run: cdcsync sync {dataset.Id}");
        if (warehouse.Checks is not { } reader)
            throw new CdcSyncException(ErrorCodes.InternalError, $"{dataset.Id}: this kind of warehouse measures nothing.", "Report it as a bug. Run: cdcsync validate");
        ContractCheck[] measured = [.. checks.Where(c => c.Measure is not OrphanMeasure)];
        var values = measured.Length == 0 ? [] : await reader.MeasureAsync(dataset, [.. measured.Select(c => c.Measure)], ct);
        var results = measured.Zip(values, Judge).ToDictionary(r => r.Check, StringComparer.Ordinal);
        foreach (var check in checks)
            if (check.Measure is OrphanMeasure orphans) results[check.Id] = await JudgeAsync(reader, dataset, check, orphans, ct);
        return [.. checks.Select(c => results[c.Id])];
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
        var found = await reader.FindOrphansAsync(dataset, measure, pipeline.Datasets.Single(d => d.Id == measure.Parent), ct);
        if (!_missing.TryGetValue((dataset.Id, check.Id), out var missing)) _missing[(dataset.Id, check.Id)] = missing = new MissingParents();
        var (rows, pending) = missing.Judge(found);
        return (check.Condition.Holds(rows), pending) switch
        {
            (false, _) => Result(check, CheckVerdict.Failed, rows, $"rows whose row in {measure.Parent} is missing"),
            (true, 0) => Result(check, CheckVerdict.Passed, rows, null),
            _ => Result(check, CheckVerdict.Waiting, pending, $"rows whose row in {measure.Parent} may still be on its way"),
        };
    }

    private CheckResult Result(ContractCheck check, CheckVerdict verdict, decimal? value, string? detail) => new(check.Id, check.Severity, verdict, value, check.Expected, detail, time.GetUtcNow());
}
