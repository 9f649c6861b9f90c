using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Reconciliation;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Reads the entries of <c>datasets</c> and <c>defaults</c>.</summary>
internal sealed class DatasetReader(DatasetDefaults defaults, IReadOnlyCollection<string> sources, SystemConfig? warehouse, ContractShelf contracts)
{
    /// <summary>Reads <c>defaults</c>.</summary>
    internal static DatasetDefaults Defaults(FieldReader reader)
    {
        var none = DatasetDefaults.None;
        var defaults = new DatasetDefaults(ScheduleReader.Clock(reader) ?? none.Clock, reader.Duration("jitter") ?? none.Jitter, Deletes(reader) ?? none.Deletes, Gap(reader) ?? none.GapPolicy, Breaker(reader) ?? none.Breaker);
        reader.End();
        return defaults;
    }

    private string? DefaultSchema => warehouse switch { SystemConfig.Postgres p => p.Schema, SystemConfig.SqlServer s => s.Schema, _ => null };

    /// <summary>Reads one dataset.</summary>
    internal DatasetDraft Read(string name, FieldReader reader)
    {
        var source = reader.RequiredText("source");
        if (source.Length > 0 && !sources.Contains(source)) reader.Error("source", $"there is no source '{source}'.{Suggestion.For(source, sources)}");
        var (contract, table) = Contract(reader);
        var (clock, after, jitter) = (ScheduleReader.Clock(reader), ScheduleReader.After(reader), reader.Duration("jitter"));
        var draft = new DatasetDraft
        {
            Reader = reader,
            Name = name,
            Source = source,
            Object = Object(reader),
            Contract = contract,
            Table = table,
            Capture = new CaptureReader(reader).Read(),
            Target = Target(reader, table),
            After = after,
            Clock = clock ?? defaults.Clock,
            Jitter = jitter ?? (after is null ? defaults.Jitter : TimeSpan.Zero),
            Priority = (int)(reader.Integer("priority", min: -100, max: 100) ?? 0),
            Deletes = Deletes(reader) ?? defaults.Deletes,
            GapPolicy = Gap(reader) ?? defaults.GapPolicy,
            Group = reader.Node("group") is null ? null : reader.RequiredText("group"),
            Breaker = Breaker(reader) ?? defaults.Breaker,
            Reconcile = Comparisons(reader),
            CheckInterval = CheckInterval(reader),
        };
        reader.End();
        return draft;
    }

    private static SourceObject? Object(FieldReader reader)
    {
        var (table, query) = (reader.Text("object"), reader.Text("query"));
        if (reader.Node("object") is null == reader.Node("query") is null)
        {
            reader.Context.Diagnostics.Error(reader.At, $"{reader.Path}: expected either object (a table or view) or query (a SELECT).");
            return null;
        }
        if (query is not null) return Query(reader, query);
        if (table is null) return null;
        if (QualifiedName.Parse(table) is { } name) return new SourceObject.Table(name.Schema, name.Name);
        reader.Error("object", $"{QualifiedName.Expected}.");
        return null;
    }

    // What the statement does is the source's to judge; here it is only seen to be one.
    private static SourceObject.Query? Query(FieldReader reader, string query)
    {
        var sql = query.Trim().TrimEnd(';').TrimEnd();
        if (sql.Length > 0) return new SourceObject.Query(sql);
        reader.Error("query", "must not be empty.");
        return null;
    }

    private (DataContract?, ContractObject?) Contract(FieldReader reader)
    {
        if (reader.RequiredText("contract") is not { Length: > 0 } reference) return (null, null);
        var (path, objectName) = reference.LastIndexOf('#') is > 0 and var hash ? (reference[..hash], reference[(hash + 1)..]) : (reference, null);
        if (contracts.Open(reader, path) is not { } contract) return (null, null);
        var names = contract.Objects.Select(o => o.Name).ToList();
        if (objectName is null && names.Count is not 1)
        {
            reader.Error("contract", $"expected {path}#OBJECT: the contract has {names.Count} objects.{Suggestion.For("", names)}");
            return (contract, null);
        }
        var table = contract.Objects.FirstOrDefault(o => objectName is null || o.Name == objectName);
        if (table is null) reader.Error("contract", $"the contract has no object '{objectName}'.{Suggestion.For(objectName!, names)}");
        return (contract, table);
    }

    private TargetTable? Target(FieldReader reader, ContractObject? table)
    {
        if (reader.Node("target") is null) return table is null ? null : new TargetTable(DefaultSchema, table.PhysicalName ?? table.Name);
        if (reader.Text("target") is not { } text) return null;
        if (QualifiedName.Parse(text) is not { } name)
        {
            reader.Error("target", $"{QualifiedName.Expected}.");
            return null;
        }
        if (warehouse is SystemConfig.Sqlite && name.Schema is not null) reader.Error("target", $"SQLite has no schemas: expected a plain name, found '{text}'.");
        return new TargetTable(name.Schema ?? DefaultSchema, name.Name);
    }

    private static DeleteMode? Deletes(FieldReader reader) => reader.Choice("deletes", ("hard", DeleteMode.Hard), ("soft", DeleteMode.Soft));

    private static GapPolicy? Gap(FieldReader reader) => reader.Choice("gapPolicy", ("fail", GapPolicy.Fail), ("resnapshot", GapPolicy.Resnapshot), ("reconcile", GapPolicy.Reconcile));

    private static ReconcileSchedule? Comparisons(FieldReader reader)
    {
        if (reader.Map("reconcile") is not { } schedule) return null;
        var every = schedule.RequiredNode("every") is null ? null : schedule.Duration("every");
        var mode = schedule.Choice("mode", ("digest", ReconcileMode.Digest), ("keys", ReconcileMode.Keys), ("full", ReconcileMode.Full), ("totals", ReconcileMode.Totals));
        var repair = schedule.Flag("repair");
        if (mode == ReconcileMode.Totals && repair == true) schedule.Error("repair", "totals say that something differs, and not which rows: they repair nothing.");
        schedule.End();
        return every is { } time ? new ReconcileSchedule(time, mode ?? ReconcileMode.Digest, repair ?? false) : null;
    }

    private static TimeSpan? CheckInterval(FieldReader reader)
    {
        if (reader.Map("checks") is not { } checks) return null;
        var every = checks.RequiredNode("every") is null ? null : checks.Duration("every");
        checks.End();
        return every;
    }

    private static DeleteBreaker? Breaker(FieldReader reader)
    {
        if (reader.Map("breaker") is not { } breaker) return null;
        var ratio = breaker.Number("ratio");
        if (ratio is < 0 or > 1) breaker.Error("ratio", "must be from 0 to 1.");
        var rows = breaker.Integer("rows", 0);
        var perDay = breaker.Flag("perDay");
        breaker.End();
        return new DeleteBreaker((double)(ratio ?? (decimal)DeleteBreaker.Default.Ratio), rows ?? DeleteBreaker.Default.Rows) { IsPerBatchOnly = perDay == false };
    }
}
