using System.Globalization;
using CdcSync.Arrow;
using CdcSync.Core.Checks;
using CdcSync.Core.Contracts;

namespace CdcSync.Core.Gates.Rules;

/// <summary>The quality rules of a property that can be judged value by value: those that tolerate none.</summary>
internal static class LibraryRules
{
    /// <summary>Adds the rules of a column.</summary>
    public static void Add(RuleColumn column, IReadOnlyList<QualityRule> quality, RuleCollector rules)
    {
        foreach (var rule in quality.OfType<LibraryRule>().Where(IsOfRows))
        {
            var own = new RuleCollector();
            AddBreaches(column, rule, own);
            rules.Take(own, rule.Head.Policy ?? RulePolicy.Quarantine);
        }
    }

    /// <summary>True if the row gate sees to it; all others are about the whole table.</summary>
    public static bool IsOfRows(LibraryRule rule) =>
        IsOfValues(rule) && ToleratesNone(rule) && CheckSeverities.Read(rule.Head.Severity) == CheckSeverity.Error;

    /// <summary>True if it counts the rows whose value breaks it.</summary>
    public static bool IsOfValues(LibraryRule rule) => rule.Metric is QualityMetric.NullValues or QualityMetric.MissingValues or QualityMetric.InvalidValues;

    /// <summary>A rule in words, for who asks what is not executed.</summary>
    public static string Describe(QualityRule rule, string of)
    {
        var name = rule.Head.Id ?? rule.Head.Name;
        var kind = rule switch
        {
            LibraryRule library => Word(library.Metric),
            SqlRule => "a sql rule",
            CustomRule custom => $"a rule for {custom.Engine}",
            _ => "a rule for people",
        };
        return $"'{of}': {(name is null ? kind : $"{name} ({kind})")}";
    }

    /// <summary>True if not one row may break it.</summary>
    private static bool ToleratesNone(LibraryRule rule) => rule.Condition switch
    {
        { Operator: RuleOperator.Be or RuleOperator.BeLessOrEqualTo, Operand: 0 } => true,
        { Operator: RuleOperator.BeLessThan, Operand: > 0 and <= 1 } => !rule.IsPercent,
        { Operator: RuleOperator.BeBetween, Operand: < 0, Upper: > 0 and <= 1 } => !rule.IsPercent,
        _ => false,
    };

    /// <summary>Adds what a value must not be, so that a row breaks the rule.</summary>
    public static void AddBreaches(RuleColumn column, LibraryRule rule, RuleCollector rules)
    {
        var name = rule.Head.Id ?? Word(rule.Metric);
        switch (rule.Metric)
        {
            case QualityMetric.NullValues:
                rules.Executed.Add(new NotNullRule(name, column.Target));
                break;
            case QualityMetric.MissingValues:
                // Null is missing, whatever else is.
                rules.Executed.Add(new NotNullRule(name, column.Target));
                List(column, name, [.. rule.MissingValues?.OfType<string>() ?? []], Membership.Without, rule, rules);
                break;
            default:
                if (rule.ValidValues is { } valid) List(column, name, valid, Membership.Within, rule, rules);
                if (rule.Pattern is { } pattern) OptionRules.Pattern(column, name, pattern, rules);
                break;
        }
    }

    private static void List(RuleColumn column, string name, IReadOnlyList<string> values, Membership membership, LibraryRule rule, RuleCollector rules)
    {
        if (membership == Membership.Without && column.Type is not StringType)
        {
            // n/a is no number: what can't be a value of the column is not in it.
            values = [.. values.Where(v => IsValue(column, v))];
        }
        if (values.Count == 0 && membership == Membership.Without) return;
        if (column.Type is not (StringType or BooleanType) && column.Scale is null)
            rules.Leave(rule.Head.At, $"'{column.Property}': {name}, for it is {column.Type}");
        else if (values.FirstOrDefault(v => !IsValue(column, v)) is { } stranger)
            rules.Fault(rule.Head.At, $"'{column.Property}': {name}: '{stranger}' is no value of {column.Type}.");
        else
            rules.Executed.Add(new ListRule(name, column.Target, values, membership));
    }

    private static bool IsValue(RuleColumn column, string text) => column.Type switch
    {
        StringType => true,
        BooleanType => text is "true" or "false",
        _ => column.Scale is { } scale && ExactNumber.Parse(text)?.Exactly(scale) is not null,
    };

    /// <summary>A metric as contracts write it.</summary>
    public static string Word(QualityMetric metric) => char.ToLower(metric.ToString()[0], CultureInfo.InvariantCulture) + metric.ToString()[1..];
}
