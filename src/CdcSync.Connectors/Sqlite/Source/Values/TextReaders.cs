using System.Globalization;
using System.Text.Unicode;
using CdcSync.Arrow;

namespace CdcSync.Connectors.Sqlite.Source.Values;

/// <summary>Texts in valid UTF-8; integers as digits; real numbers as the shortest text that reads back as the same number, with <c>.0</c> where they have no
/// fraction, so that 5 and 5.0 stay apart.</summary>
internal sealed class TextReader(VarLengthBuilder builder) : ValueReader(builder.Type)
{
    public override ArrayBuilder Builder => builder;

    protected override string? Text(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8)) return "found a text that is not valid UTF-8";
        builder.Append(utf8);
        return null;
    }

    protected override string? Integer(long value)
    {
        Span<byte> text = stackalloc byte[24];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        builder.Append(text[..length]);
        return null;
    }

    protected override string? Real(double value)
    {
        Span<byte> text = stackalloc byte[40];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        if (text[..length].IndexOfAnyExcept("-0123456789"u8) < 0)
        {
            ".0"u8.CopyTo(text[length..]);
            length += 2;
        }
        builder.Append(text[..length]);
        return null;
    }
}

/// <summary>Blobs as they are.</summary>
internal sealed class BlobReader(VarLengthBuilder builder) : ValueReader(builder.Type)
{
    public override ArrayBuilder Builder => builder;

    protected override string? Blob(ReadOnlySpan<byte> bytes)
    {
        builder.Append(bytes);
        return null;
    }
}

/// <summary>Blobs of the right length.</summary>
internal sealed class FixedBlobReader(FixedSizeBinaryBuilder builder) : ValueReader(builder.Type)
{
    private readonly string _length = $"found a blob of another length, expected {builder.Type}";

    public override ArrayBuilder Builder => builder;

    protected override string? Blob(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != builder.ByteWidth) return _length;
        builder.Append(bytes);
        return null;
    }
}
