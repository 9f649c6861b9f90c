using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace CdcSync.Core.Landing;

/// <summary>
/// Writes a file front to back and hashes on the way: SHA-256 of the whole for the ledger, and CRC-32C of what was written since the last mark, which
/// is what a block is checked by when it is read back.
/// </summary>
internal sealed class SpoolStream(SafeFileHandle handle) : Stream
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly IncrementalHash _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _buffered;
    private long _written;
    private uint _crc;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _written + _buffered;

    public override long Position { get => Length; set => throw new NotSupportedException(); }

    /// <summary>Starts a new CRC-32C at this place.</summary>
    internal void Mark()
    {
        Flush();
        _crc = Crc32C.Start;
    }

    /// <summary>The CRC-32C of what was written since the mark.</summary>
    internal uint CrcSinceMark()
    {
        Flush();
        return _crc;
    }

    /// <summary>The SHA-256 of all that was written, in lower-case hex. Once only.</summary>
    internal string TakeSha256()
    {
        Flush();
        return Convert.ToHexStringLower(_sha.GetHashAndReset());
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > _buffer.Length - _buffered) Flush();
        if (buffer.Length >= _buffer.Length)
        {
            WriteOut(buffer);
            return;
        }
        buffer.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += buffer.Length;
    }

    public override void Flush()
    {
        WriteOut(_buffer.AsSpan(0, _buffered));
        _buffered = 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        // What is buffered is given up: a file that is left before its end is deleted.
        if (disposing) _sha.Dispose();
        base.Dispose(disposing);
    }

    private void WriteOut(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        RandomAccess.Write(handle, bytes, _written);
        _written += bytes.Length;
        _sha.AppendData(bytes);
        _crc = Crc32C.Append(_crc, bytes);
    }
}

/// <summary>CRC-32C (Castagnoli), which processors compute in one instruction.</summary>
internal static class Crc32C
{
    internal const uint Start = uint.MaxValue;

    internal static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var value in bytes) crc = BitOperations.Crc32C(crc, value);
        return crc;
    }
}
