using CdcSync.Core.Contracts;
using CdcSync.Core.Scheduling;

namespace CdcSync.Core.Checks;

/// <summary>A rule of a contract about a whole table: a number that is measured in the warehouse, and what it must be.</summary>
/// <param name="Id">Its name, unique in its dataset: a metric label and a key.</param>
/// <param name="Severity">How bad a failure is.</param>
/// <param name="Measure">What is measured.</param>
/// <param name="Condition">What the number must be.</param>
public sealed record ContractCheck(string Id, CheckSeverity Severity, Measure Measure, RuleCondition Condition)
{
    /// <summary>True if the number is a share of the live rows, 0 to 100.</summary>
    public bool IsPercent { get; init; }

    /// <summary>Who measures it, and when.</summary>
    public CheckOccasion Occasion { get; init; } = CheckOccasion.Scheduled;

    /// <summary>When a worker measures it, in UTC; null = at the dataset's interval, and a deadline when it comes.</summary>
    public CronExpression? Schedule { get; init; }

    /// <summary>What is expected, in words: <c>below 1 percent</c>.</summary>
    public string Expected => Measure switch
    {
        DeadlineMeasure deadline => $"0 minutes missing: {deadline.Deadline}",
        _ when IsPercent => $"{Condition} percent",
        _ => Condition.ToString(),
    };
}

/// <summary>How bad it is if a check fails.</summary>
public enum CheckSeverity
{
    /// <summary>Good to know.</summary>
    Info,

    /// <summary>Someone should look.</summary>
    Warning,

    /// <summary>The contract is broken. What the contract does not say is this.</summary>
    Error,
}

/// <summary>Who measures a check, and when.</summary>
public enum CheckOccasion
{
    /// <summary>The daemon's check pass, and <c>contract test</c>.</summary>
    Scheduled,

    /// <summary>Every publication, before its commit, which it stops; and what <see cref="Scheduled"/> does.</summary>
    Publication,

    /// <summary><c>contract test</c> alone: the row gate sees to it.</summary>
    Demand,
}

/// <summary>Severities as contracts write them.</summary>
public static class CheckSeverities
{
    /// <summary>Reads one; the standard leaves the words open: what is neither info nor warning is an error.</summary>
    public static CheckSeverity Read(string? word) => word switch
    {
        "info" => CheckSeverity.Info,
        "warning" => CheckSeverity.Warning,
        _ => CheckSeverity.Error,
    };
}
