namespace CdcSync.Core.Errors;

/// <content>4xxx: control state in the warehouse.</content>
public static partial class ErrorCodes
{
    /// <summary>The control schema is missing.</summary>
    public static readonly ErrorCode ControlSchemaMissing = new("CDC4001", "Control schema missing", ExitCode.StateConflict);

    /// <summary>The control schema was written by a newer CdcSync that this one may not run on.</summary>
    public static readonly ErrorCode ControlSchemaNewer = new("CDC4002", "Control schema newer", ExitCode.StateConflict);

    /// <summary>Another worker moved the checkpoint; the batch was rolled back and the checkpoint is read again.</summary>
    public static readonly ErrorCode Superseded = new("CDC4003", "Superseded by another worker", ExitCode.StateConflict, IsTransient: true);

    /// <summary>Another worker holds the lease, or this one's lease ended.</summary>
    public static readonly ErrorCode LeaseLost = new("CDC4004", "Lease not held", ExitCode.StateConflict, IsTransient: true);

    /// <summary>A record of the control schema can't be understood.</summary>
    public static readonly ErrorCode StateCorrupt = new("CDC4005", "State corrupt", ExitCode.StateConflict);

    /// <summary>A dataset was marked: it does not go on without a resync.</summary>
    public static readonly ErrorCode ResyncRequired = new("CDC4006", "Resync required", ExitCode.ResyncRequired);

    /// <summary>The target table belongs to another dataset or pipeline.</summary>
    public static readonly ErrorCode TargetTaken = new("CDC4007", "Target belongs to another dataset", ExitCode.StateConflict);

    /// <summary>Another dataset of the group can't be published, so this one waits for it.</summary>
    public static readonly ErrorCode GroupWaits = new("CDC4008", "Waits for its group", ExitCode.Partial, IsTransient: true);

    /// <summary>There is no dataset of that name.</summary>
    public static readonly ErrorCode UnknownDataset = new("CDC4009", "Unknown dataset", ExitCode.Usage);

    /// <summary>A dataset's first load is not complete.</summary>
    public static readonly ErrorCode NotLoaded = new("CDC4010", "Not loaded yet", ExitCode.StateConflict);

    /// <summary>Source and target of a dataset can't be compared row by row.</summary>
    public static readonly ErrorCode NotComparable = new("CDC4011", "Not comparable", ExitCode.Usage);
}
