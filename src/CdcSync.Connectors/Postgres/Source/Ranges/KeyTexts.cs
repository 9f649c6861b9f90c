using System.Text;
using CdcSync.Arrow;
using CdcSync.Core.Shaping;

namespace CdcSync.Connectors.Postgres.Source.Ranges;

/// <summary>Keys as the server reads arrays of them.</summary>
internal static class KeyTexts
{
    /// <summary>A column's values as the text of an array: <c>{"1","2"}</c>, quotes and backslashes escaped.</summary>
    public static string Array(ArrowArray column)
    {
        var (texts, prefix) = (CanonicalText.Of(column), column.Type is BinaryType or FixedSizeBinaryType ? @"\\x" : "");
        var array = new StringBuilder("{");
        for (var i = 0; i < column.Length; i++)
        {
            if (i > 0) array.Append(',');
            if (texts.IsNull(i)) array.Append("NULL");
            else array.Append('"').Append(prefix).Append(texts.GetString(i).Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }
        return array.Append('}').ToString();
    }
}
