namespace CdcSync.Core.Gates.Isolation;

/// <summary>Rows of a batch by their ordinals, as ranges <c>[From, To)</c>: ascending, apart from each other. Immutable.</summary>
public sealed class RowSet
{
    private readonly (long From, long To)[] _ranges;

    private RowSet((long From, long To)[] ranges)
    {
        _ranges = ranges;
        Count = ranges.Sum(r => r.To - r.From);
    }

    /// <summary>No rows.</summary>
    public static RowSet None { get; } = new([]);

    /// <summary>How many rows it has.</summary>
    public long Count { get; }

    /// <summary>The rows from one ordinal to before another.</summary>
    public static RowSet Range(long from, long to) => from < to ? new([(from, to)]) : None;

    /// <summary>The rows of these ordinals.</summary>
    public static RowSet Of(IEnumerable<long> ordinals) => Joined(ordinals.Select(o => (o, o + 1)));

    /// <summary>The rows of both.</summary>
    public RowSet Union(RowSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Joined(_ranges.Concat(other._ranges));
    }

    /// <summary>The rows of this one that are not in the other.</summary>
    public RowSet Except(RowSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var left = new List<(long, long)>();
        foreach (var (from, to) in _ranges)
        {
            var next = from;
            foreach (var (gone, end) in other._ranges)
            {
                if (end <= next) continue;
                if (gone >= to) break;
                if (gone > next) left.Add((next, gone));
                next = end;
            }
            if (next < to) left.Add((next, to));
        }
        return new RowSet([.. left]);
    }

    /// <summary>The rows from one ordinal to before another, counted from there.</summary>
    public RowSet Slice(long from, long to) =>
        new([.. _ranges.Where(r => r.To > from && r.From < to).Select(r => (Math.Max(r.From, from) - from, Math.Min(r.To, to) - from))]);

    /// <summary>The first half, and the rest.</summary>
    public (RowSet, RowSet) Halves()
    {
        var (first, rest, missing) = (new List<(long, long)>(), new List<(long, long)>(), (Count + 1) / 2);
        foreach (var (from, to) in _ranges)
        {
            var middle = Math.Min(to, from + missing);
            if (middle > from) first.Add((from, middle));
            if (middle < to) rest.Add((middle, to));
            missing -= middle - from;
        }
        return (new([.. first]), new([.. rest]));
    }

    /// <summary>The ordinals, ascending.</summary>
    public IEnumerable<long> Ordinals()
    {
        foreach (var (from, to) in _ranges)
            for (var row = from; row < to; row++) yield return row;
    }

    private static RowSet Joined(IEnumerable<(long From, long To)> ranges)
    {
        var joined = new List<(long From, long To)>();
        foreach (var range in ranges.OrderBy(r => r.From))
        {
            if (joined.Count > 0 && range.From <= joined[^1].To) joined[^1] = (joined[^1].From, Math.Max(joined[^1].To, range.To));
            else joined.Add(range);
        }
        return new([.. joined]);
    }
}
