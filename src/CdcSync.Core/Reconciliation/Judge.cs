using CdcSync.Arrow;
using CdcSync.Core.Checkpoints;
using CdcSync.Core.Errors;
using CdcSync.Core.Sync;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// Decides of keys that differed once whether they really do, while sync may go on. It reads the checkpoint, then the target's rows, then the source's rows, then which
/// keys changed in the source after that checkpoint. A key that is not among those had one and the same row from the checkpoint until it was read on both sides: it
/// must be equal, or is drift. One that is among them is in flight, and judged again when the target has passed that change (ADR 73).
/// </summary>
internal sealed class Judge(EngineContext engine, Lane lane, SourceSide source, IDigestReader target, DigestScope scope)
{
    private readonly KeyCodec _codec = new(lane.Dataset);

    /// <summary>Judges keys.</summary>
    /// <param name="keys">So many that their rows can be held in memory.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Verdicts> JudgeAsync(IReadOnlyCollection<CanonicalKey> keys, CancellationToken ct)
    {
        var asked = keys.ToHashSet();
        var columns = _codec.Decode(asked);
        var at = await LoadedCheckpoint.ReadAsync(engine, lane, ct);
        var found = await FoundAsync(columns, ct);
        var expected = await ExpectedAsync(columns, asked, ct);
        var (changed, sourceTime) = await ChangedAfterAsync(engine, lane, source, at, ct);
        return Compare(at, asked, found, expected, changed) with { SourceTime = sourceTime };
    }

    /// <summary>The keys that changed after a checkpoint; null = the source can't tell. It can't either if whoever syncs the dataset has moved on meanwhile and has told it so: it may have forgotten what lies before.</summary>
    public static async Task<(IReadOnlySet<CanonicalKey>? Keys, DateTimeOffset SourceTime)> ChangedAfterAsync(EngineContext engine, Lane lane, SourceSide source, Checkpoint at, CancellationToken ct)
    {
        try
        {
            return await source.ChangedAfterAsync(at, ct);
        }
        catch (CdcSyncException forgotten) when (forgotten.Code == ErrorCodes.ChangesExpired)
        {
            if ((await LoadedCheckpoint.ReadAsync(engine, lane, ct)).Stream == at.Stream)
                throw;
            return (null, default);
        }
    }

    private async Task<Dictionary<CanonicalKey, RowHash>> FoundAsync(RecordBatch keys, CancellationToken ct)
    {
        var found = new Dictionary<CanonicalKey, RowHash>();
        await foreach (var row in target.FindAsync(scope, keys, ct))
            found[row.Key] = row.Hash;
        return found;
    }

    private async Task<Expectation> ExpectedAsync(RecordBatch keys, HashSet<CanonicalKey> asked, CancellationToken ct)
    {
        var expected = new Expectation();
        await foreach (var part in source.ExpectAsync(keys, ct))
        {
            expected.Filtered.UnionWith(part.Filtered);
            expected.Rejected.UnionWith(part.Rejected);
            var (rowKeys, hashes) = (_codec.KeysOf(part.Accepted), new CanonicalRows(part.Accepted, scope.Columns));
            var mine = new List<int>();
            for (var row = 0; row < part.Accepted.Length; row++)
            {
                var key = rowKeys.Key(row);
                if (!asked.Contains(key))
                    continue;
                expected.Rows[key] = (hashes.Hash(row), expected.Batches.Count, mine.Count);
                mine.Add(row);
            }

            if (mine.Count > 0)
                expected.Batches.Add(part.Accepted.Take([.. mine]));
        }

        return expected;
    }

    private static Verdicts Compare(Checkpoint at, HashSet<CanonicalKey> asked, Dictionary<CanonicalKey, RowHash> found, Expectation expected, IReadOnlySet<CanonicalKey>? changed)
    {
        var (drift, inFlight, explained) = (new Dictionary<CanonicalKey, Drift>(), new List<CanonicalKey>(), 0L);
        foreach (var key in asked)
        {
            RowHash? there = found.TryGetValue(key, out var hash) ? hash : null;
            var isExpected = expected.Rows.TryGetValue(key, out var row);
            if (isExpected ? there == row.Hash : there is null)
                continue;
            if (changed?.Contains(key) != false)
                inFlight.Add(key);
            else if (!isExpected && expected.Rejected.Contains(key))
                explained++;
            else if (isExpected)
                drift[key] = new Drift(there is null ? Difference.Missing : Difference.Different, (row.Batch, row.Row), IsFiltered: false);
            else
                drift[key] = new Drift(Difference.Extra, null, expected.Filtered.Contains(key));
        }

        return new Verdicts(at, default, drift, expected.Batches, inFlight, explained, found.Count + expected.Rows.Count);
    }

    private sealed class Expectation
    {
        public Dictionary<CanonicalKey, (RowHash Hash, int Batch, int Row)> Rows { get; } = [];

        public List<RecordBatch> Batches { get; } = [];

        public HashSet<CanonicalKey> Filtered { get; } = [];

        public HashSet<CanonicalKey> Rejected { get; } = [];
    }
}

/// <summary>What was found of keys that had differed.</summary>
/// <param name="At">The checkpoint at which the target was read.</param>
/// <param name="SourceTime">The source's clock when it was read.</param>
/// <param name="Drift">The keys that differ, though nothing about them is in flight.</param>
/// <param name="Rows">The source's rows that those of them have, in the target's schema.</param>
/// <param name="InFlight">The keys that changed in the source after the checkpoint.</param>
/// <param name="Explained">Keys whose row a gate keeps out.</param>
/// <param name="Travelled">Rows that were read for it.</param>
internal sealed record Verdicts(Checkpoint At, DateTimeOffset SourceTime, IReadOnlyDictionary<CanonicalKey, Drift> Drift, IReadOnlyList<RecordBatch> Rows, IReadOnlyList<CanonicalKey> InFlight, long Explained, long Travelled);

/// <summary>A row that differs.</summary>
/// <param name="Kind">How.</param>
/// <param name="Row">Where the source's row is among those of the verdicts; null = the source has none.</param>
/// <param name="IsFiltered">True if the source has a row, and the filter keeps it out.</param>
internal sealed record Drift(Difference Kind, (int Batch, int Row)? Row, bool IsFiltered);
