using CdcSync.Arrow;
using CdcSync.Core.Contracts;
using CdcSync.Core.Datasets;
using CdcSync.Core.Gates.Rules;
using CdcSync.Core.Scheduling;

namespace CdcSync.Core.Checks;

/// <summary>What a contract says of a table as a whole, what of it can't be checked, and what is wrong with it.</summary>
/// <param name="Checks">Those of the table by itself.</param>
/// <param name="References">Those that need the parent's dataset, which only a pipeline knows.</param>
/// <param name="NotExecuted">What the contract says and nothing checks.</param>
/// <param name="Faults">What can't be understood.</param>
public sealed record TableChecks(IReadOnlyList<ContractCheck> Checks, IReadOnlyList<ReferenceCheck> References, IReadOnlyList<RuleRemark> NotExecuted, IReadOnlyList<RuleRemark> Faults)
{
    /// <summary>The checks of a table. Pure.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="table">One of its tables.</param>
    public static TableChecks Of(DataContract contract, ContractObject table)
    {
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(table);
        var maker = new CheckMaker(contract, table);
        foreach (var property in table.Properties)
        {
            foreach (var rule in property.Quality) maker.Add(rule, property);
            if (property.Unique && !maker.IsKey([property.Name])) maker.AddUnique(property);
            foreach (var relationship in property.Relationships) maker.Add(relationship, [property]);
        }

        foreach (var rule in table.Quality) maker.Add(rule, null);
        foreach (var relationship in table.Relationships) maker.Add(relationship, maker.From(relationship));
        foreach (var promise in contract.ServiceLevels.Where(s => s.Kind == ServiceLevelKind.Retention)) maker.Add(promise);
        foreach (var deadline in table.Deadlines) maker.Add(deadline);
        return maker.Made();
    }
}

