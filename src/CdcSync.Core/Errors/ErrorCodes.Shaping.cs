namespace CdcSync.Core.Errors;

/// <content>51xx: what the contract does to values before they are written.</content>
public static partial class ErrorCodes
{
    /// <summary>A column is to be written as a type that its read type can't be cast to.</summary>
    public static readonly ErrorCode CastNotSupported = new("CDC5101", "Cast not supported", ExitCode.Usage);

    /// <summary>A mask names a key that the pipeline does not have.</summary>
    public static readonly ErrorCode MaskKeyMissing = new("CDC5102", "Mask key missing", ExitCode.Usage);

    /// <summary>A row filter that can't work: no such column, a type that has no text, a value that no row can have.</summary>
    public static readonly ErrorCode FilterInvalid = new("CDC5103", "Row filter invalid", ExitCode.Usage);
}
