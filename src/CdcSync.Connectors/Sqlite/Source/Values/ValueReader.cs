using CdcSync.Arrow;
using SQLitePCL;

namespace CdcSync.Connectors.Sqlite.Source.Values;

/// <summary>
/// Puts the values of one column into its builder, exactly: SQLite keeps a type per value, and a value that the column's type can't hold becomes null with a
/// reason, never another value. docs/sqlite.md has the table of what fits what.
/// </summary>
/// <param name="type">The column's type, for the reasons.</param>
internal abstract class ValueReader(ArrowType type)
{
    /// <summary>Bytes of a text or blob at the most: larger ones would break the bound on memory.</summary>
    public const int MaxBytes = 64 << 20;

    private readonly string _foundInteger = $"found an integer, expected {type}";
    private readonly string _foundReal = $"found a real number, expected {type}";
    private readonly string _foundText = $"found a text, expected {type}";
    private readonly string _foundBlob = $"found a blob, expected {type}";

    /// <summary>Where the values go.</summary>
    public abstract ArrayBuilder Builder { get; }

    /// <summary>How the file keeps texts, and how many bytes of them were read.</summary>
    public required TextMeter Meter { get; init; }

    /// <summary>Appends the value of a column of the statement's row.</summary>
    /// <param name="row">Where the statement is.</param>
    /// <param name="column">From 0.</param>
    /// <returns>Null if it was appended; else why it does not fit (a null was appended). Never tells the value.</returns>
    public string? Append(nint row, int column)
    {
        var value = NativeColumns.Value(row, column);
        var reason = NativeColumns.ValueType(value) switch
        {
            raw.SQLITE_NULL => Null(),
            raw.SQLITE_INTEGER => Integer(NativeColumns.ValueInt64(value)),
            raw.SQLITE_FLOAT => Real(NativeColumns.ValueDouble(value)),
            raw.SQLITE_TEXT => CheckedText(Meter.IsUtf16 ? NativeColumns.Utf8(row, column) : NativeColumns.ValueBytes(value)),
            _ => CheckedBlob(NativeColumns.ValueBytes(value)),
        };
        if (reason is not null)
            Builder.AppendNull();
        return reason;
    }

    /// <summary>Appends an integer, or says why not.</summary>
    protected virtual string? Integer(long value) => _foundInteger;

    /// <summary>Appends a real number, or says why not.</summary>
    protected virtual string? Real(double value) => _foundReal;

    /// <summary>Appends a text, or says why not.</summary>
    protected virtual string? Text(ReadOnlySpan<byte> utf8) => _foundText;

    /// <summary>Appends a blob, or says why not.</summary>
    protected virtual string? Blob(ReadOnlySpan<byte> bytes) => _foundBlob;

    private string? Null()
    {
        Builder.AppendNull();
        return null;
    }

    private string? CheckedText(ReadOnlySpan<byte> utf8)
    {
        Meter.Bytes += utf8.Length;
        return utf8.Length > MaxBytes ? TooLarge : Text(utf8);
    }

    private string? CheckedBlob(ReadOnlySpan<byte> bytes)
    {
        Meter.Bytes += bytes.Length;
        return bytes.Length > MaxBytes ? TooLarge : Blob(bytes);
    }

    private const string TooLarge = "found more than 64 MiB in one value";
}

/// <summary>What the readers of one row share.</summary>
/// <param name="isUtf16">True where the file keeps texts in UTF-16, so that they are converted before their bytes are read.</param>
internal sealed class TextMeter(bool isUtf16)
{
    /// <summary>True where the file keeps texts in UTF-16.</summary>
    public bool IsUtf16 { get; } = isUtf16;

    /// <summary>Bytes of texts and blobs that were read since this was set to 0.</summary>
    public long Bytes { get; set; }
}
