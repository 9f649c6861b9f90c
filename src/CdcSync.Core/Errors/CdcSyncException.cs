using CdcSync.Core.Gates.Isolation;

namespace CdcSync.Core.Errors;

/// <summary>The one exception of the engine: what happened, where, what was found and expected, and the command that helps.</summary>
/// <remarks>Messages and remedies hold no row values and no secrets. Cancellation is never reported as one of these.</remarks>
public sealed class CdcSyncException : Exception
{
    /// <summary>Creates an error.</summary>
    /// <param name="code">The registered code (see <see cref="ErrorCodes"/>).</param>
    /// <param name="message">What happened, where, found and expected.</param>
    /// <param name="remedy">What to do, ending with the command that helps.</param>
    /// <param name="inner">The driver's exception, if one caused it.</param>
    /// <exception cref="ArgumentException">The message or the remedy is empty.</exception>
    public CdcSyncException(ErrorCode code, string message, string remedy, Exception? inner = null)
        : base(message, inner)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(message);
        ArgumentException.ThrowIfNullOrWhiteSpace(remedy);
        Code = code;
        Remedy = remedy;
    }

    /// <summary>The registered code.</summary>
    public ErrorCode Code { get; }

    /// <summary>What to do next; names the command that helps.</summary>
    public string Remedy { get; }

    /// <summary>Where a warehouse refused rows: why, for the entries of those that are found to be the cause; null = it is no such error.</summary>
    public Refusal? Refusal { get; init; }

    /// <summary>True if the same attempt may succeed later without anyone acting. A property of the code.</summary>
    public bool IsTransient => Code.IsTransient;

    /// <summary>The error as one line for people: code, message, remedy.</summary>
    public override string ToString() => $"{Code.Id} {Message} {Remedy}";
}
