using System.Text;
using CdcSync.Arrow;
using CdcSync.Core.Datasets;

namespace CdcSync.Core.Shaping;

/// <summary>The texts of a key, folded: what the source takes for equal is equal afterwards.</summary>
/// <remarks>Small letters, not capitals: texts that are there keep their fold when Unicode gains capitals for small letters, as it has done.</remarks>
/// <param name="fold">How.</param>
internal sealed class FoldShape(KeyFold fold) : ColumnShape
{
    private const byte Blank = (byte)' ';

    internal override ArrowArray Apply(ArrowArray source, ReadOnlySpan<byte> blank, Action<int> misfits)
    {
        var texts = (VarLengthArray)source;
        var live = RowBits.Live(source, blank).Span;
        var builder = new VarLengthBuilder(StringType.Default, texts.Length);
        for (var i = 0; i < texts.Length; i++)
        {
            if (RowBits.Has(live, i)) Append(builder, texts.GetBytes(i).TrimEnd(Blank));
            else builder.AppendNull();
        }
        return builder.Build();
    }

    private void Append(VarLengthBuilder builder, ReadOnlySpan<byte> text)
    {
        if (fold == KeyFold.CaseAndBlanks && !IsFolded(text)) builder.Append(Encoding.UTF8.GetString(text).ToLowerInvariant());
        else builder.Append(text);
    }

    private static bool IsFolded(ReadOnlySpan<byte> text) => !text.ContainsAnyInRange((byte)'A', (byte)'Z') && !text.ContainsAnyInRange((byte)0x80, (byte)0xFF);
}
