using System.Security.Cryptography;
using CdcSync.Arrow;

namespace CdcSync.Core.Shaping;

/// <summary>What happens to the values of one column.</summary>
internal abstract class ColumnShape
{
    /// <summary>Shapes a column. Blank rows are null afterwards, and nothing of them is left beneath.</summary>
    internal abstract ArrowArray Apply(ArrowArray source, ReadOnlySpan<byte> blank, Action<int> misfits);

    /// <summary>The reason of a misfit's fault; holds types, never values.</summary>
    internal virtual string Misfit => "";
}

/// <summary>The values as they are, without a copy where no row has to be blanked.</summary>
internal sealed class PassShape : ColumnShape
{
    internal override ArrowArray Apply(ArrowArray source, ReadOnlySpan<byte> blank, Action<int> misfits) => blank.IsEmpty ? source : Wipe.Rows(source, blank);
}

/// <summary>The values under another type.</summary>
internal sealed class CastShape(ColumnCast cast, ArrowType from, ArrowType to) : ColumnShape
{
    internal override string Misfit { get; } = $"found {from} that does not fit, expected {to}";

    internal override ArrowArray Apply(ArrowArray source, ReadOnlySpan<byte> blank, Action<int> misfits) => cast.Apply(source, RowBits.Live(source, blank), misfits);
}

/// <summary>The HMAC-SHA-256 of the values as 64 lower-case hex digits: of text its UTF-8, of bytes themselves, of all else the canonical text.</summary>
/// <param name="key">The secret.</param>
/// <param name="toText">Makes text of the source's type; null where it is text or bytes already.</param>
internal sealed class MaskShape(byte[] key, ColumnCast? toText) : ColumnShape
{
    internal override ArrowArray Apply(ArrowArray source, ReadOnlySpan<byte> blank, Action<int> misfits)
    {
        var live = RowBits.Live(source, blank);
        return (toText?.Apply(source, live, misfits) ?? source) switch
        {
            VarLengthArray bytes => Digest(bytes.Length, live.Span, bytes.GetBytes),
            FixedSizeBinaryArray bytes => Digest(bytes.Length, live.Span, bytes.GetBytes),
            var other => throw new InvalidOperationException($"no mask for {other.Type}"),
        };
    }

    private delegate ReadOnlySpan<byte> BytesOfRow(int row);

    private ArrowArray Digest(int rows, ReadOnlySpan<byte> live, BytesOfRow bytesOf)
    {
        var builder = new VarLengthBuilder(StringType.Default, rows);
        // One for all rows: making the keyed state anew for each would cost more than the hash itself.
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<char> hex = stackalloc char[2 * HMACSHA256.HashSizeInBytes];
        for (var i = 0; i < rows; i++)
        {
            if (!RowBits.Has(live, i))
            {
                builder.AppendNull();
                continue;
            }
            hmac.AppendData(bytesOf(i));
            hmac.GetHashAndReset(digest);
            Convert.TryToHexStringLower(digest, hex, out _);
            builder.Append(hex);
        }
        return builder.Build();
    }
}
