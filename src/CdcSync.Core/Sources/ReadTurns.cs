using CdcSync.Core.Datasets;

namespace CdcSync.Core.Sources;

/// <summary>Who read when, so that one long dataset does not keep the others from their turn in sessions that grow too old.</summary>
public sealed class ReadTurns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DatasetId, long> _took = [];
    private long _turn;

    /// <summary>Those that waited longest first.</summary>
    /// <param name="datasets">The datasets to read.</param>
    public IReadOnlyList<DatasetId> InTurn(IEnumerable<DatasetId> datasets)
    {
        lock (_lock) return [.. datasets.OrderBy(d => _took.GetValueOrDefault(d))];
    }

    /// <summary>A dataset had its turn.</summary>
    /// <param name="dataset">The dataset.</param>
    public void Took(DatasetId dataset)
    {
        lock (_lock) _took[dataset] = ++_turn;
    }
}
