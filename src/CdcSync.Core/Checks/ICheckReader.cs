using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Checks;

/// <summary>Measures targets in a warehouse, and changes nothing in it.</summary>
public interface ICheckReader
{
    /// <summary>Measures a dataset's target. All that is counted row by row is counted in one scan.</summary>
    /// <param name="dataset">The dataset; its target is there.</param>
    /// <param name="measures">What is measured; no <see cref="OrphanMeasure"/>.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>In their order. A query of the contract that can't be answered fails by itself.</returns>
    ValueTask<IReadOnlyList<Measured>> MeasureAsync(Dataset dataset, IReadOnlyList<Measure> measures, CancellationToken ct);

    /// <summary>Looks for rows without a parent, and reads how far both datasets have come, at one instant.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="measure">What refers to what.</param>
    /// <param name="parent">The parent's dataset.</param>
    /// <param name="limit">At most so many missing parents are told apart.</param>
    /// <param name="ct">Cancels.</param>
    ValueTask<Orphans> FindOrphansAsync(Dataset dataset, OrphanMeasure measure, Dataset parent, int limit, CancellationToken ct);
}

/// <summary>A number that was measured.</summary>
/// <param name="Value">Rows, or what a query answered; null where <paramref name="Fault"/> says why not.</param>
/// <param name="Rows">The live rows of the table; 0 for a query.</param>
/// <param name="Fault">Why a query of the contract was not answered.</param>
public sealed record Measured(decimal? Value, long Rows, CdcSyncException? Fault = null);

/// <summary>Rows without a parent.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Missing">The parents they name and how many rows name each, in the order of the parents' keys, at most as many as were asked for.</param>
/// <param name="CompleteUpTo">The source's time up to which the rows are complete; null = not known.</param>
/// <param name="ParentCompleteUpTo">The same of the parents.</param>
public sealed record Orphans(long Rows, IReadOnlyDictionary<string, long> Missing, DateTimeOffset? CompleteUpTo, DateTimeOffset? ParentCompleteUpTo)
{
    /// <summary>The parents that are told apart, as they are remembered.</summary>
    public const int Limit = 1_000;

    /// <summary>The same where a filter leaves parents out: they are looked up in the source, and few of them remembered.</summary>
    public const int LookupLimit = 100_000;

    /// <summary>How many parents of a dataset are told apart.</summary>
    public static int LimitOf(Dataset parent) => parent.Filter is null ? Limit : LookupLimit;
}
