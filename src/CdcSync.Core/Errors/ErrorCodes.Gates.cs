namespace CdcSync.Core.Errors;

/// <content>5xxx: gates and quarantine.</content>
public static partial class ErrorCodes
{
    /// <summary>A batch would delete more rows than the breaker allows.</summary>
    public static readonly ErrorCode DeleteBreaker = new("CDC5001", "Delete breaker open", ExitCode.Partial);

    /// <summary>The quarantine is full; the dataset stops rather than lose rows.</summary>
    public static readonly ErrorCode QuarantineFull = new("CDC5002", "Quarantine full", ExitCode.Partial);
}
