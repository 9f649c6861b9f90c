using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;
using CdcSync.Core.Shaping;

namespace CdcSync.Core.Gates;

/// <summary>Rows as quarantine shows them.</summary>
internal sealed class QuarantineText
{
    /// <summary>The longest payload in bytes of UTF-8.</summary>
    internal const int PayloadLimit = 4_096;

    private const string CutMark = "\"_cdc_truncated\":true";
    private const int CutLength = 256;

    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private readonly Dataset _dataset;
    private readonly RecordBatch _rows;
    private readonly VarLengthArray?[] _texts;

    internal QuarantineText(Dataset dataset, RecordBatch rows)
    {
        _dataset = dataset;
        _rows = rows;
        _texts = new VarLengthArray?[rows.ColumnCount];
    }

    /// <summary>The key's canonical texts as a JSON array. A row of a dataset without a key has a digest of all its values there.</summary>
    internal string Key(int row)
    {
        var parts = _dataset.TargetKey.Count == 0 ? [$"sha256:{Digest(row)}"] : _dataset.TargetKey.Select(c => FullText(c, row));
        return Key(parts);
    }

    /// <summary>The parts' canonical texts as a JSON array.</summary>
    internal static string Key(IEnumerable<string?> parts) => $"[{string.Join(',', parts.Select(p => p is null ? "null" : Quoted(p)))}]";

    /// <summary>The values as a JSON object. Where it would be too long, long texts are cut, last columns left out, and a mark says so.</summary>
    internal string Payload(int row) => TryPayload(row, isCut: false) ?? TryPayload(row, isCut: true)!;

    private string? TryPayload(int row, bool isCut)
    {
        var json = new StringBuilder("{");
        // Room for the mark and its comma, and for the closing brace.
        var room = PayloadLimit - 2 - (isCut ? CutMark.Length + 1 : 0);
        for (var column = 0; column < _rows.ColumnCount; column++)
        {
            var property = $"{(json.Length > 1 ? "," : "")}{Quoted(_rows.Schema.Fields[column].Name)}:{Literal(column, row, isCut)}";
            room -= Encoding.UTF8.GetByteCount(property);
            if (room < 0 && !isCut) return null;
            if (room < 0) break;
            json.Append(property);
        }
        if (isCut) json.Append(json.Length > 1 ? "," : "").Append(CutMark);
        return json.Append('}').ToString();
    }

    private string Literal(int column, int row, bool isCut)
    {
        var values = _rows.Column(column);
        if (values.IsNull(row)) return "null";
        var text = Beginning(column, row, out var isWhole);
        if (isCut && text.Length > CutLength)
        {
            text = text[..(char.IsHighSurrogate(text[CutLength - 1]) ? CutLength - 1 : CutLength)];
            isWhole = false;
        }
        var isNumber = values.Type.TypeId is ArrowTypeId.Boolean or (>= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64) or ArrowTypeId.Decimal128
            || (values.Type.TypeId is >= ArrowTypeId.HalfFloat and <= ArrowTypeId.Double && char.IsAsciiDigit(text[^1]));
        return isNumber ? text : Quoted(isWhole ? text : text + "…");
    }

    /// <summary>The value's text, or so much of its beginning that it can't be shown whole.</summary>
    private string Beginning(int column, int row, out bool isWhole)
    {
        isWhole = true;
        if (TextsOf(column) is { } texts) return texts.GetString(row);
        var bytes = BytesOf(column, row);
        isWhole = bytes.Length <= PayloadLimit;
        if (!isWhole) bytes = bytes[..PayloadLimit];
        return _rows.Column(column).Type is StringType ? Encoding.UTF8.GetString(bytes) : Convert.ToHexStringLower(bytes);
    }

    private string? FullText(int column, int row)
    {
        if (_rows.Column(column).IsNull(row)) return null;
        if (TextsOf(column) is { } texts) return texts.GetString(row);
        var bytes = BytesOf(column, row);
        return _rows.Column(column).Type is StringType ? Encoding.UTF8.GetString(bytes) : Convert.ToHexStringLower(bytes);
    }

    // Text and bytes can be large, and only their beginning is shown: they are not made into text as a whole.
    private VarLengthArray? TextsOf(int column) =>
        _rows.Column(column) is VarLengthArray or FixedSizeBinaryArray ? null : _texts[column] ??= CanonicalText.Of(_rows.Column(column));

    private ReadOnlySpan<byte> BytesOf(int column, int row) =>
        _rows.Column(column) is FixedSizeBinaryArray fixedSize ? fixedSize.GetBytes(row) : ((VarLengthArray)_rows.Column(column)).GetBytes(row);

    private string Digest(int row)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var column = 0; column < _rows.ColumnCount; column++)
        {
            var isNull = _rows.Column(column).IsNull(row);
            var bytes = isNull ? [] : TextsOf(column) is { } texts ? texts.GetBytes(row) : BytesOf(column, row);
            hash.AppendData(BitConverter.GetBytes(isNull ? -1 : bytes.Length));
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Quoted(string text) => $"\"{Encoder.Encode(text)}\"";
}
