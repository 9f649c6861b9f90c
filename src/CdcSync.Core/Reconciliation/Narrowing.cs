using System.Numerics;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// Finds the keys that differ: compares digests of about a thousand parts, splits those that differ, and so on, until parts are so small that the keys and hashes
/// of their rows may travel.
/// </summary>
internal sealed class Narrowing(DigestScope scope, IDigestReader source, IDigestReader target, NarrowingLimits limits)
{
    private readonly Dictionary<CanonicalKey, Difference> _found = [];
    private long _travelled;

    public async Task<Narrowed> RunAsync(CancellationToken ct)
    {
        var (sourceSurvey, targetSurvey) = await BothAsync(source.SurveyAsync(scope, ct), target.SurveyAsync(scope, ct));
        var shift = FirstShift(sourceSurvey, targetSurvey);
        var (sourceDigests, targetDigests) = await BothAsync(source.DigestAsync(scope, null, shift, ct), target.DigestAsync(scope, null, shift, ct));
        var counts = (Source: sourceDigests.Values.Sum(d => d.Rows), Target: targetDigests.Values.Sum(d => d.Rows));
        var map = Differing(sourceDigests, targetDigests, shift, limits.EveryRow);
        await SplitAsync(map, ct);
        return new Narrowed(counts.Source, counts.Target, targetSurvey.SoftDeleted, _travelled, _found, _found.Count >= limits.Keys, shift, [.. sourceDigests.Keys.Union(targetDigests.Keys).Order()]);
    }

    private async Task SplitAsync(List<DifferingPart> parts, CancellationToken ct)
    {
        while (parts.Count > 0 && _found.Count < limits.Keys)
        {
            var isEnough = limits.EveryRow || parts.Count > limits.Parts;
            var small = parts.Where(p => isEnough || p.Rows <= limits.LeafRows || p.Part.Shift == 0).ToList();
            await CompareRowsAsync(small, ct);
            var large = parts.Except(small).ToList();
            if (large.Count == 0 || _found.Count >= limits.Keys)
                return;
            var shift = Math.Max(0, large[0].Part.Shift - Fan(large));
            Part[] asked = [.. large.Select(p => p.Part)];
            var (sourceDigests, targetDigests) = await BothAsync(source.DigestAsync(scope, asked, shift, ct), target.DigestAsync(scope, asked, shift, ct));
            parts = Differing(sourceDigests, targetDigests, shift, everyRow: false);
        }
    }

    /// <summary>Keys and hashes of the rows of small parts, some parts at a time so that memory is bounded.</summary>
    private async Task CompareRowsAsync(List<DifferingPart> parts, CancellationToken ct)
    {
        var batch = new List<Part>();
        var rows = 0L;
        foreach (var part in parts)
        {
            if (_found.Count >= limits.Keys)
                return;
            batch.Add(part.Part);
            rows += part.Rows;
            if (rows < limits.RowsAtATime && part != parts[^1])
                continue;
            await CompareRowsAsync(batch, ct);
            batch.Clear();
            rows = 0;
        }
    }

    private async Task CompareRowsAsync(IReadOnlyList<Part> parts, CancellationToken ct)
    {
        var (expected, found) = await BothAsync(ReadAsync(source, parts, ct), ReadAsync(target, parts, ct));
        _travelled += expected.Count + found.Count;
        foreach (var (key, hash) in expected)
        {
            if (!found.Remove(key, out var other))
                _found[key] = Difference.Missing;
            else if (other != hash)
                _found[key] = Difference.Different;
        }

        foreach (var key in found.Keys)
            _found[key] = Difference.Extra;
    }

    private async ValueTask<Dictionary<CanonicalKey, RowHash>> ReadAsync(IDigestReader side, IReadOnlyList<Part> parts, CancellationToken ct)
    {
        var rows = new Dictionary<CanonicalKey, RowHash>();
        await foreach (var row in side.RowsAsync(scope, parts, ct))
            rows[row.Key] = row.Hash;
        return rows;
    }

