using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Source;

/// <summary>Rows as bytes that are equal exactly where all values are, types included; for digests.</summary>
internal sealed class RowBytes
{
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);

    /// <summary>The bytes so far.</summary>
    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    /// <summary>Begins anew.</summary>
    public void Clear() => _buffer.ResetWrittenCount();

    /// <summary>Adds values of the statement's row.</summary>
    /// <param name="row">The statement.</param>
    /// <param name="first">The first column.</param>
    /// <param name="count">How many.</param>
    public void Add(Statement row, int first, int count)
    {
        for (var column = first; column < first + count; column++)
        {
            var type = row.Type(column);
            Put((byte)type);
            switch (type)
            {
                case raw.SQLITE_INTEGER: Put(row.Integer(column)); break;
                case raw.SQLITE_FLOAT: Put(BitConverter.DoubleToInt64Bits(row.Real(column))); break;
                case raw.SQLITE_NULL: break;
                default:
                    var bytes = row.Bytes(column);
                    Put(bytes.Length);
                    _buffer.Write(bytes);
                    break;
            }
        }
    }

    /// <summary>128 bits of a digest of the bytes: for one's own rows, where nobody gains from a collision, that tells them apart.</summary>
    public UInt128 Digest()
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Written, digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    private void Put(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    private void Put(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.GetSpan(sizeof(long)), value);
        _buffer.Advance(sizeof(long));
    }
}
