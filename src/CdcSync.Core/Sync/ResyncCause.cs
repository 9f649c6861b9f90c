namespace CdcSync.Core.Sync;

/// <summary>Why a dataset is loaded anew. Every reload has one; metrics count by it.</summary>
public enum ResyncCause
{
    /// <summary>The source no longer had the changes, and the gap policy loads again.</summary>
    Expired,

    /// <summary>A person asked for it, by the command <c>resync</c>.</summary>
    Requested,

    /// <summary>A column came into the contract, and its source can't go on with it from where it was, or its rows can't be read again one by one.</summary>
    Contract,
}
