using CdcSync.Arrow;
using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Scheduling;
using CdcSync.Core.Shaping;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Makes the engine's datasets from the file's datasets and their contracts, and checks what only shows when both are known.</summary>
internal sealed class DatasetBinder(Diagnostics diagnostics, Keyring keys, string? warehouseKind)
{
    /// <summary>The datasets that could be bound; what could not is a finding.</summary>
    internal IReadOnlyList<Dataset> Bind(IReadOnlyList<DatasetDraft> drafts)
    {
        CheckTargets(drafts);
        var schedules = Schedules(drafts);
        CheckGroups(drafts, schedules);
        return [.. drafts.Select(d => Bind(d, schedules[d], drafts)).OfType<Dataset>()];
    }

    private Dataset? Bind(DatasetDraft draft, PollSchedule schedule, IReadOnlyList<DatasetDraft> all)
    {
        // What is missing, or has a name of another form, is a finding already.
        if (draft is not { Object: { } source, Contract: { } contract, Table: { } table, Capture: { } capture, Target: { } target } || !DatasetId.IsValid(draft.Name)) return null;
        CheckKey(draft, table, capture);
        CheckCapture(draft, source, table, capture);
        CheckPromises(draft, schedule, contract, table);
        CheckMasks(draft, table);
        var rules = RowRules.Of(table);
        foreach (var fault in rules.Faults)
            diagnostics.Error(fault.At, fault.What, ErrorCodes.ContractInvalid);
        var dataset = new Dataset
        {
            Id = new DatasetId(draft.Name),
            SourceName = draft.Source,
            Object = source,
            Capture = capture,
            Target = target,
            Columns = table.Columns(),
            Contract = contract.Reference,
            Rules = rules.Executed,
            Checks = Checks(draft, contract, table, all),
            Filter = table.Filter,
            Deletes = draft.Deletes,
            GapPolicy = draft.GapPolicy,
            Group = draft.Group,
            Schedule = schedule,
            Jitter = draft.Jitter,
            Priority = draft.Priority,
            FreshnessTarget = contract.Promise(ServiceLevelKind.Freshness, table),
            LatencyTarget = contract.Promise(ServiceLevelKind.Latency, table),
            FrequencyTarget = contract.Promise(ServiceLevelKind.Frequency, table),
            Breaker = draft.Breaker,
            Reconcile = draft.Reconcile,
            Volume = table.Volume,
            Totals = table.Totals,
            SchemaPolicies = table.SchemaPolicies,
            DroppedColumns = table.DropColumns,
        };
        CheckShape(draft, dataset);
        return draft.CheckInterval is { } every ? dataset with { CheckInterval = every } : dataset;
    }

    /// <summary>The checks of the table that this warehouse can be asked, in the order of their ids.</summary>
    private IReadOnlyList<ContractCheck> Checks(DatasetDraft draft, DataContract contract, ContractObject table, IReadOnlyList<DatasetDraft> all)
    {
        var checks = TableChecks.Of(contract, table);
        foreach (var fault in checks.Faults)
            diagnostics.Error(fault.At, fault.What, ErrorCodes.ContractInvalid);
        return
        [
            .. checks.Checks.Where(c => c.Measure is not SqlMeasure { Dialect: { } dialect } || dialect == warehouseKind)
                .Concat(checks.References.Select(r => Reference(draft, contract, r, all)).OfType<ContractCheck>())
                .OrderBy(c => c.Id, StringComparer.Ordinal),
        ];
    }

    private ContractCheck? Reference(DatasetDraft draft, DataContract contract, ReferenceCheck reference, IReadOnlyList<DatasetDraft> all)
    {
        var parents = all.Where(d => d.Contract == contract && d.Table?.Name == reference.Parent && DatasetId.IsValid(d.Name)).ToList();
        if (parents.Count != 1)
        {
            diagnostics.Warning(reference.At, $"{draft.Reader.Path}: {reference.Id} is not checked: {(parents.Count == 0 ? "no dataset has" : "several datasets have")} the contract's table '{reference.Parent}'.");
            return null;
        }
        var measure = new OrphanMeasure(reference.Columns, new DatasetId(parents[0].Name), reference.ParentColumns);
        return new ContractCheck(reference.Id, reference.Severity, measure, new RuleCondition(RuleOperator.Be, 0));
    }

    private static void CheckTargets(IReadOnlyList<DatasetDraft> drafts)
    {
        // Case does not distinguish: SQLite's tables ignore it, and two tables that differ in case alone are a trap anywhere.
        foreach (var same in drafts.Where(d => d.Target is not null).GroupBy(d => d.Target!.ToString(), StringComparer.OrdinalIgnoreCase))
            foreach (var second in same.Skip(1))
                second.Reader.Error("target", $"'{second.Target}' is written by the dataset '{same.First().Name}' already.", ErrorCodes.DuplicateTarget);
    }

