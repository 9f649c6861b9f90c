using System.Buffers.Binary;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Reconciliation;

/// <summary>
/// Where a row lies: a number that both sides compute from its key. A key that is one integer is its own place, so that a part is a range of an index; any other
/// key's place is the first half of its hash, so that parts are of one size whatever the collation. A part is all places with the same leading bits.
/// </summary>
/// <param name="IsOrdered">True where the place is the key.</param>
public sealed record Places(bool IsOrdered)
{
    /// <summary>Bits of a place.</summary>
    public const int Bits = 64;

    // Count of columns, type, length: then the number itself.
    private const int FirstValue = 12;

    /// <summary>The places of a dataset's rows.</summary>
    /// <param name="dataset">A dataset with a key.</param>
    public static Places Of(Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return new Places(dataset.Key is [{ TargetType: Int8Type or UInt8Type or Int16Type or UInt16Type or Int32Type or UInt32Type or Int64Type }]);
    }

    /// <summary>The place of a row with this key.</summary>
    /// <param name="key">Canonical bytes; of a key that could not be read the place is 0.</param>
    public long Of(ReadOnlySpan<byte> key) => !IsOrdered ? RowHash.Of(key).High : key.Length > FirstValue ? BinaryPrimitives.ReadInt64BigEndian(key[FirstValue..]) : 0;
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
