using CdcSync.Core.Datasets;
using CdcSync.Core.Gates;

namespace CdcSync.Core.Reconciliation;

/// <summary>Counts what judges found, for the report.</summary>
internal sealed class Tally(Dataset dataset, Narrowed narrowed, DigestScope scope)
{
    private const int MapParts = 64;
    private readonly KeyCodec _codec = new(dataset);
    private readonly List<DriftedKey> _keys = [];
    private readonly long[] _map = new long[Math.Clamp(narrowed.Prefixes.Count, 1, MapParts)];
    private readonly long[] _prefixes = [.. narrowed.Prefixes];
    private DriftCounts _found, _repaired;
    private long _explained, _travelled = narrowed.Travelled;

    /// <summary>Counts one judgement.</summary>
    public void Add(Verdicts verdicts, bool isRepaired)
    {
        _explained += verdicts.Explained;
        _travelled += verdicts.Travelled;
        foreach (var (key, drift) in verdicts.Drift)
        {
            _found = _found.With(drift.Kind);
            if (isRepaired)
                _repaired = _repaired.With(drift.Kind);
            _map[PlaceOnMap(key)]++;
        }

        var named = verdicts.Drift.Take(ReconcileReport.NamedKeys - _keys.Count).ToArray();
        var texts = QuarantineKeys.Of(dataset, _codec.DecodeRows([.. named.Select(n => n.Key)]));
        _keys.AddRange(named.Zip(texts, (n, text) => new DriftedKey(text, n.Value.Kind, isRepaired)));
    }

    public ReconcileReport Report(Guid id, ReconcileRequest request, DateTimeOffset startedAt, DateTimeOffset finishedAt, long inFlight, long explained) => new()
    {
        Id = id,
        Dataset = dataset.Id,
        Request = request,
        StartedAt = startedAt,
        FinishedAt = finishedAt,
        SourceRows = narrowed.SourceRows,
        TargetRows = narrowed.TargetRows,
        SoftDeleted = narrowed.SoftDeleted,
        Explained = Math.Max(_explained, explained),
        InFlight = inFlight,
        Found = _found,
        Repaired = _repaired,
        RowsTravelled = _travelled,
        IsCut = narrowed.IsCut,
        Keys = _keys,
        Map = _map,
    };

    private int PlaceOnMap(CanonicalKey key)
    {
        if (_prefixes.Length == 0)
            return 0;
        var at = Array.BinarySearch(_prefixes, scope.Places.Of(key.Bytes) >> narrowed.Shift);
        return (int)((long)Math.Clamp(at < 0 ? ~at : at, 0, _prefixes.Length - 1) * _map.Length / _prefixes.Length);
    }
}