    /// <summary>When each is polled; one that follows another knows that one's schedule.</summary>
    private static Dictionary<DatasetDraft, PollSchedule> Schedules(IReadOnlyList<DatasetDraft> drafts)
    {
        var byName = drafts.DistinctBy(d => d.Name).ToDictionary(d => d.Name, StringComparer.Ordinal);
        return drafts.ToDictionary(d => d, d => Of(d, []));

        PollSchedule Of(DatasetDraft draft, HashSet<string> behind)
        {
            if (draft.After is not { Length: > 0 } name || !DatasetId.IsValid(name)) return draft.Clock;
            if (!byName.TryGetValue(name, out var upstream)) draft.Reader.Error("after", $"there is no dataset '{name}'.{Suggestion.For(name, byName.Keys)}");
            else if (!behind.Add(draft.Name)) draft.Reader.Error("after", $"'{draft.Name}' follows itself: none of those that follow each other would ever be polled.");
            else return new PollSchedule.After(new DatasetId(name), Of(upstream, behind));
            return draft.Clock;
        }
    }

    private static void CheckGroups(IReadOnlyList<DatasetDraft> drafts, Dictionary<DatasetDraft, PollSchedule> schedules)
    {
        foreach (var group in drafts.Where(d => d.Group is not null).GroupBy(d => d.Group))
        {
            var first = group.First();
            foreach (var other in group.Skip(1))
            {
                if (other.Source != first.Source) other.Reader.Error("group", $"'{group.Key}' is read from the source '{first.Source}' ({first.Name}): a group has one source.");
                if (schedules[other] != schedules[first]) other.Reader.Error("group", $"'{group.Key}' has another schedule in {first.Name}: what publishes together is polled together.");
            }
        }
    }

    private static void CheckKey(DatasetDraft draft, ContractObject table, Capture capture)
    {
        if (draft.Reconcile is { Mode: ReconcileMode.Totals } && table.Totals.Count == 0)
            draft.Reader.Error("reconcile", $"the object '{table.Name}' declares no controlTotals, so that there are none to compare.");
        if (draft.Reconcile is { Mode: not ReconcileMode.Totals } && !table.Properties.Any(p => p.IsKey))
            draft.Reader.Error("reconcile", $"the object '{table.Name}' has no key, so that its rows can't be told apart.");
        if (capture is not Capture.FullRefresh && !table.Properties.Any(p => p.IsKey))
            draft.Reader.Error("contract", $"the object '{table.Name}' has no key: mark the key's properties with primaryKey: true (with primaryKeyPosition where they are several), or use capture: full-refresh.");
    }

    private static void CheckCapture(DatasetDraft draft, SourceObject source, ContractObject table, Capture capture)
    {
        if (capture is Capture.ChangeTracking && source is SourceObject.Query)
            draft.Reader.Error(draft.Reader.Node("capture") is null ? "query" : "capture", "a query has no change tracking: use a high-water mark or full-refresh.");
        if (capture is Capture.HighWaterMark mark) CheckMark(draft, table, mark);
    }

    private static void CheckMark(DatasetDraft draft, ContractObject table, Capture.HighWaterMark mark)
    {
        // Its values mean nothing but their order, which is the server's: it need not be in the contract.
        if (mark.Kind is MarkKind.RowVersion) return;
        if (table.Columns().FirstOrDefault(c => c.Source == mark.Column) is not { } column)
        {
            draft.Reader.Error("capture", $"the mark '{mark.Column}' is no source column of the contract's object '{table.Name}'.{Suggestion.For(mark.Column, table.Properties.Select(p => p.SourceColumn))}");
            return;
        }
        var fits = mark.Kind is MarkKind.Timestamp
            ? column.ReadType is TimestampType
            : column.ReadType is Int8Type or Int16Type or Int32Type or Int64Type or UInt8Type or UInt16Type or UInt32Type or UInt64Type;
        if (!fits) draft.Reader.Error("capture", $"the mark '{mark.Column}' is read as {column.ReadType}: kind {mark.Kind.ToString().ToLowerInvariant()} needs {(mark.Kind is MarkKind.Timestamp ? "a timestamp" : "an integer")}.");
    }

    private void CheckPromises(DatasetDraft draft, PollSchedule schedule, DataContract contract, ContractObject table)
    {
        foreach (var kind in (ServiceLevelKind[])[ServiceLevelKind.Freshness, ServiceLevelKind.Frequency])
            if (contract.Promise(kind, table) is { } promise && schedule.Longest > promise)
                diagnostics.Warning(draft.Reader.AtOf(schedule switch { PollSchedule.Cron => "cron", PollSchedule.After => "after", _ => "interval" }), $"{draft.Reader.Path}: the interval is longer than the {kind.ToString().ToLowerInvariant()} that the contract promises.");
    }

    private void CheckMasks(DatasetDraft draft, ContractObject table)
    {
        foreach (var property in table.Properties)
            if (property.Mask is { } mask && !keys.Names.Contains(mask.KeyName))
                draft.Reader.Error("contract", $"the property '{property.Name}' is masked with the key '{mask.KeyName}', which is not among keys.{Suggestion.For(mask.KeyName, keys.Names)}", ErrorCodes.MaskKeyMissing);
    }

    // What the shape can't do is found here, offline, and not when the first rows arrive.
    private void CheckShape(DatasetDraft draft, Dataset dataset)
    {
        if (dataset.Columns.Any(c => c.Mask is { } mask && !keys.Names.Contains(mask.KeyName))) return;
        try
        {
            _ = new Shaper(dataset, keys);
        }
        catch (CdcSyncException e)
        {
            draft.Reader.Error("contract", e.Message, e.Code);
        }
    }
}
