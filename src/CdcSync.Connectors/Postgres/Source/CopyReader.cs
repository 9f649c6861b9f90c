using System.Buffers;
using System.Buffers.Binary;
using CdcSync.Core.Errors;
using Npgsql;

namespace CdcSync.Connectors.Postgres.Source;

/// <summary>
/// Reads the binary form of COPY field by field, out of one pooled buffer. Format: "COPY, Binary Format" in PostgreSQL's manual: a header; per row the number of
/// fields and each field's length (-1 = null) and bytes; -1 at the end. Disposed before its end, the statement is cancelled.
/// </summary>
internal sealed class CopyReader : IDisposable
{
    private const int FirstBuffer = 128 << 10;
    private static readonly byte[] Signature = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n"u8, 0];

    private readonly Stream _stream;
    private readonly IDisposable _running;
    private readonly Func<Exception, Exception?> _translate;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _start;
    private int _end;
    private bool _hasBegun;
    private bool _isEnded;

    /// <summary>Reads a stream from its beginning.</summary>
    /// <param name="stream">The raw stream; disposed with the reader.</param>
    /// <param name="running">Disposed when nothing is left to cancel.</param>
    /// <param name="translate">The driver's exception as the engine's; null = it is none.</param>
    public CopyReader(Stream stream, IDisposable running, Func<Exception, Exception?> translate) => (_stream, _running, _translate) = (stream, running, translate);

    /// <summary>Goes to the next row.</summary>
    /// <param name="fields">How many fields each row has.</param>
    /// <returns>False at the end.</returns>
    public bool ReadRow(int fields)
    {
        if (!_hasBegun) ReadHeader();
        var found = BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short)));
        if (found == fields) return true;
        if (found != -1) throw Broken($"{found} fields in a row, expected {fields}");
        // Only after the last byte does the server say whether all went well.
        if (Fill(1)) throw Broken("bytes after the end");
        _isEnded = true;
        return false;
    }

    /// <summary>The length of the next field; -1 = null.</summary>
    public int ReadLength()
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));
        return length >= -1 ? length : throw Broken($"a field of length {length}");
    }

    /// <summary>The bytes of a field, to be used before the next call.</summary>
    public ReadOnlySpan<byte> Take(int length)
    {
        if (_end - _start < length && !Fill(length)) throw Broken("it ended within a row");
        var bytes = _buffer.AsSpan(_start, length);
        _start += length;
        return bytes;
    }

    /// <summary>Passes over the bytes of a field.</summary>
    public void Skip(int length)
    {
        while (length > 0)
        {
            if (_end == _start && !Fill(1)) throw Broken("it ended within a row");
            var passed = Math.Min(length, _end - _start);
            _start += passed;
            length -= passed;
        }
    }

    public void Dispose()
    {
        _running.Dispose();
        try
        {
            // Else the driver would read the rest of the rows to throw them away.
            if (!_isEnded && _stream is NpgsqlRawCopyStream copy) copy.Cancel();
            _stream.Dispose();
        }
        catch (Exception e) when (PostgresErrors.IsDriver(e) || e is OperationCanceledException)
        {
            // It was broken off: what the server says to that is no news.
        }
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void ReadHeader()
    {
        if (!Take(Signature.Length).SequenceEqual(Signature)) throw Broken("another signature");
        Take(sizeof(int));
        Skip(BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int))));
        _hasBegun = true;
    }

    /// <summary>Makes sure of that many bytes; false if the stream ends before.</summary>
    private bool Fill(int needed)
    {
        if (needed > _buffer.Length) Grow(needed);
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        try
        {
            while (_end - _start < needed)
            {
                var read = _stream.Read(_buffer.AsSpan(_end));
                if (read == 0) return false;
                _end += read;
            }
        }
        catch (Exception e) when (_translate(e) is { } fault)
        {
            _isEnded = true;
            throw fault;
        }
        return true;
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(needed);
        _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end) = (larger, 0, _end - _start);
    }

    private static CdcSyncException Broken(string what) =>
        new(ErrorCodes.InternalError, $"the server's binary COPY can't be understood: {what}.", "Report this with the server's version. Run: cdcsync status");
}
