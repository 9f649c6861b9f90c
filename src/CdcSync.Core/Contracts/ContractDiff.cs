using CdcSync.Core.Datasets;

namespace CdcSync.Core.Contracts;

/// <summary>
/// What changed from one version of a contract to the next, as those see it who read the warehouse's tables. Breaking is what can make a query fail or mean something else:
/// something gone, another type that does not hold the old values, a promise taken back.
/// </summary>
public static class ContractDiff
{
    /// <summary>Compares two contracts.</summary>
    /// <returns>The changes by table and column; empty = nothing that readers see.</returns>
    public static IReadOnlyList<ContractChange> Of(DataContract old, DataContract now)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(now);
        var tables = old.Objects.Select(o => o.Name).Union(now.Objects.Select(o => o.Name), StringComparer.Ordinal);
        return [.. tables.SelectMany(name => Table(name, old.Objects.FirstOrDefault(o => o.Name == name), now.Objects.FirstOrDefault(o => o.Name == name))), .. Promises(old, now)];
    }

    /// <summary>True if the version says as much as the changes do: a breaking one asks for a greater first number.</summary>
    public static bool VersionSuffices(DataContract old, DataContract now, IReadOnlyList<ContractChange> changes)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(now);
        var (from, to) = (Version.Parse(old.Version), Version.Parse(now.Version));
        return changes.Count == 0 || (changes.Any(c => c.IsBreaking) ? to.Major > from.Major : to > from);
    }

    private static IEnumerable<ContractChange> Table(string name, ContractObject? old, ContractObject? now)
    {
        if (old is null) return [new(name, null, "table-added", false, "the table is new")];
        if (now is null) return [new(name, null, "table-dropped", true, "the table is gone")];
        var columns = old.Properties.Select(p => p.TargetColumn).Union(now.Properties.Select(p => p.TargetColumn), StringComparer.OrdinalIgnoreCase);
        return
        [
            .. OfTable(name, old, now),
            .. Deadlines(name, old, now),
            .. columns.SelectMany(column => Column(name, column, old.Properties.FirstOrDefault(p => Same(p, column)), now.Properties.FirstOrDefault(p => Same(p, column)))),
        ];
    }

    private static IEnumerable<ContractChange> OfTable(string name, ContractObject old, ContractObject now)
    {
        var (oldTarget, target) = (old.PhysicalName ?? old.Name, now.PhysicalName ?? now.Name);
        if (oldTarget != target) yield return new(name, null, "renamed", true, $"the table '{oldTarget}' is '{target}' now");
        var (oldKey, key) = (Key(old), Key(now));
        if (!oldKey.SequenceEqual(key, StringComparer.OrdinalIgnoreCase)) yield return new(name, null, "key", true, $"the key was ({string.Join(", ", oldKey)}), and is ({string.Join(", ", key)})");
        if (!SameFilter(old.Filter, now.Filter)) yield return new(name, null, "filter", true, "other rows are in the table: its consentFilter changed");
        foreach (var (isBreaking, what) in RuleDiff.Of(old.Quality, now.Quality)) yield return new(name, null, "rule", isBreaking, what);
    }

    /// <summary>A deadline that is gone, later, on fewer days or of an earlier cut takes something back.</summary>
    private static IEnumerable<ContractChange> Deadlines(string table, ContractObject old, ContractObject now)
    {
        foreach (var id in old.Deadlines.Concat(now.Deadlines).Select(d => d.Id).Distinct(StringComparer.Ordinal))
        {
            var (before, after) = (old.Deadlines.FirstOrDefault(d => d.Id == id)?.Deadline, now.Deadlines.FirstOrDefault(d => d.Id == id)?.Deadline);
            if (before?.ToString() == after?.ToString()) continue;
            yield return new ContractChange(table, null, "deadline", before is not null && after?.Keeps(before) != true,
                before is null ? $"'{id}' is promised now: {after}" : after is null ? $"'{id}' is no longer promised" : $"'{id}' was {before}, and is {after}");
        }
    }

    private static IEnumerable<ContractChange> Column(string table, string name, ContractProperty? old, ContractProperty? now)
    {
        ContractChange Change(string kind, bool isBreaking, string what) => new(table, name, kind, isBreaking, what);
        if (old is null || now is null)
        {
            yield return old is null ? Change("added", false, "the column is new") : Change("dropped", true, "the column is gone");
            yield break;
        }
        if (!now.Type.Equals(old.Type))
            yield return TypeWidth.Holds(now.Type, old.Type) ? Change("widened", false, $"{old.Type} became {now.Type}") : Change("narrowed", true, $"{old.Type} became {now.Type}, which does not hold all its values");
        if (old.Required && !now.Required) yield return Change("nullable", true, "it may be null now");
        if (!old.Required && now.Required) yield return Change("required", false, "it is never null any more");
        if (old.Unique && !now.Unique) yield return Change("not-unique", true, "a value may be there twice now");
        if (old.Mask != now.Mask) yield return Change("mask", true, now.Mask is null ? "it is no longer masked" : old.Mask is null ? "it is masked now" : "it is masked by another key");
        if (old.Fold != now.Fold) yield return Change("fold", true, "its texts are folded otherwise");
        if (old.Precision != now.Precision) yield return Change("precision", now.Precision == TimePrecision.Truncate, now.Precision == TimePrecision.Truncate ? "finer times are cut now" : "finer times are no longer cut");
        if (old.SourceColumn != now.SourceColumn) yield return Change("source", false, $"it is read from '{now.SourceColumn}', not '{old.SourceColumn}'");
        foreach (var (bound, before, after) in Bounds(old.Options, now.Options))
            yield return before is null ? Change("bound", false, $"{bound} is {after} now") : Change("bound", true, after is null ? $"{bound} {before} is no longer promised" : $"{bound} was {before}, and is {after}");
        foreach (var (isBreaking, what) in RuleDiff.Of(old.Quality, now.Quality)) yield return Change("rule", isBreaking, what);
    }

    /// <summary>Bounds that differ, but those that only became narrower.</summary>
    private static IEnumerable<(string Bound, object? Before, object? After)> Bounds(ValueOptions old, ValueOptions now) => new (string Name, object? Before, object? After, bool IsNarrower)[]
    {
        ("minLength", old.MinLength, now.MinLength, now.MinLength >= old.MinLength),
        ("maxLength", old.MaxLength, now.MaxLength, now.MaxLength <= old.MaxLength),
        ("pattern", old.Pattern, now.Pattern, false),
        ("minimum", old.Minimum, now.Minimum, false),
        ("maximum", old.Maximum, now.Maximum, false),
        ("exclusiveMinimum", old.ExclusiveMinimum, now.ExclusiveMinimum, false),
        ("exclusiveMaximum", old.ExclusiveMaximum, now.ExclusiveMaximum, false),
        ("multipleOf", old.MultipleOf, now.MultipleOf, false),
    }.Where(b => !Equals(b.Before, b.After) && !b.IsNarrower).Select(b => (b.Name, b.Before, b.After));

    private static IEnumerable<ContractChange> Promises(DataContract old, DataContract now) =>
        from kind in Enum.GetValues<ServiceLevelKind>()
        from table in old.Objects.Where(o => now.Objects.Any(n => n.Name == o.Name))
        let before = old.Promise(kind, table)
        let after = now.Promise(kind, now.Objects.First(n => n.Name == table.Name))
        where before != after
        select new ContractChange(table.Name, null, Word(kind), before is not null && (kind == ServiceLevelKind.Retention || after is null || after > before),
            kind == ServiceLevelKind.Retention ? before is null ? $"retention is {after} now" : after is null ? $"the retention of {before} is no longer promised" : $"retention was {before}, and is {after}" :
            before is null ? $"{Word(kind)} within {after} is promised now" : after is null ? $"{Word(kind)} within {before} is no longer promised" : $"{Word(kind)} was promised within {before}, and is within {after}");

    private static string Word(ServiceLevelKind kind) => Warehouses.ControlText.Of(kind);

    private static List<string> Key(ContractObject table) => [.. table.Properties.Where(p => p.IsKey).OrderBy(p => p.KeyPosition).Select(p => p.TargetColumn)];

    private static bool Same(ContractProperty property, string column) => property.TargetColumn.Equals(column, StringComparison.OrdinalIgnoreCase);

    private static bool SameFilter(RowFilter? one, RowFilter? other) =>
        one is null || other is null ? one is null && other is null : one.SourceColumn == other.SourceColumn && one.Values.Order(StringComparer.Ordinal).SequenceEqual(other.Values.Order(StringComparer.Ordinal), StringComparer.Ordinal);
}

/// <summary>A change of a contract.</summary>
/// <param name="Table">The table, by its name in the contract.</param>
/// <param name="Column">The column in the warehouse; null = the table as a whole.</param>
/// <param name="Kind">What kind of change: <c>added</c>, <c>dropped</c>, <c>widened</c>, <c>narrowed</c>, <c>nullable</c>, <c>key</c> …; docs/contracts.md has them all.</param>
/// <param name="IsBreaking">True if a query over the table may fail or mean something else.</param>
/// <param name="What">In words.</param>
public sealed record ContractChange(string Table, string? Column, string Kind, bool IsBreaking, string What);
