namespace CdcSync.Core.Sync;

/// <summary>Whether the delete breaker may stop a resync.</summary>
public enum BreakerUse
{
    /// <summary>It stops a mass delete, and a source that became empty.</summary>
    Armed,

    /// <summary>A person has looked and accepts the deletes, for this one run.</summary>
    Accepted,
}
