using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Diagnosis;

/// <summary>One thing that <c>doctor</c> looked at.</summary>
/// <param name="Level">How it is.</param>
/// <param name="Check">What was looked at, in a word or two: <c>change tracking</c>.</param>
/// <param name="Dataset">The dataset it concerns; null = all of the system.</param>
/// <param name="What">What was found. No row values, no secrets.</param>
/// <param name="Fix">What to do; null where nothing is to be done.</param>
/// <param name="Code">The error that a sync would end with; null = none.</param>
public sealed record Finding(FindingLevel Level, string Check, DatasetId? Dataset, string What, string? Fix = null, ErrorCode? Code = null)
{
    /// <summary>All is well.</summary>
    public static Finding Pass(string check, string what, DatasetId? dataset = null) => new(FindingLevel.Pass, check, dataset, what);

    /// <summary>It works, but not for long, not always, or not as well as it could.</summary>
    public static Finding Warn(string check, string what, string fix, DatasetId? dataset = null) => new(FindingLevel.Warn, check, dataset, what, fix);

    /// <summary>A sync would fail.</summary>
    public static Finding Fail(string check, CdcSyncException fault, DatasetId? dataset = null) => new(FindingLevel.Fail, check, dataset, fault.Message, fault.Remedy, fault.Code);
}

/// <summary>How something is.</summary>
public enum FindingLevel
{
    /// <summary>As it should be.</summary>
    Pass,

    /// <summary>It works, and someone should look at it.</summary>
    Warn,

    /// <summary>It does not work.</summary>
    Fail,
}
