using System.Text;
using CdcSync.Arrow;
using CdcSync.Core.Batches;
using CdcSync.Core.Datasets;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Shaping;

/// <summary>Turns upserts that the row filter does not keep into erases. What can't be seen to match does not match: null, and values that could not be read.</summary>
internal sealed class RowSieve
{
    private readonly int _column;
    private readonly ColumnCast? _toText;
    private readonly byte[][] _values;

    internal RowSieve(Dataset dataset, RowFilter filter)
    {
        _column = dataset.SourceSchema.GetFieldIndex(filter.SourceColumn);
        if (_column < 0) throw Wrong(dataset, filter, "the column is not among the dataset's columns");
        var type = dataset.Columns[_column].ReadType;
        if (!CanonicalText.IsText(type)) throw Wrong(dataset, filter, $"{type} can't be filtered on");
        if (filter.Values.Count == 0) throw Wrong(dataset, filter, "no value keeps a row, so that all rows would be erased");
        if (type is not StringType) _toText = Casts.For(type, StringType.Default);
        _values = [.. filter.Values.Select(Encoding.UTF8.GetBytes)];
        var wrong = filter.Values.FirstOrDefault(v => !IsCanonical(v, type));
        if (wrong is not null) throw Wrong(dataset, filter, $"'{wrong}' is not the canonical text of a {type}, so that no row would ever match it");
    }

    /// <summary>The kinds after the filter; the same memory where nothing changes.</summary>
    internal ReadOnlyMemory<ChangeKind> Apply(ChangeChunk chunk)
    {
        var column = chunk.Rows.Column(_column);
        var live = RowBits.Live(column, []);
        var text = (VarLengthArray)(_toText?.Apply(column, live, static _ => { }) ?? column);
        var kinds = chunk.Kinds.Span;
        ChangeKind[]? changed = null;
        for (var i = 0; i < kinds.Length; i++)
        {
            if (kinds[i] != ChangeKind.Upsert || (RowBits.Has(live.Span, i) && Keeps(text.GetBytes(i)))) continue;
            (changed ??= kinds.ToArray())[i] = ChangeKind.Erase;
        }
        return changed ?? chunk.Kinds;
    }

    private bool Keeps(ReadOnlySpan<byte> text)
    {
        foreach (var value in _values)
            if (text.SequenceEqual(value)) return true;
        return false;
    }

    // There and back: only a canonical text comes back as it went.
    private static bool IsCanonical(string value, ArrowType type)
    {
        if (type is StringType) return true;
        var builder = new VarLengthBuilder(StringType.Default);
        builder.Append(value);
        var parse = Casts.For(StringType.Default, type);
        var parsed = parse?.Apply(builder.Build(), default, static _ => { });
        return parsed is not null && parsed.IsValid(0) && CanonicalText.Of(parsed).GetString(0) == value;
    }

    private static CdcSyncException Wrong(Dataset dataset, RowFilter filter, string why) => new(ErrorCodes.FilterInvalid,
        $"{dataset.Id}: row filter on '{filter.SourceColumn}': {why}.",
        "Correct consentFilter in the contract; values are written as true/false, integers without sign or zeros in front, dates as yyyy-MM-dd. Run: cdcsync validate");
}
