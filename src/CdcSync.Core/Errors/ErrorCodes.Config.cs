namespace CdcSync.Core.Errors;

/// <content>1xxx: configuration and contracts.</content>
public static partial class ErrorCodes
{
    /// <summary>A name has a form that can't be used.</summary>
    public static readonly ErrorCode InvalidName = new("CDC1001", "Invalid name", ExitCode.Usage);

    /// <summary>The pipeline file is wrong: its YAML, a key, a type or a value.</summary>
    public static readonly ErrorCode ConfigInvalid = new("CDC1002", "Configuration invalid", ExitCode.Usage);

    /// <summary>A data contract is wrong, or asks for what CdcSync can't hold.</summary>
    public static readonly ErrorCode ContractInvalid = new("CDC1003", "Contract invalid", ExitCode.Usage);

    /// <summary>A reference to an environment variable or a file has no value.</summary>
    public static readonly ErrorCode UnresolvedReference = new("CDC1004", "Unresolved reference", ExitCode.Usage);

    /// <summary>A secret stands in the pipeline file itself.</summary>
    public static readonly ErrorCode InlineSecret = new("CDC1005", "Inline secret", ExitCode.Usage);

    /// <summary>Two datasets write into one table.</summary>
    public static readonly ErrorCode DuplicateTarget = new("CDC1006", "Duplicate target", ExitCode.Usage);
}
