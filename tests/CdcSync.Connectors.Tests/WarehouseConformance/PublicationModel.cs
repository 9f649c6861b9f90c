using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Warehouses;
using FsCheck;
using FsCheck.Fluent;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <summary>What a publication does, told by a dictionary: a row per key, with its text as tests compare it and whether it is marked as deleted.</summary>
internal sealed class PublicationModel(DeleteMode deletes)
{
    private readonly Dictionary<long, (string Line, bool IsDeleted)> _rows = [];

    public IReadOnlyList<string> Live => [.. _rows.Values.Where(r => !r.IsDeleted).Select(r => r.Line).Order(StringComparer.Ordinal)];

    public IReadOnlyList<string> Deleted => [.. _rows.Values.Where(r => r.IsDeleted).Select(r => r.Line).Order(StringComparer.Ordinal)];

    public MergeStats Publish(PublishMode mode, IReadOnlyList<Change> changes)
    {
        var folded = changes.GroupBy(c => (long)c.Values[0]!).ToDictionary(g => g.Key, g => g.Last());
        long erased = 0, deleted = 0;
        foreach (var (key, _) in folded.Where(f => f.Value.Kind == ChangeKind.Erase)) erased += _rows.Remove(key) ? 1 : 0;
        var gone = mode == PublishMode.Difference
            ? _rows.Keys.Where(key => !folded.TryGetValue(key, out var change) || change.Kind == ChangeKind.Delete).ToList()
            : [.. folded.Where(f => f.Value.Kind == ChangeKind.Delete).Select(f => f.Key)];
        foreach (var key in gone) deleted += Delete(key) ? 1 : 0;
        var (inserted, updated) = (0, 0);
        foreach (var (key, change) in folded.Where(f => f.Value.Kind == ChangeKind.Upsert))
        {
            var row = (Line: $"{key}|{change.Values[1] ?? "∅"}|{(change.Values[2] is long amount ? Canonical.Decimal(amount, 2) : "∅")}", IsDeleted: false);
            if (!_rows.TryGetValue(key, out var old)) inserted++;
            else if (old != row) updated++;
            _rows[key] = row;
        }
        return new MergeStats(inserted, updated, deleted, erased);
    }

    private bool Delete(long key)
    {
        if (deletes == DeleteMode.Hard) return _rows.Remove(key);
        if (_rows.TryGetValue(key, out var row) && row.IsDeleted) return false;
        _rows[key] = (row.Line ?? $"{key}|∅|∅", true);
        return true;
    }
}

/// <summary>What happens to a publication of the model.</summary>
internal enum Fate
{
    Published,
    Abandoned,
    Superseded,
}

internal sealed record ModelStep(Fate Fate, PublishMode Mode, IReadOnlyList<Change> Changes)
{
    /// <summary>Sequences of publications over a few keys, so that they meet.</summary>
    public static Arbitrary<ModelStep[]> Sequences { get; } = Arb.From(Steps(), Shrink);

    public override string ToString() => $"{Fate} {Mode} [{string.Join("; ", Changes.Select(c => $"{c.Kind} {string.Join(',', c.Values.Select(v => v ?? "∅"))}"))}]";

    private static Gen<ModelStep[]> Steps()
    {
        var key = Gen.Choose(0, 6).Select(k => (object?)(long)k);
        var name = Gen.Elements<object?>(null, "", "a", "b");
        var amount = Gen.Elements<object?>(null, 0L, 1L, -150L);
        var upsert = from k in key from n in name from a in amount select Change.Upsert(k, n, a);
        var change = Gen.Frequency((5, upsert), (2, key.Select(k => Change.Delete(k))), (1, key.Select(k => Change.Erase(k))));
        var step =
            from fate in Gen.Frequency((8, Gen.Constant(Fate.Published)), (1, Gen.Constant(Fate.Abandoned)), (1, Gen.Constant(Fate.Superseded)))
            from mode in Gen.Frequency((4, Gen.Constant(PublishMode.Merge)), (1, Gen.Constant(PublishMode.Difference)))
            from changes in Gen.ListOf(change).Resize(10)
            select new ModelStep(fate, mode, [.. changes]);
        return Gen.ArrayOf(step).Resize(12);
    }

    private static IEnumerable<ModelStep[]> Shrink(ModelStep[] steps)
    {
        for (var i = 0; i < steps.Length; i++) yield return [.. steps[..i], .. steps[(i + 1)..]];
        for (var i = 0; i < steps.Length; i++)
        {
            for (var j = 0; j < steps[i].Changes.Count; j++)
                yield return [.. steps[..i], steps[i] with { Changes = [.. steps[i].Changes.Where((_, at) => at != j)] }, .. steps[(i + 1)..]];
        }
    }
}
