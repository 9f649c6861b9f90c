using CdcSync.Core.Checks;
using CdcSync.Core.Datasets;
using CdcSync.Core.Sources.Schemas;

namespace CdcSync.Core.Metrics;

/// <summary>How a dataset keeps its contract: rows that were kept out, columns that changed, what gates warned of, checks.</summary>
internal sealed record ContractMetrics
{
    public required Counter RowsQuarantined { get; init; }

    public required Gauge QuarantineRows { get; init; }

    /// <summary>Changes of the source's columns.</summary>
    public required IReadOnlyDictionary<SchemaChangeKind, Counter> SchemaChanges { get; init; }

    /// <summary>By the code that it would have blocked with.</summary>
    public required IReadOnlyDictionary<string, Counter> GateWarnings { get; init; }

    /// <summary>By the check's name.</summary>
    public required IReadOnlyDictionary<string, CheckMetrics> Checks { get; init; }

    /// <summary>By the check's name.</summary>
    public required IReadOnlyDictionary<string, Counter> DeadlinesMissed { get; init; }

    /// <summary>Makes the families.</summary>
    /// <returns>Makes the series of a dataset.</returns>
    public static Func<Dataset, ContractMetrics> In(MetricRegistry registry, Pipeline pipeline, TimeProvider time)
    {
        var quarantined = registry.Counter("cdcsync_rows_quarantined_total", "Rows kept out of the target.", Labelled.ByDataset);
        var quarantine = registry.Gauge("cdcsync_quarantine_rows", "Rows in quarantine.", Labelled.ByDataset);
        var schemas = registry.Counter("cdcsync_schema_changes_total", "Changes of the source's columns, by kind.", [.. Labelled.ByDataset, "kind"]);
        var warnings = registry.Counter("cdcsync_gate_warnings_total", "Batches that a gate found unusual and let through, by what it would have blocked them with.", [.. Labelled.ByDataset, "reason"]);
        var broken = registry.Gauge("cdcsync_contract_check_failed", "1 if a check of the contract does not hold, or can't be measured.", [.. Labelled.ByDataset, "check", "severity"]);
        var value = registry.Gauge("cdcsync_contract_check_value", "What a check of the contract last measured; NaN = nothing.", [.. Labelled.ByDataset, "check"]);
        var checkedAt = registry.Gauge("cdcsync_contract_check_timestamp_seconds", "When a check of the contract was last measured; 0 = never.", [.. Labelled.ByDataset, "check"]);
        var cut = registry.Gauge("cdcsync_deadline_cut_timestamp_seconds", "The instant up to which the warehouse is to be complete, by the newest deadline of the contract that has come.", [.. Labelled.ByDataset, "check", "severity"]);
        var missed = registry.Counter("cdcsync_deadlines_missed_total", "Deadlines of the contract that came before the warehouse was complete up to their cut; also those that came while no worker ran.", [.. Labelled.ByDataset, "check", "severity"]);
        return dataset =>
        {
            string[] labels = [pipeline.Name, dataset.Id.Value];
            foreach (var check in dataset.Checks)
                if (check.Measure is DeadlineMeasure measure) cut.Add([.. labels, check.Id, Labelled.NameOf(check.Severity)]).ComputeFrom(() => measure.Deadline.NewestAt(time.GetUtcNow()).Cut.ToUnixTimeSeconds());
            return new ContractMetrics
            {
                RowsQuarantined = quarantined.Add(labels),
                QuarantineRows = quarantine.Add(labels),
                SchemaChanges = schemas.PerValue<SchemaChangeKind, Counter>(labels),
                GateWarnings = warnings.PerValue(labels, SyncMetrics.WarningReasons),
                DeadlinesMissed = dataset.Checks.Where(c => c.Measure is DeadlineMeasure).ToDictionary(c => c.Id, c => missed.Add([.. labels, c.Id, Labelled.NameOf(c.Severity)]), StringComparer.Ordinal),
                Checks = dataset.Checks.Where(c => c.Occasion != CheckOccasion.Demand)
                    .ToDictionary(c => c.Id, c => CheckMetrics.NotMeasured(broken.Add([.. labels, c.Id, Labelled.NameOf(c.Severity)]), value.Add([.. labels, c.Id]), checkedAt.Add([.. labels, c.Id])), StringComparer.Ordinal),
            };
        };
    }
}

/// <summary>The series of one check.</summary>
internal sealed record CheckMetrics(Gauge Failed, Gauge Value, Gauge At)
{
    /// <summary>Those of a check before it is first measured.</summary>
    public static CheckMetrics NotMeasured(Gauge failed, Gauge value, Gauge at)
    {
        value.Set(double.NaN);
        return new CheckMetrics(failed, value, at);
    }
}
