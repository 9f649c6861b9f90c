using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CdcSync.Core.Reconciliation;

/// <summary>The MD5 of a row's canonical bytes, as two signed numbers of 64 bits, big-endian. Not a seal: two tables that nobody forged are compared.</summary>
/// <param name="High">The first 8 bytes.</param>
/// <param name="Low">The last 8 bytes.</param>
public readonly record struct RowHash(long High, long Low)
{
    /// <summary>The hash of canonical bytes.</summary>
    public static RowHash Of(ReadOnlySpan<byte> canonical)
    {
        Span<byte> hash = stackalloc byte[MD5.HashSizeInBytes];
#pragma warning disable CA5351 // All servers compute it in their own SQL; nobody gains from a collision.
        MD5.HashData(canonical, hash);
#pragma warning restore CA5351
        return From(hash);
    }

    /// <summary>The hash whose 16 bytes a server computed.</summary>
    public static RowHash From(ReadOnlySpan<byte> md5) => new(BinaryPrimitives.ReadInt64BigEndian(md5), BinaryPrimitives.ReadInt64BigEndian(md5[8..]));
}

/// <summary>A key in canonical bytes: equal where all parts are.</summary>
public sealed class CanonicalKey(byte[] bytes) : IEquatable<CanonicalKey>
{
    /// <summary>The bytes, as <see cref="CanonicalRows"/> writes them.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <inheritdoc/>
    public bool Equals(CanonicalKey? other) => other is not null && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CanonicalKey);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }
}

/// <summary>A row as it travels: its key, and the hash of all its values.</summary>
/// <param name="Key">The key.</param>
/// <param name="Hash">The hash.</param>
public readonly record struct RowDigest(CanonicalKey Key, RowHash Hash);

/// <summary>The rows of a part: how many, and the sum of their hashes, which has no order and is not zero for a row that is there twice.</summary>
/// <param name="Rows">The number of rows.</param>
/// <param name="High">The sum of <see cref="RowHash.High"/>; 10¹² rows need 104 bits of it.</param>
/// <param name="Low">The sum of <see cref="RowHash.Low"/>.</param>
public readonly record struct PartDigest(long Rows, Int128 High, Int128 Low)
{
    /// <summary>With one more row.</summary>
    public PartDigest With(RowHash row) => new(Rows + 1, High + row.High, Low + row.Low);
}
