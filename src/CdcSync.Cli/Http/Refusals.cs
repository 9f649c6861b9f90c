using CdcSync.Cli.Observing;
using CdcSync.Cli.Output;
using CdcSync.Core.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace CdcSync.Cli.Http;

/// <summary>Counts and logs requests that were refused: one line per reason and <c>log.repeatAfter</c>, with the number of those kept quiet. Nothing that a request shows as a token, and no address it asks for, is ever written.</summary>
/// <param name="counts">The number per reason.</param>
/// <param name="repetitions">Keeps the log readable while somebody knocks again and again.</param>
/// <param name="log">Where they are told.</param>
internal sealed class Refusals(IReadOnlyDictionary<RefusalReason, Counter> counts, Repetitions repetitions, ILogger log)
{
    private const int LongestName = 100;

    /// <summary>A series per reason, from the start.</summary>
    public static IReadOnlyDictionary<RefusalReason, Counter> AddTo(MetricRegistry metrics, string pipeline)
    {
        var family = metrics.Counter("cdcsync_http_refusals_total", "Requests that were refused, by reason.", "pipeline", "reason");
        return Enum.GetValues<RefusalReason>().ToDictionary(reason => reason, reason => family.Add(pipeline, Words.Of(reason)));
    }

    /// <summary>A request was refused.</summary>
    public void Tell(HttpContext context, RefusalReason reason, Problem problem)
    {
        counts[reason].Add();
        if (repetitions.Count($"http {reason}", problem.Code) is not { } quiet)
            return;
        // What is asked for is named as we write it, never as the request does: it may hold a token, or a line of somebody's own.
        var asked = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "a path that is not served";
        log.RequestRefused(context.Connection.RemoteIpAddress?.ToString() ?? "", asked, Words.Of(reason), reason switch
        {
            RefusalReason.Host => $" '{Plain(context.Request.Host.Host)}'",
            RefusalReason.Origin => $" '{Plain(context.Request.Headers.Origin.ToString())}'",
            _ => "",
        } + (quiet > 0 ? $" ({Words.Of(quiet)} more since it was last told)" : ""));
    }

    /// <summary>As much of a name as is one: nothing that could be taken for another line, or for anything but a name.</summary>
    private static string Plain(string name) => string.Concat(name.Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':' or '/' or '[' or ']').Take(LongestName));
}

/// <summary>Why a request is not answered, and what with.</summary>
internal sealed record Refusal(RefusalReason Reason, Problem Problem);

/// <summary>Why a request is not answered.</summary>
internal enum RefusalReason
{
    /// <summary>It calls us by a name that is not served.</summary>
    Host,

    /// <summary>It is a change from another site's page.</summary>
    Origin,

    /// <summary>It shows no token.</summary>
    NoToken,

    /// <summary>It shows a wrong token, or signs in with one.</summary>
    WrongToken,

    /// <summary>It is an order, and this worker has no token.</summary>
    NoOrders,
}
