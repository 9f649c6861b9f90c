using CdcSync.Core.Datasets;

namespace CdcSync.Core.Checks;

/// <summary>What became of a check.</summary>
/// <param name="Check">The check's <see cref="ContractCheck.Id"/>.</param>
/// <param name="Severity">How bad a failure is.</param>
/// <param name="Verdict">Whether it holds.</param>
/// <param name="Value">What was measured; null = nothing.</param>
/// <param name="Expected">What is expected, in words.</param>
/// <param name="Detail">What else is to be said; null = nothing.</param>
/// <param name="At">When it was measured, by the worker's clock.</param>
public sealed record CheckResult(string Check, CheckSeverity Severity, CheckVerdict Verdict, decimal? Value, string Expected, string? Detail, DateTimeOffset At)
{
    /// <summary>True if it does not hold, or nobody can say: what can't be measured is not passed.</summary>
    public bool IsFailed => Verdict is CheckVerdict.Failed or CheckVerdict.Unanswered;
}

/// <summary>Whether a check holds.</summary>
public enum CheckVerdict
{
    /// <summary>It holds.</summary>
    Passed,

    /// <summary>It does not.</summary>
    Failed,

    /// <summary>It can't be said yet: rows lack a parent that may still be on its way.</summary>
    Waiting,

    /// <summary>The contract's query could not be answered.</summary>
    Unanswered,
}

/// <summary>A result as the warehouse keeps it.</summary>
/// <param name="Dataset">The dataset.</param>
/// <param name="Result">The newest result.</param>
/// <param name="Since">Since when the verdict is what it is.</param>
public sealed record RecordedCheck(DatasetId Dataset, CheckResult Result, DateTimeOffset Since);
