using CdcSync.Cli.Output;
using CdcSync.Core.Errors;

namespace CdcSync.Cli.Live;

/// <summary>A fault and when it happened.</summary>
internal sealed record TimedFault(CdcSyncException Fault, DateTimeOffset Happened, TimeSpan? RetryIn)
{
    /// <summary>How it is shown now.</summary>
    public ShownFault At(DateTimeOffset now) => new(Fault.Code, RemedyCommand.In(Fault.Remedy), now - Happened,
        RetryIn is { } wait ? TimeSpan.FromTicks(Math.Max(0, (Happened + wait - now).Ticks)) : null);
}
