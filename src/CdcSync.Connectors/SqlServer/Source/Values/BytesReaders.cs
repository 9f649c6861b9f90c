using System.Buffers.Binary;
using CdcSync.Arrow;
using Microsoft.Data.SqlClient;

namespace CdcSync.Connectors.SqlServer.Source.Values;

/// <summary>Reads texts of at most 8,000 bytes.</summary>
internal sealed class TextReader(VarLengthBuilder builder) : ValueReader
{
    public override ArrayBuilder Builder => builder;

    public override long LastBytes => _last;

    private long _last;

    protected override string? Value(SqlDataReader row, int column)
    {
        var text = row.GetString(column);
        _last = text.Length;
        return Texts.Append(builder, text);
    }
}

/// <summary>Reads texts of any length, in pieces. By the driver's reader of texts: its GetChars fails where the server parts a character between two packets (found with
/// Babelfish and Microsoft.Data.SqlClient 6.1.5).</summary>
internal sealed class LongTextReader(VarLengthBuilder builder) : ValueReader
{
    private char[] _buffer = new char[4_096];

    public override ArrayBuilder Builder => builder;

    public override long LastBytes => _last;

    private long _last;

    protected override string? Value(SqlDataReader row, int column)
    {
        using var text = row.GetTextReader(column);
        var length = 0;
        for (int read; (read = text.Read(_buffer, length, _buffer.Length - length)) > 0;)
        {
            length += read;
            if (length < _buffer.Length) continue;
            if (length * 2L > MaxBytes) return "found more than 64 MiB in one value";
            Array.Resize(ref _buffer, length * 2);
        }

        _last = length;
        return Texts.Append(builder, _buffer.AsSpan(0, length));
    }
}

/// <summary>Appends texts.</summary>
internal static class Texts
{
    /// <summary>Appends a text, or says why not.</summary>
    public static string? Append(VarLengthBuilder builder, ReadOnlySpan<char> text)
    {
        try
        {
            builder.Append(text);
            return null;
        }
        catch (ArgumentException)
        {
            return "found half of a surrogate pair: no valid Unicode";
        }
    }
}

/// <summary>Reads bytes, of any length, in pieces.</summary>
internal sealed class BlobReader(VarLengthBuilder builder) : ValueReader
{
    private byte[] _buffer = new byte[4_096];

    public override ArrayBuilder Builder => builder;

    public override long LastBytes => _last;

    private long _last;

    protected override string? Value(SqlDataReader row, int column)
    {
        var length = 0;
        for (; ; )
        {
            if (length == _buffer.Length)
            {
                if (length >= MaxBytes) return "found more than 64 MiB in one value";
                Array.Resize(ref _buffer, length * 2);
            }
            var read = (int)row.GetBytes(column, length, _buffer, length, _buffer.Length - length);
            if (read == 0) break;
            length += read;
        }
        _last = length;
        builder.Append(_buffer.AsSpan(0, length));
        return null;
    }
}

/// <summary>Reads bytes of one length.</summary>
internal sealed class FixedBytesReader(FixedSizeBinaryBuilder builder) : ValueReader
{
    private readonly byte[] _buffer = new byte[builder.ByteWidth + 1];

    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        var length = (int)row.GetBytes(column, 0, _buffer, 0, _buffer.Length);
        if (length != builder.ByteWidth) return $"found {(length > builder.ByteWidth ? "more" : "fewer")} bytes than {builder.ByteWidth}";
        builder.Append(_buffer.AsSpan(0, length));
        return null;
    }
}

/// <summary>Reads a uniqueidentifier as text in lower case, or as the 16 bytes of RFC 9562.</summary>
internal sealed class GuidReader(ArrayBuilder builder) : ValueReader
{
    public override ArrayBuilder Builder => builder;

    protected override string? Value(SqlDataReader row, int column)
    {
        var value = row.GetGuid(column);
        if (builder is VarLengthBuilder texts)
        {
            Span<char> text = stackalloc char[36];
            value.TryFormat(text, out _, "D");
            texts.Append((ReadOnlySpan<char>)text);
            return null;
        }
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        ((FixedSizeBinaryBuilder)builder).Append(bytes);
        return null;
    }
}

/// <summary>Numbers that SQL Server keeps as bytes.</summary>
internal static class RowVersions
{
    /// <summary>A rowversion as the number it is: big-endian.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64BigEndian(bytes);

    /// <summary>The bytes of a rowversion.</summary>
    public static byte[] Bytes(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>Reads one as a number; of the upper half of the range, which no database reaches, as a negative one.</summary>
    public static long Read(SqlDataReader row, int column)
    {
        var bytes = new byte[8];
        row.GetBytes(column, 0, bytes, 0, 8);
        return unchecked((long)Of(bytes));
    }
}
