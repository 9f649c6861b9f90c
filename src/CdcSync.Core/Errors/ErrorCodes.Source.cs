namespace CdcSync.Core.Errors;

/// <content>2xxx: sources.</content>
public static partial class ErrorCodes
{
    /// <summary>The source can't be reached or opened; may pass.</summary>
    public static readonly ErrorCode SourceUnavailable = new("CDC2001", "Source unavailable", ExitCode.Source, IsTransient: true);

    /// <summary>The source refused the login or a permission is missing.</summary>
    public static readonly ErrorCode SourceDenied = new("CDC2002", "Source access denied", ExitCode.Source);

    /// <summary>The source no longer has the changes after the checkpoint.</summary>
    public static readonly ErrorCode ChangesExpired = new("CDC2003", "Changes expired", ExitCode.ResyncRequired);

    /// <summary>The source is older than the checkpoint: it was restored or replaced.</summary>
    public static readonly ErrorCode SourceRewound = new("CDC2004", "Source rewound", ExitCode.ResyncRequired);

    /// <summary>The checkpoint was made on another source.</summary>
    public static readonly ErrorCode OtherSource = new("CDC2005", "Checkpoint of another source", ExitCode.StateConflict);

    /// <summary>The checkpoint was made by another kind of capture.</summary>
    public static readonly ErrorCode OtherPositionKind = new("CDC2006", "Checkpoint of another kind", ExitCode.StateConflict);

    /// <summary>The table, view or column does not exist in the source.</summary>
    public static readonly ErrorCode SourceObjectMissing = new("CDC2007", "Source object missing", ExitCode.Source);

    /// <summary>Change tracking is not on for the table, or was removed.</summary>
    public static readonly ErrorCode TrackingOff = new("CDC2008", "Change tracking off", ExitCode.Source);

    /// <summary>The object has no key, and the capture needs one.</summary>
    public static readonly ErrorCode SourceKeyMissing = new("CDC2009", "No key", ExitCode.Source);

    /// <summary>The source's columns disagree with the contract.</summary>
    public static readonly ErrorCode SourceSchemaMismatch = new("CDC2010", "Source disagrees with the contract", ExitCode.Source);

    /// <summary>The source's schema changed while it was read; reading again helps.</summary>
    public static readonly ErrorCode SourceSchemaChanged = new("CDC2011", "Source schema changed during a read", ExitCode.Source, IsTransient: true);

    /// <summary>A source statement failed for a reason that will not pass by itself.</summary>
    public static readonly ErrorCode SourceFailed = new("CDC2012", "Source statement failed", ExitCode.Source);

    /// <summary>The server is a replica, and only the primary tells truthfully what changed; passes when the connection leads to the primary again.</summary>
    public static readonly ErrorCode SourceNotPrimary = new("CDC2013", "Source is a replica", ExitCode.Source, IsTransient: true);

    /// <summary>Columns of the dataset were altered, or added to it: the values of rows that did not change since are not known.</summary>
    public static readonly ErrorCode SourceColumnsChanged = new("CDC2014", "Source columns changed", ExitCode.ResyncRequired);

    /// <summary>Rows that changed are hidden from the login.</summary>
    public static readonly ErrorCode SourceRowsHidden = new("CDC2015", "Source rows hidden", ExitCode.Source);

    /// <summary>The read transaction is as old as it may be; what is left is read by the next one.</summary>
    public static readonly ErrorCode SourceReadTooLong = new("CDC2016", "Read transaction too old", ExitCode.Source, IsTransient: true);

    /// <summary>Different texts are one key in the source, and the contract does not say what makes them one in the warehouse.</summary>
    public static readonly ErrorCode KeyEqualityUnstated = new("CDC2017", "Key equality not stated", ExitCode.Source);

    /// <summary>The replication slot is read by something else; may pass.</summary>
    public static readonly ErrorCode SlotInUse = new("CDC2018", "Slot in use", ExitCode.Source, IsTransient: true);

    /// <summary>A transaction of the source has to end first; passes when it does.</summary>
    public static readonly ErrorCode SourceTransactionInTheWay = new("CDC2019", "Source transaction in the way", ExitCode.Source, IsTransient: true);

    /// <summary>The source's columns changed in a way that the contract freezes; a person decides.</summary>
    public static readonly ErrorCode SourceSchemaFrozen = new("CDC2020", "Source schema changed, and is frozen", ExitCode.Source);
}
