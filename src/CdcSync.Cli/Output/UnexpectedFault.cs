using CdcSync.Core.Errors;

namespace CdcSync.Cli.Output;

/// <summary>Makes an error of an exception nobody expected.</summary>
internal static class UnexpectedFault
{
    /// <summary>What kind of exception, and where. Its own message is left out: it may quote anything.</summary>
    public static CdcSyncException Of(Exception bug)
    {
        var place = bug.StackTrace?.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Contains("CdcSync.", StringComparison.Ordinal))?.Split(" in ")[0];
        return new CdcSyncException(ErrorCodes.InternalError, $"{bug.GetType().Name} {place}: this is a bug in cdcsync.", $"Please report it with what {Terminal.DebugVariable}=1 shows in addition.", bug);
    }
}
