namespace CdcSync.Core.Errors;

/// <content>1xxx: configuration and contracts.</content>
public static partial class ErrorCodes
{
    /// <summary>A name has a form that can't be used.</summary>
    public static readonly ErrorCode InvalidName = new("CDC1001", "Invalid name", ExitCode.Usage);
}
