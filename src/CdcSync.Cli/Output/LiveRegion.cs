using System.Globalization;
using System.Text;

namespace CdcSync.Cli.Output;

/// <summary>Lines at the end of a terminal that are drawn over and over, below all that is written for good. Not safe for threads by itself: the terminal locks.</summary>
/// <remarks>Each drawing is one write, over the old lines and not after erasing them, so that nothing flickers.</remarks>
internal sealed class LiveRegion(TextWriter writer)
{
    private const string HideCursor = "\e[?25l", ShowCursor = "\e[?25h", BeginUpdate = "\e[?2026h", EndUpdate = "\e[?2026l";

    private IReadOnlyList<string> _lines = [];
    private (int Width, int Height) _size;
    private bool _isCursorHidden;

    /// <summary>Draws the lines in place of those before.</summary>
    /// <param name="lines">Each narrower than the terminal, all fewer than its rows.</param>
    /// <param name="size">The terminal's size.</param>
    public void Draw(IReadOnlyList<string> lines, (int Width, int Height) size)
    {
        if (size == _size && lines.SequenceEqual(_lines, StringComparer.Ordinal))
            return;
        var text = new StringBuilder(BeginUpdate);
        if (!_isCursorHidden)
            text.Append(HideCursor);
        // Where lines no longer fit, terminals break or drop them, each in its own way: only a clear screen is certain.
        text.Append(_lines.Count > 0 && (size.Width < _size.Width || size.Height <= _lines.Count) ? "\e[H\e[2J" : Up());
        AppendLines(text, lines);
        writer.Write(text.Append("\e[J").Append(EndUpdate).ToString());
        writer.Flush();
        (_lines, _size, _isCursorHidden) = (lines, size, true);
    }

    /// <summary>What must stand in front of something that is written for good: it takes the place of the lines.</summary>
    public string ForErasing() => _lines.Count == 0 ? "" : $"{Up()}\e[J";

    /// <summary>The lines again, below what was written.</summary>
    public string ForDrawingAgain()
    {
        if (_lines.Count == 0)
            return "";
        var text = new StringBuilder();
        AppendLines(text, _lines);
        return text.ToString();
    }

    /// <summary>Gives the cursor back.</summary>
    /// <param name="last">Lines to leave; none = nothing is left.</param>
    public void End(IReadOnlyList<string> last)
    {
        if (!_isCursorHidden)
            return;
        var text = new StringBuilder(ForErasing());
        AppendLines(text, last);
        writer.Write(text.Append(ShowCursor).ToString());
        writer.Flush();
        (_lines, _isCursorHidden) = ([], false);
    }

    private string Up() => _lines.Count == 0 ? "\r" : string.Create(CultureInfo.InvariantCulture, $"\r\e[{_lines.Count}A");

    private static void AppendLines(StringBuilder text, IReadOnlyList<string> lines)
    {
        foreach (var line in lines)
            text.Append(line).Append("\e[K\r\n");
    }
}
