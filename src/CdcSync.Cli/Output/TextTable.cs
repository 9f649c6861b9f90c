using System.Text;

namespace CdcSync.Cli.Output;

/// <summary>Rows under headings, in columns as wide as their widest cell; plain text that also grep and awk can read.</summary>
internal sealed class TextTable(params IReadOnlyList<string> headings)
{
    private const string Gap = "  ";
    private readonly List<IReadOnlyList<string>> _rows = [];

    /// <summary>Adds a row; a null cell is shown as a dash.</summary>
    public void Add(params IReadOnlyList<string?> cells) => _rows.Add([.. cells.Select(c => string.IsNullOrEmpty(c) ? "-" : c)]);

    /// <summary>The table without a final line end. Columns of numbers are aligned to the right.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        var widths = headings.Select((h, i) => _rows.Select(r => r[i].Length).Append(h.Length).Max()).ToArray();
        var numeric = headings.Select((_, i) => _rows.Count > 0 && _rows.All(r => r[i] == "-" || char.IsAsciiDigit(r[i][0]) && r[i].All(c => char.IsAsciiDigit(c) || c == ','))).ToArray();
        foreach (var row in _rows.Prepend(headings))
            text.AppendLine(string.Join(Gap, row.Select((cell, i) => numeric[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd());
        return text.ToString().TrimEnd();
    }
}
