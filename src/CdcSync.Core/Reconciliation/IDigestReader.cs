using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// One side of a comparison: computes digests where its rows are, and hands over keys and hashes of few rows. Only rows that a reader of the target would see
/// count: those marked by a soft delete do not.
/// </summary>
public interface IDigestReader
{
    /// <summary>True if it can look rows up by the places of <see cref="Places.OfTime"/>.</summary>
    bool OrdersTimes => false;

    /// <summary>The places of the first and the last row, and what is left out.</summary>
    ValueTask<Survey> SurveyAsync(DigestScope scope, CancellationToken ct);

    /// <summary>Digests of parts: the rows of <paramref name="parts"/>, grouped by their place shifted right.</summary>
    /// <param name="scope">Of what.</param>
    /// <param name="parts">Which rows: those of parts of one size; null = all.</param>
    /// <param name="shift">How far the places are shifted.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>By prefix; a part without rows is absent.</returns>
    ValueTask<IReadOnlyDictionary<long, PartDigest>> DigestAsync(DigestScope scope, IReadOnlyList<Part>? parts, int shift, CancellationToken ct);

    /// <summary>Key and hash of every row of some parts.</summary>
    IAsyncEnumerable<RowDigest> RowsAsync(DigestScope scope, IReadOnlyList<Part> parts, CancellationToken ct);

    /// <summary>Key and hash of the rows with these keys.</summary>
    /// <param name="scope">Of what.</param>
    /// <param name="keys">Key columns alone, as <see cref="KeyCodec.Decode"/> makes them.</param>
    /// <param name="ct">Cancels.</param>
    IAsyncEnumerable<RowDigest> FindAsync(DigestScope scope, RecordBatch keys, CancellationToken ct);
}

/// <summary>What is hashed.</summary>
/// <param name="Dataset">A dataset with a key.</param>
/// <param name="Columns">Which of its target columns, by their index in the target schema, in this order.</param>
/// <param name="Places">How its rows are parted.</param>
public sealed record DigestScope(Dataset Dataset, IReadOnlyList<int> Columns, Places Places)
{
    /// <summary>Only rows of this range; null = all.</summary>
    public RowRange? Range { get; init; }

    /// <summary>With dates and timestamps as ordered places, where both sides know how.</summary>
    public DigestScope For(IDigestReader source, IDigestReader target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        return source.OrdersTimes && target.OrdersTimes && Places.OfTime(Dataset) is { } times ? this with { Places = times } : this;
    }

    /// <summary>All columns.</summary>
    public static DigestScope Rows(Dataset dataset) => new(dataset, [.. Enumerable.Range(0, dataset.TargetSchema.Fields.Count)], Places.Of(dataset));

    /// <summary>The key alone: finds rows that are missing or extra.</summary>
    public static DigestScope Keys(Dataset dataset) => new(dataset, dataset.TargetKey, Places.Of(dataset));
}

/// <summary>What a side looks like from afar.</summary>
/// <param name="First">The lowest place, rows marked as deleted among them; null = no rows, or places that are hashes.</param>
/// <param name="Last">The highest place.</param>
/// <param name="SoftDeleted">Rows that are marked as deleted, and left out.</param>
public readonly record struct Survey(long? First, long? Last, long SoftDeleted);
