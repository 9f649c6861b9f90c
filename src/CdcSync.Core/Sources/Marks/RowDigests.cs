using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Sources.Marks;

/// <summary>Tells the rows of a dataset apart by their key and by all their values.</summary>
/// <param name="dataset">The dataset; rows have its source schema.</param>
public sealed class RowDigests(Dataset dataset)
{
    private readonly ArrayBufferWriter<byte> _bytes = new(1024);
    private readonly int[] _key = [.. dataset.Key.Select(k => dataset.SourceSchema.GetFieldIndex(k.Source))];

    /// <summary>Digests of a row's key and of the whole row: for one's own rows, where nobody gains from a collision.</summary>
    /// <param name="chunk">Its chunk. A value that could not be held is like a null.</param>
    /// <param name="row">Its index.</param>
    public (UInt128 Key, UInt128 Row) Of(ChangeChunk chunk, int row)
    {
        _bytes.ResetWrittenCount();
        foreach (var column in _key) Add(chunk.Rows.Column(column), row);
        var key = Digest();
        _bytes.ResetWrittenCount();
        for (var column = 0; column < chunk.Rows.ColumnCount; column++) Add(chunk.Rows.Column(column), row);
        return (key, Digest());
    }

    private UInt128 Digest()
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_bytes.WrittenSpan, digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    private void Add(ArrowArray column, int row)
    {
        Put(column.IsNull(row) ? 0 : 1);
        if (column.IsNull(row)) return;
        switch (column)
        {
            case BoolArray a: Put(a.GetValue(row) ? 1 : 0); break;
            case FixedSizeBinaryArray a: _bytes.Write(a.GetBytes(row)); break;
            case VarLengthArray a:
                Put(a.GetBytes(row).Length);
                _bytes.Write(a.GetBytes(row));
                break;
            case FixedWidthArray<Int128> a: Put(a[row]); break;
            default: Put(Whole(column, row)); break;
        }
    }

    /// <summary>A number's bits.</summary>
    private static Int128 Whole(ArrowArray column, int row) => column switch
    {
        FixedWidthArray<sbyte> a => a[row],
        FixedWidthArray<byte> a => a[row],
        FixedWidthArray<short> a => a[row],
        FixedWidthArray<ushort> a => a[row],
        FixedWidthArray<int> a => a[row],
        FixedWidthArray<uint> a => a[row],
        FixedWidthArray<long> a => a[row],
        FixedWidthArray<ulong> a => a[row],
        FixedWidthArray<Half> a => BitConverter.HalfToInt16Bits(a[row]),
        FixedWidthArray<float> a => BitConverter.SingleToInt32Bits(a[row]),
        FixedWidthArray<double> a => BitConverter.DoubleToInt64Bits(a[row]),
        _ => throw new InvalidOperationException($"no digest for {column.Type}"),
    };

    private void Put(Int128 value)
    {
        BinaryPrimitives.WriteInt128LittleEndian(_bytes.GetSpan(16), value);
        _bytes.Advance(16);
    }
}
