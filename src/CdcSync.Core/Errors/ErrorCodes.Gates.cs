namespace CdcSync.Core.Errors;

/// <content>5xxx: gates and quarantine.</content>
public static partial class ErrorCodes
{
    /// <summary>A batch would delete more rows than the breaker allows.</summary>
    public static readonly ErrorCode DeleteBreaker = new("CDC5001", "Delete breaker open", ExitCode.Partial);

    /// <summary>The quarantine is full; the dataset stops rather than lose rows.</summary>
    public static readonly ErrorCode QuarantineFull = new("CDC5002", "Quarantine full", ExitCode.Partial);

    /// <summary>After a batch's merge a rule of the contract about the whole table would not hold.</summary>
    public static readonly ErrorCode RuleBroken = new("CDC5003", "Contract rule broken", ExitCode.Partial);

    /// <summary>A query of the contract can't be answered: it is wrong, or is not one that only reads.</summary>
    public static readonly ErrorCode RuleUnanswered = new("CDC5004", "Contract rule not answered", ExitCode.Warehouse);

    /// <summary>A batch's volume is far from what the dataset's recent batches had.</summary>
    public static readonly ErrorCode VolumeGate = new("CDC5005", "Volume beyond its history", ExitCode.Partial);

    /// <summary>Whether rows without a parent have one that a filter leaves out can't be learned from the parents' source.</summary>
    public static readonly ErrorCode ParentsUnknown = new("CDC5006", "Parents can't be looked up", ExitCode.Partial);

    /// <summary>Rows of a batch break a rule of the contract whose policy is not to keep them out, but to block, or to warn.</summary>
    public static readonly ErrorCode RowRuleBroken = new("CDC5007", "Rows break a contract rule", ExitCode.Partial);
}