    private static List<DifferingPart> Differing(IReadOnlyDictionary<long, PartDigest> source, IReadOnlyDictionary<long, PartDigest> target, int shift, bool everyRow) =>
        [.. source.Keys.Union(target.Keys).Order()
            .Where(prefix => everyRow || source.GetValueOrDefault(prefix) != target.GetValueOrDefault(prefix))
            .Select(prefix => new DifferingPart(new Part(prefix, shift), Math.Max(source.GetValueOrDefault(prefix).Rows, target.GetValueOrDefault(prefix).Rows)))];

    /// <summary>Ordered places are cut between the first row and the last; hashes are everywhere.</summary>
    private int FirstShift(Survey source, Survey target)
    {
        if (!scope.Places.IsOrdered)
            return Places.Bits - limits.FirstBits;
        var (from, to) = scope.Range?.PlacesOf(scope) ?? (long.MinValue, long.MaxValue);
        var (first, last) = (Math.Max(from, Least(source.First, target.First) ?? long.MinValue), Math.Min(to, Most(source.Last, target.Last) ?? long.MaxValue));
        var shift = 0;
        while (((Int128)(last >> shift)) - (first >> shift) >= 1 << limits.FirstBits)
            shift++;
        return shift;
    }

    // A side that does not know its places may have rows anywhere.
    private static long? Least(long? one, long? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;

    private static long? Most(long? one, long? other) => one is { } a && other is { } b ? Math.Max(a, b) : one ?? other;

    /// <summary>So many bits that the largest part falls into leaves, as far as the number of digests stays bounded.</summary>
    private int Fan(List<DifferingPart> parts)
    {
        var wanted = BitOperations.Log2((ulong)Math.Max(1, parts.Max(p => p.Rows) / limits.LeafRows)) + 1;
        var room = BitOperations.Log2((ulong)Math.Max(2, limits.Digests / parts.Count));
        return Math.Clamp(wanted, 1, Math.Min(room, limits.FanBits));
    }

    private static async Task<(T Source, T Target)> BothAsync<T>(ValueTask<T> source, ValueTask<T> target)
    {
        var (one, other) = (source.AsTask(), target.AsTask());
        await Task.WhenAll(one, other);
        return (await one, await other);
    }

    private sealed record DifferingPart(Part Part, long Rows);
}

/// <summary>How far parts are split, and what may travel.</summary>
internal sealed record NarrowingLimits
{
    /// <summary>At first 2 to the power of this many parts.</summary>
    public int FirstBits { get; init; } = 10;

    /// <summary>A part is split into at most 2 to the power of this many.</summary>
    public int FanBits { get; init; } = 8;

    /// <summary>The rows of a part with so few of them travel.</summary>
    public long LeafRows { get; init; } = 4;

    /// <summary>Digests of one round at most.</summary>
    public int Digests { get; init; } = 1 << 17;

    /// <summary>Above so many differing parts, splitting would cost more than it spares.</summary>
    public int Parts { get; init; } = 50_000;

    /// <summary>Rows held at a time.</summary>
    public long RowsAtATime { get; init; } = 20_000;

    /// <summary>Keys found at most; then it is time for a resync.</summary>
    public int Keys { get; init; } = 100_000;

    /// <summary>True if key and hash of every row travel, whatever the digests say.</summary>
    public bool EveryRow { get; init; }
}

/// <summary>How a key differs.</summary>
public enum Difference
{
    /// <summary>In the source, not in the target.</summary>
    Missing,

    /// <summary>In both, with other values.</summary>
    Different,

    /// <summary>In the target, not in the source.</summary>
    Extra,
}

/// <summary>What the digests led to.</summary>
/// <param name="SourceRows">Rows of the source that belong into the target.</param>
/// <param name="TargetRows">Rows of the target.</param>
/// <param name="SoftDeleted">Rows of the target that are marked as deleted.</param>
/// <param name="Travelled">Rows whose key and hash left a side.</param>
/// <param name="Keys">The keys that differed when they were read; what is in flight is still among them.</param>
/// <param name="IsCut">True if there are more keys than are looked at.</param>
/// <param name="Shift">The size of the first parts.</param>
/// <param name="Prefixes">The first parts that have rows.</param>
internal sealed record Narrowed(long SourceRows, long TargetRows, long SoftDeleted, long Travelled, IReadOnlyDictionary<CanonicalKey, Difference> Keys, bool IsCut, int Shift, IReadOnlyList<long> Prefixes);
