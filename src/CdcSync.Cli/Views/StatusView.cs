using CdcSync.Cli.Output;
using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;

namespace CdcSync.Cli.Views;

/// <summary>Shows how the datasets of a pipeline stand.</summary>
internal static class StatusView
{
    /// <summary>The status of every dataset that is configured, and of those that no longer are but left state behind.</summary>
    public static StatusDocument Document(Pipeline pipeline, IReadOnlyList<DatasetStatus> written, IReadOnlySet<DatasetId> paused, IReadOnlyList<RecordedCheck> checks,
        IReadOnlyDictionary<DatasetId, SourceSchema> schemas, DateTimeOffset now)
    {
        var byId = written.ToDictionary(s => s.State.Dataset);
        var configured = pipeline.Datasets.Select(d => byId.TryGetValue(d.Id, out var status) ? Of(status, paused.Contains(d.Id), now, pipeline, d) : Untouched(pipeline, d, now));
        var left = written.Where(s => pipeline.Datasets.All(d => d.Id != s.State.Dataset)).Select(s => Of(s, paused.Contains(s.State.Dataset), now, pipeline, null));
        var failed = checks.Where(c => c.Result.IsFailed).ToLookup(c => c.Dataset.Value, c => CheckView.Of(c.Result), StringComparer.Ordinal);
        var unnamed = pipeline.Datasets.Where(d => schemas.ContainsKey(d.Id)).ToDictionary(d => d.Id.Value, d => d.Unnamed(schemas[d.Id].Columns), StringComparer.Ordinal);
        return new StatusDocument(pipeline.Name, [.. configured.Concat(left).Select(d => d with { FailedChecks = [.. failed[d.Dataset]], UnnamedColumns = unnamed.GetValueOrDefault(d.Dataset, []) })]);
    }

    /// <summary>A line per dataset, then a line per error, per check that does not hold, and for columns that are not taken.</summary>
    public static string Text(StatusDocument document)
    {
        var table = new TextTable("DATASET", "STATE", "COMPLETE UP TO", "LAG", "TARGET", "LAST COMMIT", "NEXT RUN", "QUARANTINED", "NEXT");
        foreach (var d in document.Datasets)
        {
            table.Add(d.Dataset, (d.IsPaused ? "paused, " : "") + d.State.Replace('_', ' ') + (d.Snapshot is { } s ? $" {s.Ranges - s.RemainingRanges}/{s.Ranges}" : ""), d.CompleteUpTo, Duration(d.LagSeconds), Duration(d.FreshnessTargetSeconds),
                d.LastCommitAt, d.NextRunAt ?? d.Schedule, Words.Of(d.QuarantinedRows), d.NextAction);
        }
        var errors = document.Datasets.Where(d => d.Error is not null).Select(d => $"{d.Error!.Code} {d.Error.Message}".ReplaceLineEndings(" "));
        var checks = from d in document.Datasets from c in d.FailedChecks select $"{d.Dataset}: check {c.Check} ({c.Severity}) does not hold: found {CheckView.Number(c.Value) ?? "no answer"}, expected {c.Expected}. Run: cdcsync contract test {d.Dataset}";
        var unnamed = document.Datasets.Where(d => d.UnnamedColumns.Count > 0).Select(d => $"{d.Dataset}: not taken, as the contract neither names nor drops them: {string.Join(", ", d.UnnamedColumns)}.");
        return string.Join('\n', errors.Concat(checks).Concat(unnamed).Prepend(table.ToString()));
    }

    private static DatasetStatusDocument Of(DatasetStatus status, bool isPaused, DateTimeOffset now, Pipeline pipeline, Dataset? dataset)
    {
        var (state, checkpoint) = (status.State, status.Checkpoint);
        TimeSpan? lag = checkpoint?.CompleteUpTo is { } completeUpTo ? completeUpTo < now ? now - completeUpTo : TimeSpan.Zero : null;
        return new DatasetStatusDocument(state.Dataset.Value, state.Target.ToString(), Words.Of(state.Phase), isPaused, dataset is not null,
            Words.Of(checkpoint?.CompleteUpTo), lag is { } l ? Math.Round(l.TotalSeconds, 3) : null, state.FreshnessTarget?.TotalSeconds, lag is null || state.FreshnessTarget is null ? null : lag <= state.FreshnessTarget, Words.Of(status.LastCommitAt),
            ScheduleOf(dataset), isPaused || state.Phase == DatasetPhase.ResyncRequired ? null : NextRun(pipeline, dataset, checkpoint?.CompleteUpTo, now),
            checkpoint?.Generation, checkpoint?.Snapshot is { } s ? new SnapshotDocument(s.Total, s.Remaining.Count) : null, status.Quarantined,
            state.ErrorCode is null ? null : new FaultDocument(state.ErrorCode, state.Error ?? "", null, null),
            isPaused ? $"cdcsync resume {state.Dataset}" : dataset is not null ? NextAction(state) : "no longer configured", new ContractDocument(state.Contract.Id, state.Contract.Version, state.Contract.Owner));
    }

    private static DatasetStatusDocument Untouched(Pipeline pipeline, Dataset dataset, DateTimeOffset now) => new(dataset.Id.Value, dataset.Target.ToString(), Words.Of(DatasetPhase.New), false, true, null, null, dataset.FreshnessTarget?.TotalSeconds, null,
        null, ScheduleOf(dataset), NextRun(pipeline, dataset, null, now), null, null, 0, null, "cdcsync sync", new ContractDocument(dataset.Contract.Id, dataset.Contract.Version, dataset.Contract.Owner));

    private static string? ScheduleOf(Dataset? dataset) => dataset is null ? null : Words.Of(dataset.Schedule);

    // What is overdue runs as soon as a worker works: from now on.
    private static string? NextRun(Pipeline pipeline, Dataset? dataset, DateTimeOffset? lastRead, DateTimeOffset now) =>
        dataset is not null && pipeline.NextRun(dataset, lastRead, now) is { } next ? Words.Of(next < now ? pipeline.FirstFree(dataset, now) : next) : null;

    private static string? NextAction(DatasetState state) => RemedyCommand.In(state.Error) ?? (state.Phase == DatasetPhase.New ? "cdcsync sync" : null);

    private static string? Duration(double? seconds) => seconds is { } s ? Words.Of(TimeSpan.FromSeconds(s)) : null;
}
