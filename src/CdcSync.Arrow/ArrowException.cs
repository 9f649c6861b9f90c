namespace CdcSync.Arrow;

/// <summary>What every error about Arrow data has in common: it names a place in the data, never a value of a row.</summary>
public abstract class ArrowException : Exception
{
    private protected ArrowException(string message, string where, Exception? cause) : base(message, cause) => Where = where;

    /// <summary>The place: a message, a block, a field or a column, by name or number.</summary>
    public string Where { get; }
}

/// <summary>The bytes are not valid Arrow data: cut, corrupt, or never Arrow at all. Reading them again gives the same answer.</summary>
public sealed class ArrowFormatException : ArrowException
{
    /// <summary>Names what is wrong, where, and where it helps what was found and expected.</summary>
    /// <param name="what">What is wrong, as a clause: "the offsets go down".</param>
    /// <param name="where">Message, block, field or column.</param>
    /// <param name="found">The number or mark that was found; structure only, never a row's value.</param>
    /// <param name="expected">What would have been right.</param>
    public ArrowFormatException(string what, string where, string? found = null, string? expected = null)
        : base(Compose(what, where, found, expected), where, null) { }

    private static string Compose(string what, string where, string? found, string? expected) => (found, expected) switch
    {
        (null, null) => $"{where}: {what}.",
        (null, _) => $"{where}: {what} (expected {expected}).",
        (_, null) => $"{where}: {what} (found {found}).",
        _ => $"{where}: {what} (found {found}, expected {expected}).",
    };
}

/// <summary>Valid Arrow data that this library does not hold: a type, an encoding, a compression, or a size beyond one buffer's limit.</summary>
/// <param name="what">What is not supported: "the type list".</param>
/// <param name="where">Message, block, field or column.</param>
public sealed class ArrowNotSupportedException(string what, string where) : ArrowException($"{where}: {what} is not supported.", where, null);
