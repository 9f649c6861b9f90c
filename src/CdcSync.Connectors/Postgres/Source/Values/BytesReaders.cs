using System.Text;
using System.Text.Unicode;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Wire;

namespace CdcSync.Connectors.Postgres.Source.Values;

/// <summary>Types whose binary form is their text: text, varchar, char(n) with its blanks, name, json, xml, enums; and whatever the SELECT casts to text.</summary>
internal sealed class TextReader(VarLengthBuilder builder) : ValueReader
{
    /// <summary>What a database in SQL_ASCII can hold.</summary>
    public const string NoUtf8 = "found bytes that are not UTF-8, expected text";

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        if (!Utf8.IsValid(value)) return NoUtf8;
        builder.Append(value);
        return null;
    }
}

/// <summary>jsonb: a version, then the text.</summary>
internal sealed class JsonBReader(VarLengthBuilder builder) : ValueReader
{
    private const byte Version = 1;

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        if (value is not [Version, .. var text]) throw OtherType();
        if (!Utf8.IsValid(text)) return TextReader.NoUtf8;
        builder.Append(text);
        return null;
    }
}

/// <summary>numeric as text: all its digits, NaN and infinities too.</summary>
internal sealed class NumericTextReader(VarLengthBuilder builder) : ValueReader
{
    private readonly StringBuilder _text = new();
    private char[] _chars = new char[64];

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        _text.Clear();
        if (!NumericForm.TryWrite(value, _text)) throw OtherType();
        if (_text.Length > _chars.Length) _chars = new char[_text.Length * 2];
        _text.CopyTo(0, _chars, _text.Length);
        builder.Append((ReadOnlySpan<char>)_chars.AsSpan(0, _text.Length));
        return null;
    }
}

/// <summary>uuid as text: 32 lower-case hex digits in five groups.</summary>
internal sealed class UuidTextReader(VarLengthBuilder builder) : ValueReader
{
    private const int Bytes = 16;
    private const int Characters = 36;

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        Span<byte> text = stackalloc byte[Characters];
        new Guid(Exactly(value, Bytes), bigEndian: true).TryFormat(text, out _);
        builder.Append((ReadOnlySpan<byte>)text);
        return null;
    }
}

/// <summary>bytea of any length.</summary>
internal sealed class BlobReader(VarLengthBuilder builder) : ValueReader
{
    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        builder.Append(value);
        return null;
    }
}

/// <summary>bytea and uuid into columns of one length.</summary>
internal sealed class FixedBytesReader(FixedSizeBinaryBuilder builder) : ValueReader
{
    private readonly string _otherLength = $"found bytes of another length, expected {builder.Type}";

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        if (value.Length != builder.ByteWidth) return _otherLength;
        builder.Append(value);
        return null;
    }
}