/// <summary>What a contract as a whole promises and nothing measures.</summary>
public static class UnmeasuredPromises
{
    /// <summary>The promises, with why.</summary>
    public static IReadOnlyList<RuleRemark> Of(DataContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return
        [
            .. contract.Unmeasured.Select(p => new RuleRemark(p.At, $"slaProperties: '{p.Property}' is for people{(p.Property is "timeOfAvailability" or "ta" ? "; a table's custom property deadlines is measured" : "")}")),
            .. contract.ServiceLevels.Where(s => s.Kind == ServiceLevelKind.Retention && !s.Elements.Any(e => e.Property is not null))
                .Select(s => new RuleRemark(s.At, "slaProperties: retention names no property whose dates say how old a row is (element: table.property)")),
        ];
    }
}

/// <summary>Properties that refer to another table of the contract.</summary>
/// <param name="Id">The check's name.</param>
/// <param name="Severity">How bad a row without its parent is.</param>
/// <param name="At">Where it stands.</param>
/// <param name="Columns">The columns in the warehouse that refer to it.</param>
/// <param name="Parent">The other table's name in the contract.</param>
/// <param name="ParentColumns">Its columns in the warehouse, in the same order.</param>
public sealed record ReferenceCheck(string Id, CheckSeverity Severity, Yaml.FileLocation At, IReadOnlyList<string> Columns, string Parent, IReadOnlyList<string> ParentColumns);

/// <summary>Makes the checks of one table, and gives each a name of its own.</summary>
internal sealed class CheckMaker(DataContract contract, ContractObject table)
{
    private static readonly RuleCondition None = new(RuleOperator.Be, 0);

    private readonly List<(string Short, string Long, Func<string, object> Make)> _named = [];
    private readonly RuleCollector _remarks = new();
    private readonly HashSet<string> _key = [.. table.Properties.Where(p => p.IsKey).Select(p => p.Name)];

    /// <summary>True if the properties hold the key: the target itself sees to it that no two rows have the same.</summary>
    public bool IsKey(IReadOnlyList<string> properties) => _key.Count > 0 && _key.IsSubsetOf(properties);

    public void Add(QualityRule rule, ContractProperty? property)
    {
        var of = property?.Name ?? table.Name;
        switch (rule)
        {
            case TextRule:
                Leave(rule, of, "it is for people");
                break;
            case SqlRule sql:
                AddSql(sql, property);
                break;
            case LibraryRule { Metric: QualityMetric.RowCount } count:
                if (count.IsPercent) Leave(rule, of, "of all rows, all are there");
                else Add(rule, property, new RowCountMeasure(), count.Condition);
                break;
            case LibraryRule { Metric: QualityMetric.DuplicateValues } duplicates:
                AddDuplicates(duplicates, property);
                break;
            case LibraryRule library when property is null:
                Leave(library, of, "it is a property's");
                break;
            case LibraryRule library:
                AddBreaches(library, property);
                break;
            default:
                Leave(rule, of, "another engine is named");
                break;
        }
    }

    public void AddUnique(ContractProperty property) =>
        Name($"{property.Name}.unique", $"{property.Name}.unique", id => new ContractCheck(id, CheckSeverity.Error, new DuplicateMeasure([property.TargetColumn]), None));

    public void Add(Relationship relationship, IReadOnlyList<ContractProperty>? from)
    {
        var why = Resolve(relationship, from, out var parent, out var columns);
        if (why is not null)
        {
            _remarks.Leave(relationship.At, $"'{table.Name}': the relationship to {string.Join(", ", relationship.To)}: {why}");
            return;
        }
        var name = $"{string.Join('_', from!.Select(p => p.Name))}.parent";
        Name(name, $"{name}.{parent!.Name}", id => new ReferenceCheck(id, relationship.Severity, relationship.At, [.. from!.Select(p => p.TargetColumn)], parent.Name, [.. columns.Select(c => c.TargetColumn)]));
    }

    public void Add(ContractDeadline deadline) =>
        Name(deadline.Id, deadline.Id, id => new ContractCheck(id, deadline.Severity, new DeadlineMeasure(deadline.Deadline), None));

    /// <summary>Rows that are older than a promise says. What the promise is for people may read otherwise; it stops nothing, and no row goes.</summary>
    public void Add(ServiceLevel retention)
    {
        foreach (var name in retention.Elements.Where(e => e.Table == table.Name).Select(e => e.Property).OfType<string>())
        {
            var where = $"slaProperties: retention of '{table.Name}.{name}'";
            if (Find(table, name) is not { } property)
                _remarks.Fault(retention.At, $"{where}: there is no such property.{Yaml.Suggestion.For(name, table.Properties.Select(p => p.Name))}");
            else if (property.Mask is not null)
                _remarks.Leave(retention.At, $"{where}: it is masked before anything looks at it");
            else if (property.Type is not (Date32Type or TimestampType))
                _remarks.Leave(retention.At, $"{where}: it is {property.Type}, neither a date nor a timestamp");
            else
                Name($"{name}.retention", $"{name}.retention", id => new ContractCheck(id, CheckSeverity.Warning, new AgeMeasure(property.TargetColumn, property.Type is Date32Type, retention.Within), None));
        }
    }

    /// <summary>The properties a relationship of the table goes out from; null = it names others.</summary>
    public IReadOnlyList<ContractProperty>? From(Relationship relationship)
    {
        var named = relationship.From.Select(Relationships.Parts).ToList();
        if (named.Any(n => n?.Table != table.Name && (table.Id is null || n?.Table != table.Id))) return null;
        var found = named.Select(n => Find(table, n!.Value.Property)).OfType<ContractProperty>().ToList();
        return found.Count == named.Count ? found : null;
    }

    public TableChecks Made()
    {
        var shared = _named.GroupBy(n => n.Short, StringComparer.Ordinal).Where(g => g.Skip(1).Any()).Select(g => g.Key).ToHashSet(StringComparer.Ordinal);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var made = _named.ConvertAll(n =>
        {
            var id = shared.Contains(n.Short) ? n.Long : n.Short;
            for (var i = 2; !taken.Add(id); i++) id = $"{n.Long}.{i}";
            return n.Make(id);
        });
        return new TableChecks([.. made.OfType<ContractCheck>()], [.. made.OfType<ReferenceCheck>()], _remarks.NotExecuted, _remarks.Faults);
    }

    private void AddSql(SqlRule rule, ContractProperty? property)
    {
        var measure = new SqlMeasure(rule.Query, property?.TargetColumn, rule.Dialect);
        if (property is null && measure.NamesColumn)
            _remarks.Fault(rule.Head.At, $"'{table.Name}': {rule.Head.Id ?? "a sql rule"}: {{property}} stands for nothing in a rule of the table.");
        else if (rule.Dialect is null && contract.Servers.Select(s => s.Type).Distinct(StringComparer.Ordinal).Count() > 1)
            _remarks.Fault(rule.Head.At, $"'{table.Name}': {rule.Head.Id ?? "a sql rule"}: the contract has servers of several kinds; say for which it is with the custom property dialect (postgresql, sqlserver, sqlite).");
        else
            Add(rule, property, measure, rule.Condition);
    }

    private void AddDuplicates(LibraryRule rule, ContractProperty? property)
    {
        IReadOnlyList<string> names = rule.Properties ?? (property is null ? [] : [property.Name]);
        var columns = names.Select(name => (Name: name, Property: Find(table, name))).ToList();
        if (names.Count == 0)
            _remarks.Fault(rule.Head.At, $"'{table.Name}': duplicateValues of a table needs the argument properties.");
        else if (columns.Find(c => c.Property is null).Name is { } unknown)
            _remarks.Fault(rule.Head.At, $"'{table.Name}': duplicateValues: there is no property '{unknown}'.{Yaml.Suggestion.For(unknown, table.Properties.Select(p => p.Name))}");
        else if (!IsKey(names))
            Add(rule, property, new DuplicateMeasure([.. columns.Select(c => c.Property!.TargetColumn)]), rule.Condition, rule.IsPercent);
    }

    private void AddBreaches(LibraryRule rule, ContractProperty property)
    {
        // Of a masked value only whether it is there can still be seen.
        if (property.Mask is not null && rule.Metric != QualityMetric.NullValues)
        {
            Leave(rule, property.Name, "it is masked before anything looks at it");
            return;
        }
        var isGuarded = property.Mask is null && LibraryRules.IsOfRows(rule);
        // What the row gate can't judge it has said itself.
        var collector = isGuarded ? new RuleCollector() : _remarks;
        var (faults, left) = (collector.Faults.Count, collector.NotExecuted.Count);
        LibraryRules.AddBreaches(new RuleColumn(property.Name, property.TargetColumn, property.Mask is null ? property.Type : StringType.Default, property.At), rule, collector);
        ValueRule[] rules = [.. collector.Executed];
        collector.Executed.Clear();
        if (rules.Length > 0 && collector.Faults.Count == faults && collector.NotExecuted.Count == left)
            Add(rule, property, new BreachMeasure(rules), rule.Condition, rule.IsPercent, isGuarded ? CheckOccasion.Demand : CheckOccasion.Scheduled);
    }

    private void Add(QualityRule rule, ContractProperty? property, Measure measure, RuleCondition condition, bool isPercent = false, CheckOccasion occasion = CheckOccasion.Scheduled)
    {
        var severity = CheckSeverities.Read(rule.Head.Severity);
        var (cron, problem) = rule.Head is { Scheduler: null or "cron", Schedule: { } text } ? CronExpression.Parse(text) : (null, null);
        if (problem is not null)
        {
            _remarks.Fault(rule.Head.At, $"'{property?.Name ?? table.Name}': schedule: {problem}");
            return;
        }
        if (rule.Head.Schedule is not null && occasion == CheckOccasion.Demand)
            Leave(rule, property!.Name, "its schedule, for each row is judged as it comes");
        else if (rule.Head.Schedule is not null && cron is null)
            Leave(rule, property?.Name ?? table.Name, $"its schedule for {rule.Head.Scheduler}; it is measured at the dataset's interval");
        // Who says when a query runs has said that it does not run with each batch.
        if (measure is SqlMeasure && severity == CheckSeverity.Error && rule.Head.Schedule is null) occasion = CheckOccasion.Publication;
        var word = rule is LibraryRule library ? LibraryRules.Word(library.Metric) : "sql";
        var of = property is null ? "" : $"{property.Name}.";
        // A name that is a text is none: it is a metric's label.
        var own = rule.Head.Id ?? (rule.Head.Name is { Length: > 0 and <= 100 } name ? name : null);
        Name(own ?? $"{of}{word}", $"{of}{own ?? word}", id => new ContractCheck(id, severity, measure, condition) { IsPercent = isPercent, Occasion = occasion, Schedule = cron });
    }

    private string? Resolve(Relationship relationship, IReadOnlyList<ContractProperty>? from, out ContractObject? parent, out IReadOnlyList<ContractProperty> columns)
    {
        (parent, columns) = (null, []);
        var to = relationship.To.Select(Relationships.Parts).ToList();
        if (to.Contains(null)) return "it leads out of the contract";
        if (from is null) return "it goes out from another table";
        if (to.Select(t => t!.Value.Table).Distinct(StringComparer.Ordinal).Skip(1).Any()) return "it leads to several tables";
        var name = to[0]!.Value.Table;
        var found = contract.Objects.FirstOrDefault(o => o.Name == name || o.Id == name);
        if (found is null) return $"the contract has no table '{name}'";
        var ends = to.Select(t => Find(found, t!.Value.Property)).ToList();
        if (ends.Contains(null) || ends.Count != from.Count) return $"the table '{name}' has no such property";
        if (found.Filter is not null && !IsPlainKey(found, ends!))
            return $"rows of '{name}' are left out on purpose (consentFilter), and a source is asked for them only by their key, as it is in the source: not masked, folded or cast";
        if (from.Zip(ends).Any(pair => pair.First.Mask != pair.Second!.Mask)) return "one of the two is masked otherwise than the other";
        (parent, columns) = (found, [.. ends.OfType<ContractProperty>()]);
        return null;
    }

    private static bool IsPlainKey(ContractObject table, IReadOnlyCollection<ContractProperty> ends) =>
        table.Properties.Where(p => p.IsKey).ToHashSet().SetEquals(ends) && ends.All(p => p is { Mask: null, Fold: null or KeyFold.None } && (p.ReadAs ?? p.Type) == p.Type);

    private static ContractProperty? Find(ContractObject table, string name) => table.Properties.FirstOrDefault(p => p.Name == name) ?? table.Properties.FirstOrDefault(p => p.Id == name);

    private void Leave(QualityRule rule, string of, string why) => _remarks.Leave(rule.Head.At, $"{LibraryRules.Describe(rule, of)}: {why}");

    private void Name(string preferred, string full, Func<string, object> make) => _named.Add((preferred, full, make));
}
