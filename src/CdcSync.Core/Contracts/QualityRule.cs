using System.Globalization;
using CdcSync.Core.Yaml;

namespace CdcSync.Core.Contracts;

/// <summary>A quality rule of a contract.</summary>
/// <param name="Head">What all rules have.</param>
public abstract record QualityRule(RuleHead Head);

/// <summary>What all quality rules have.</summary>
/// <param name="At">Where the rule stands.</param>
/// <param name="Id">Its identifier, unique in its list; null = none.</param>
/// <param name="Name">Its name for people; null = none.</param>
/// <param name="Severity">How bad a failure is: <c>error</c>, <c>warning</c> …; null = not said.</param>
/// <param name="Dimension">The quality dimension: completeness, uniqueness …; null = not said.</param>
/// <param name="Scheduler">What runs it on a schedule, as in <c>cron</c>; null = none.</param>
/// <param name="Schedule">When it runs, in the scheduler's words; null = none.</param>
public sealed record RuleHead(FileLocation At, string? Id, string? Name, string? Severity, string? Dimension, string? Scheduler, string? Schedule)
{
    /// <summary>What a breach does to rows, where the rule judges each row; null = not said.</summary>
    public RulePolicy? Policy { get; init; }
}

/// <summary>What becomes of rows that break a rule about single values.</summary>
public enum RulePolicy
{
    /// <summary>They are kept out, and go to quarantine.</summary>
    Quarantine,

    /// <summary>They keep their batch out: nothing of it is committed.</summary>
    Block,

    /// <summary>They are published, and it is told.</summary>
    Warn,
}

/// <summary>A rule of the standard's library.</summary>
/// <param name="Head">What all rules have.</param>
public sealed record LibraryRule(RuleHead Head) : QualityRule(Head)
{
    /// <summary>What is counted.</summary>
    public required QualityMetric Metric { get; init; }

    /// <summary>What the count must be.</summary>
    public required RuleCondition Condition { get; init; }

    /// <summary>True if the count is a share of the rows, 0 to 100.</summary>
    public bool IsPercent { get; init; }

    /// <summary>invalidValues: the values that are valid; null = not said.</summary>
    public IReadOnlyList<string>? ValidValues { get; init; }

    /// <summary>invalidValues: the regular expression that valid values match; null = not said.</summary>
    public string? Pattern { get; init; }

    /// <summary>missingValues: the texts that count as missing (a null item = null); null = not said.</summary>
    public IReadOnlyList<string?>? MissingValues { get; init; }

    /// <summary>duplicateValues of a table: the properties that together are unique; null = not said.</summary>
    public IReadOnlyList<string>? Properties { get; init; }
}

/// <summary>A query whose one number (or truth: 1 or 0) is judged.</summary>
/// <param name="Head">What all rules have.</param>
public sealed record SqlRule(RuleHead Head) : QualityRule(Head)
{
    /// <summary>The query, without a final semicolon; <c>{object}</c> and <c>{property}</c> stand for the table and the column.</summary>
    public required string Query { get; init; }

    /// <summary>The only kind of warehouse that it is meant for: <c>postgres</c>, <c>sqlserver</c>, <c>sqlite</c>; null = any.</summary>
    public string? Dialect { get; init; }

    /// <summary>What the number must be.</summary>
    public required RuleCondition Condition { get; init; }
}

/// <summary>A rule for people to read.</summary>
/// <param name="Head">What all rules have.</param>
public sealed record TextRule(RuleHead Head) : QualityRule(Head);

/// <summary>A rule for another engine.</summary>
/// <param name="Head">What all rules have.</param>
public sealed record CustomRule(RuleHead Head) : QualityRule(Head)
{
    /// <summary>The engine.</summary>
    public required string Engine { get; init; }
}

/// <summary>What a library rule counts.</summary>
public enum QualityMetric
{
    /// <summary>Nulls of a property.</summary>
    NullValues,

    /// <summary>Nulls and what stands for them.</summary>
    MissingValues,

    /// <summary>Values that are not valid.</summary>
    InvalidValues,

    /// <summary>Values that occur more than once.</summary>
    DuplicateValues,

    /// <summary>Rows of the table.</summary>
    RowCount,
}

/// <summary>What a number must be.</summary>
/// <param name="Operator">The comparison.</param>
/// <param name="Operand">What it is compared with; the lower end of a range.</param>
/// <param name="Upper">The upper end of a range; null = no range.</param>
public sealed record RuleCondition(RuleOperator Operator, decimal Operand, decimal? Upper = null)
{
    /// <summary>True if a number is as it must be. The ends of a range are not in it: the standard has "between" as "greater than" and "less than".</summary>
    public bool Holds(decimal value) => Operator switch
    {
        RuleOperator.Be => value == Operand,
        RuleOperator.NotBe => value != Operand,
        RuleOperator.BeGreaterThan => value > Operand,
        RuleOperator.BeGreaterOrEqualTo => value >= Operand,
        RuleOperator.BeLessThan => value < Operand,
        RuleOperator.BeLessOrEqualTo => value <= Operand,
        RuleOperator.BeBetween => value > Operand && value < Upper,
        _ => value <= Operand || value >= Upper,
    };

    /// <summary>The condition in words: <c>at most 5</c>.</summary>
    public override string ToString() => Operator switch
    {
        RuleOperator.Be => Number(Operand),
        RuleOperator.NotBe => $"not {Number(Operand)}",
        RuleOperator.BeGreaterThan => $"above {Number(Operand)}",
        RuleOperator.BeGreaterOrEqualTo => $"at least {Number(Operand)}",
        RuleOperator.BeLessThan => $"below {Number(Operand)}",
        RuleOperator.BeLessOrEqualTo => $"at most {Number(Operand)}",
        RuleOperator.BeBetween => $"above {Number(Operand)} and below {Number(Upper)}",
        _ => $"at most {Number(Operand)} or at least {Number(Upper)}",
    };

    private static string Number(decimal? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}

/// <summary>How a number is judged.</summary>
public enum RuleOperator
{
    /// <summary>Equal.</summary>
    Be,

    /// <summary>Not equal.</summary>
    NotBe,

    /// <summary>Above.</summary>
    BeGreaterThan,

    /// <summary>Not below.</summary>
    BeGreaterOrEqualTo,

    /// <summary>Below.</summary>
    BeLessThan,

    /// <summary>Not above.</summary>
    BeLessOrEqualTo,

    /// <summary>In the range, of which the ends are no part.</summary>
    BeBetween,

    /// <summary>Outside the range, or one of its ends.</summary>
    NotBeBetween,
}
