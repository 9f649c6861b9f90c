namespace CdcSync.Core.Errors;

/// <content>11xx: the command line and the daemon's endpoint.</content>
public static partial class ErrorCodes
{
    /// <summary>The command line has a word or an option that can't be used.</summary>
    public static readonly ErrorCode WrongUsage = new("CDC1101", "Wrong usage", ExitCode.Usage);

    /// <summary>The endpoint would be reachable from other machines without a token.</summary>
    public static readonly ErrorCode EndpointUnprotected = new("CDC1102", "Endpoint unprotected", ExitCode.Usage);

    /// <summary>The endpoint's address can't be listened on.</summary>
    public static readonly ErrorCode EndpointUnavailable = new("CDC1103", "Endpoint unavailable", ExitCode.Usage);
}
