namespace CdcSync.Core.Errors;

/// <content>6xxx: landing.</content>
public static partial class ErrorCodes
{
    /// <summary>A landing file can't be written; may pass when there is room.</summary>
    public static readonly ErrorCode LandingFailed = new("CDC6001", "Landing failed", ExitCode.Warehouse, IsTransient: true);

    /// <summary>A landing file is not what was written.</summary>
    public static readonly ErrorCode LandingCorrupt = new("CDC6002", "Landing file corrupt", ExitCode.StateConflict, IsTransient: true);
}
