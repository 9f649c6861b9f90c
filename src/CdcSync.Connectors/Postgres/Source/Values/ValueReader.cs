using CdcSync.Arrow;
using CdcSync.Core.Errors;

namespace CdcSync.Connectors.Postgres.Source.Values;

/// <summary>
/// Puts the values of one column into its builder, from the bytes of its type's send function: the same in binary COPY and in binary logical replication. A value
/// that the column's type can't hold becomes null with a reason, never another value.
/// </summary>
internal abstract class ValueReader
{
    /// <summary>Larger values are refused: one would make a chunk of its own size.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Why a larger value is refused.</summary>
    public const string TooLarge = "found more than 64 MiB in one value";

    /// <summary>Where the values go.</summary>
    public abstract ArrayBuilder Builder { get; }

    /// <summary>Appends a value that is not null.</summary>
    /// <param name="value">Its bytes.</param>
    /// <returns>Null if it was appended; else why it does not fit (a null was appended). Never tells the value.</returns>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.SourceSchemaChanged"/>: the bytes are not of the type that the catalogue said.</exception>
    public string? Append(ReadOnlySpan<byte> value)
    {
        var reason = value.Length > MaxBytes ? TooLarge : Value(value);
        if (reason is not null) Builder.AppendNull();
        return reason;
    }

    /// <summary>Appends a value, or says why not.</summary>
    protected abstract string? Value(ReadOnlySpan<byte> value);

    /// <summary>The bytes, where they are as many as the type has.</summary>
    protected static ReadOnlySpan<byte> Exactly(ReadOnlySpan<byte> value, int length) => value.Length == length ? value : throw OtherType();

    /// <summary>The column got another type after the catalogue was read.</summary>
    public static CdcSyncException OtherType() =>
        new(ErrorCodes.SourceSchemaChanged, "a column got another type while it was read.", "It is read again with its new type. Run: cdcsync status");
}
