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

    /// <summary>A request to the endpoint shows no token, or not the right one; or asks for a change where no token is set.</summary>
    public static readonly ErrorCode TokenRequired = new("CDC1104", "Token required", ExitCode.Usage);

    /// <summary>A request to the endpoint names a host, or comes from a page, that is not served.</summary>
    public static readonly ErrorCode RequestRefused = new("CDC1105", "Request refused", ExitCode.Usage);

    /// <summary>A request to the endpoint that can't be understood.</summary>
    public static readonly ErrorCode RequestInvalid = new("CDC1106", "Request invalid", ExitCode.Usage);

    /// <summary>An order to the endpoint that can't be carried out as things stand.</summary>
    public static readonly ErrorCode OrderRefused = new("CDC1107", "Order refused", ExitCode.StateConflict);
}
