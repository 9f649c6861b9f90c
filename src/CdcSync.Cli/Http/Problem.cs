using System.Net;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Http;

/// <summary>Why a request was not done: one of our errors, and the HTTP status that fits it.</summary>
/// <param name="Status">The status.</param>
/// <param name="Code">The registered code.</param>
/// <param name="Detail">What, where, found and expected.</param>
/// <param name="Remedy">What to do; names the command that helps.</param>
internal sealed record Problem(HttpStatusCode Status, ErrorCode Code, string Detail, string Remedy)
{
    /// <summary>An error as a problem.</summary>
    public static Problem Of(CdcSyncException fault) => new(StatusOf(fault.Code), fault.Code, fault.Message, fault.Remedy);

    private static HttpStatusCode StatusOf(ErrorCode code) => code switch
    {
        _ when code == ErrorCodes.UnknownDataset => HttpStatusCode.NotFound,
        { Exit: ExitCode.Usage } => HttpStatusCode.BadRequest,
        { Exit: ExitCode.StateConflict or ExitCode.ResyncRequired } => HttpStatusCode.Conflict,
        { Exit: ExitCode.Bug } => HttpStatusCode.InternalServerError,
        _ => HttpStatusCode.ServiceUnavailable,
    };
}
