using System.Buffers.Binary;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// Where a row lies: a number that both sides compute from its key. A key that is one integer is its own place, so that a part is a range of an index, and so is one date or instant where both sides can look it up so; any other
/// key's place is the first half of its hash, so that parts are of one size whatever the collation. A part is all places with the same leading bits.
/// </summary>
/// <param name="IsOrdered">True where the place is the key.</param>
public sealed record Places(bool IsOrdered)
{
    /// <summary>Bits of a place.</summary>
    public const int Bits = 64;

    // Count of columns, type, length: then the number itself, of 4 bytes (a date) or 8.
    private const int FirstValue = 12;

    /// <summary>True where the key is a date (its place are its days since 2000) or a timestamp (its microseconds since 2000).</summary>
    public bool IsTime { get; init; }

    /// <summary>The ordered places of a dataset whose key is one date or timestamp; null = it is another.</summary>
    /// <param name="dataset">A dataset with a key.</param>
    public static Places? OfTime(Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return dataset.Key is [{ TargetType: Date32Type or TimestampType { Unit: not TimeUnit.Nanosecond } }] ? new Places(true) { IsTime = true } : null;
    }

    /// <summary>The places of a dataset's rows.</summary>
    /// <param name="dataset">A dataset with a key.</param>
    public static Places Of(Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return new Places(dataset.Key is [{ TargetType: Int8Type or UInt8Type or Int16Type or UInt16Type or Int32Type or UInt32Type or Int64Type }]);
    }

    /// <summary>The place of a row with this key.</summary>
    /// <param name="key">Canonical bytes; of a key that could not be read the place is 0.</param>
    public long Of(ReadOnlySpan<byte> key) => !IsOrdered ? RowHash.Of(key).High : (key.Length - FirstValue) switch
    {
        sizeof(long) => BinaryPrimitives.ReadInt64BigEndian(key[FirstValue..]),
        sizeof(int) => BinaryPrimitives.ReadInt32BigEndian(key[FirstValue..]),
        _ => 0,
    };
}

/// <summary>The places whose bits above <paramref name="Shift"/> are <paramref name="Prefix"/>.</summary>
/// <param name="Prefix">A place shifted right, its sign kept.</param>
/// <param name="Shift">How many bits are free, 0 to 63.</param>
public readonly record struct Part(long Prefix, int Shift)
{
    /// <summary>The lowest place in it.</summary>
    public long First => Prefix << Shift;

    /// <summary>The highest place in it.</summary>
    public long Last => First + ((1L << Shift) - 1);

    /// <summary>True if a place is in it.</summary>
    public bool Holds(long place) => place >> Shift == Prefix;
}

/// <summary>Ordered places from one to another, both included.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last.</param>
public readonly record struct PlaceSpan(long First, long Last)
{
    /// <summary>What has to be read of some parts, and of the scope's range: parts that touch are one span.</summary>
    /// <param name="scope">Of what.</param>
    /// <param name="parts">The parts; null = all.</param>
    /// <returns>Null = all rows, as places without an order can't be looked up.</returns>
    public static IReadOnlyList<PlaceSpan>? Of(DigestScope scope, IReadOnlyList<Part>? parts)
    {
        ArgumentNullException.ThrowIfNull(scope);
        if (!scope.Places.IsOrdered)
            return null;
        var within = scope.Range?.PlacesOf(scope);
        if (parts is null)
            return within is { } all ? [new PlaceSpan(all.First, all.Last)] : null;
        var (first, last) = within ?? (long.MinValue, long.MaxValue);
        return [.. Joined(parts).Select(s => new PlaceSpan(Math.Max(s.First, first), Math.Min(s.Last, last))).Where(s => s.First <= s.Last)];
    }

    private static IEnumerable<PlaceSpan> Joined(IReadOnlyList<Part> parts)
    {
        PlaceSpan? open = null;
        foreach (var part in parts.OrderBy(p => p.First))
        {
            if (open is { } span && span.Last + 1 == part.First)
            {
                open = span with { Last = part.Last };
                continue;
            }

            if (open is { } done)
                yield return done;
            open = new PlaceSpan(part.First, part.Last);
        }

        if (open is { } last)
            yield return last;
    }
}
