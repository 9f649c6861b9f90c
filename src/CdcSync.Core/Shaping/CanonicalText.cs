using CdcSync.Arrow;

namespace CdcSync.Core.Shaping;

/// <summary>
/// The one text form of a value: what a mask hashes, a filter compares and a quarantine shows. Equal numbers have equal text whatever their type:
/// <c>1.5</c> for decimal(10, 2) and decimal(12, 4), <c>5</c> for int32 and decimal. <c>true</c>/<c>false</c>; <c>2026-01-31</c>; <c>13:05:00.25</c>;
/// <c>2026-01-31T13:05:00.25</c>, with a final <c>Z</c> where the type has a zone; text as it is; bytes as lower-case hex.
/// </summary>
public static class CanonicalText
{
    /// <summary>A column's values as text.</summary>
    /// <param name="column">A column of any type.</param>
    /// <returns>A utf8 column of the same length, null in the same rows; the column itself if it is text.</returns>
    public static VarLengthArray Of(ArrowArray column)
    {
        ArgumentNullException.ThrowIfNull(column);
        return column switch
        {
            VarLengthArray { Type: StringType } text => text,
            VarLengthArray bytes => Hex(bytes, bytes.GetBytes),
            FixedSizeBinaryArray bytes => Hex(bytes, bytes.GetBytes),
            NullArray => Nulls(column.Length),
            _ => (VarLengthArray)Casts.For(column.Type, StringType.Default)!.Apply(column, RowBits.Live(column, []), static _ => { }),
        };
    }

    /// <summary>True if a type's values have a text of their own, other than hex: they can be filtered on.</summary>
    internal static bool IsText(ArrowType type) => type is StringType || Casts.For(type, StringType.Default) is not null;

    private delegate ReadOnlySpan<byte> BytesOfRow(int row);

    private static VarLengthArray Hex(ArrowArray column, BytesOfRow bytesOf)
    {
        var builder = new VarLengthBuilder(StringType.Default, column.Length);
        for (var i = 0; i < column.Length; i++)
        {
            if (column.IsNull(i)) builder.AppendNull();
            else builder.Append(Convert.ToHexStringLower(bytesOf(i)));
        }
        return (VarLengthArray)builder.Build();
    }

    private static VarLengthArray Nulls(int rows)
    {
        var builder = new VarLengthBuilder(StringType.Default, rows);
        builder.AppendNulls(rows);
        return (VarLengthArray)builder.Build();
    }
}
