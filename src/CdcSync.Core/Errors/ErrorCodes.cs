namespace CdcSync.Core.Errors;

/// <summary>Every error code there is; docs/errors.md explains each, and a test holds the two together.</summary>
/// <remarks>Blocks: 1xxx configuration and contracts, 2xxx sources, 3xxx warehouses, 4xxx state, 5xxx gates, quarantine and shape, 6xxx landing, 9xxx internal.</remarks>
public static partial class ErrorCodes
{
    /// <summary>All registered codes, by number.</summary>
    // Filled at the first use: an initializer may run before those of the codes in the other files.
    public static IReadOnlyList<ErrorCode> All => field ??=
        [.. typeof(ErrorCodes).GetFields().Where(f => f.FieldType == typeof(ErrorCode)).Select(f => (ErrorCode)f.GetValue(null)!).OrderBy(c => c.Id, StringComparer.Ordinal)];

    /// <summary>An invariant of the engine does not hold.</summary>
    public static readonly ErrorCode InternalError = new("CDC9001", "Internal error", ExitCode.Bug);
}
