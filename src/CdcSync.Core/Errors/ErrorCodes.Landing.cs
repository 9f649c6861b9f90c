namespace CdcSync.Core.Errors;

/// <content>6xxx: landing.</content>
public static partial class ErrorCodes
{
    /// <summary>A landing file can't be written; may pass when there is room.</summary>
    public static readonly ErrorCode LandingFailed = new("CDC6001", "Landing failed", ExitCode.Warehouse, IsTransient: true);

    /// <summary>A landing file is not what was written.</summary>
    public static readonly ErrorCode LandingCorrupt = new("CDC6002", "Landing file corrupt", ExitCode.StateConflict, IsTransient: true);

    /// <summary>The landing files do not hold all of a dataset's rows.</summary>
    public static readonly ErrorCode LandingIncomplete = new("CDC6003", "Landing incomplete", ExitCode.StateConflict);

    /// <summary>A landing file was written under another contract, and its rows can't be made what the contract of now says.</summary>
    public static readonly ErrorCode LandingOtherShape = new("CDC6004", "Landing under another contract", ExitCode.StateConflict);
}
