using CdcSync.Arrow;
using CdcSync.Core.Contracts;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Gates.Rules;

/// <summary>What of a contract's table is checked per value, what can't be, and what is wrong with it. Rules about the whole table are <see cref="Checks.TableChecks"/>.</summary>
/// <param name="Executed">The rules of the row gate.</param>
/// <param name="NotExecuted">What the contract says and nothing checks: <c>contract lint</c> lists it, so that nobody relies on it.</param>
/// <param name="Faults">What can't be understood.</param>
public sealed record RowRules(IReadOnlyList<ValueRule> Executed, IReadOnlyList<RuleRemark> NotExecuted, IReadOnlyList<RuleRemark> Faults)
{
    /// <summary>The rules of a table. Pure.</summary>
    public static RowRules Of(ContractObject table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var rules = new RuleCollector();
        NoPolicy(table.Quality, table.Name, rules);
        foreach (var property in table.Properties)
        {
            var column = new RuleColumn(property.Name, property.TargetColumn, property.Type, property.At);
            foreach (var key in property.Unchecked)
                rules.Leave(property.At, $"'{property.Name}': {key}: {(key == "defaultTimezone" ? "times without a zone are taken as they are" : "nothing looks inside of nested values")}");
            NoPolicy(property.Quality.Where(q => property.Mask is not null || q is not LibraryRule rule || !LibraryRules.IsOfRows(rule)), property.Name, rules);
            if (property.Mask is null)
            {
                OptionRules.Add(column, property.Options, rules);
                LibraryRules.Add(column, property.Quality, rules);
            }
            // The value is gone when the gate sees the row: what is kept is its hash.
            else if (property.Options != ValueOptions.None)
                rules.Leave(property.At, $"'{property.Name}': logicalTypeOptions, for it is masked before anything looks at it");
        }
        return new RowRules(rules.Executed, rules.NotExecuted, rules.Faults);
    }

    // A policy that nothing follows must not look like a guard.
    private static void NoPolicy(IEnumerable<QualityRule> others, string of, RuleCollector rules)
    {
        foreach (var rule in others.Where(r => r.Head.Policy is not null))
            rules.Fault(rule.Head.At, $"{LibraryRules.Describe(rule, of)}: policy: only a rule that judges each row has one (nullValues, missingValues or invalidValues that tolerate none, of severity error, of a property without a mask); of others the severity decides.");
    }
}

/// <summary>Something said of a place in a contract.</summary>
/// <param name="At">The place.</param>
/// <param name="What">What is said.</param>
public sealed record RuleRemark(FileLocation At, string What);

/// <summary>A column that rules are about.</summary>
/// <param name="Property">Its name in the contract.</param>
/// <param name="Target">Its name in the warehouse.</param>
/// <param name="Type">Its type.</param>
/// <param name="At">Where it stands.</param>
internal sealed record RuleColumn(string Property, string Target, ArrowType Type, FileLocation At)
{
    /// <summary>Digits after the point of an exact number; null = it is none.</summary>
    public int? Scale => Type switch
    {
        Decimal128Type number => number.Scale,
        _ when Type.TypeId is >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64 => 0,
        _ => null,
    };
}

/// <summary>Collects what becomes of each rule.</summary>
internal sealed class RuleCollector
{
    public List<ValueRule> Executed { get; } = [];

    public List<RuleRemark> NotExecuted { get; } = [];

    public List<RuleRemark> Faults { get; } = [];

    /// <summary>Takes over what became of one rule, with what it does to rows.</summary>
    public void Take(RuleCollector other, RulePolicy policy)
    {
        Executed.AddRange(other.Executed.Select(r => r with { Policy = policy }));
        NotExecuted.AddRange(other.NotExecuted);
        Faults.AddRange(other.Faults);
    }

    public void Leave(FileLocation at, string what) => NotExecuted.Add(new RuleRemark(at, what));

    public void Fault(FileLocation at, string what) => Faults.Add(new RuleRemark(at, what));
}
