using CdcSync.Core.Batches;
using CdcSync.Core.Gates;
using CdcSync.Core.Gates.Isolation;
using CdcSync.Core.Landing;

namespace CdcSync.Core.Sync;

/// <summary>
/// A batch's rows once more, out of its landing file, by their ordinals: those that the gates accept, counted from 0. So that some of them can be left out.
/// </summary>
internal sealed class RefusedRows
{
    private readonly Lane _lane;
    private readonly LandingFile _file;
    // The first ordinal of each chunk, and the end of the last.
    private readonly long[] _starts;
    private IReadOnlyDictionary<long, Refusal> _refused = new Dictionary<long, Refusal>();

    /// <summary>Counts them.</summary>
    public RefusedRows(Lane lane, LandingFile file, CancellationToken ct)
    {
        _lane = lane;
        _file = file;
        _starts = [0, .. Sums(file.ReadAgain(_ => true, ct).Select(c => Gated(c.Chunk).Accepted.Length))];
    }

    /// <summary>All of them.</summary>
    public long Count => _starts[^1];

    /// <summary>Leaves rows out from now on.</summary>
    public void Refuse(IEnumerable<RefusedRow> rows) => _refused = rows.ToDictionary(r => r.Row, r => r.Refusal);

    /// <summary>The chunks that hold some rows, and only those.</summary>
    public IEnumerable<ChangeChunk> Only(RowSet rows, CancellationToken ct)
    {
        foreach (var (number, chunk) in _file.ReadAgain(i => rows.Slice(_starts[i], _starts[i + 1]).Count > 0, ct))
        {
            var wanted = rows.Slice(_starts[number], _starts[number + 1]);
            var (accepted, _) = Gated(chunk);
            yield return wanted.Count == accepted.Length ? accepted : GateSplit.Only(accepted, [.. wanted.Ordinals().Select(row => (int)row)]);
        }
    }

    /// <summary>All chunks, what is refused parted from the rest. An entry goes again where a newer version of its row follows.</summary>
    public IEnumerable<(ChangeChunk Accepted, IReadOnlyList<QuarantinedRow> Rejected, IReadOnlySet<string> Superseded)> Parted(CancellationToken ct)
    {
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (number, chunk) in _file.ReadAgain(_ => true, ct))
        {
            var (passed, rejected) = Gated(chunk);
            var refused = _refused.Where(r => r.Key >= _starts[number] && r.Key < _starts[number + 1]).ToDictionary(r => r.Key - _starts[number], r => r.Value);
            var (accepted, isolated) = refused.Count == 0 ? (passed, []) : GateSplit.Apply(_lane.Dataset, passed, [new RefusedRowGate(refused)]);
            yield return (accepted, [.. rejected, .. isolated], Newer(passed, refused, kept));
        }
    }

    /// <summary>The keys of refused rows, of this chunk or one before, of which a later row of this chunk was not refused.</summary>
    private HashSet<string> Newer(ChangeChunk passed, Dictionary<long, Refusal> refused, HashSet<string> kept)
    {
        var newer = new HashSet<string>(StringComparer.Ordinal);
        if (_lane.Dataset.TargetKey.Count == 0 || (kept.Count == 0 && refused.Count == 0)) return newer;
        var row = 0L;
        foreach (var key in QuarantineKeys.Of(_lane.Dataset, passed.Rows))
        {
            if (refused.ContainsKey(row++))
            {
                kept.Add(key);
                newer.Remove(key);
            }
            else if (kept.Remove(key))
            {
                newer.Add(key);
            }
        }
        return newer;
    }

    private (ChangeChunk Accepted, IReadOnlyList<QuarantinedRow> Rejected) Gated(ChangeChunk chunk) => GateSplit.Apply(_lane.Dataset, chunk, _lane.RowGates);

    private static IEnumerable<long> Sums(IEnumerable<int> counts)
    {
        var sum = 0L;
        foreach (var count in counts) yield return sum += count;
    }
}
