using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CdcSync.Core.Yaml;

/// <summary>Writes texts as YAML scalars, so that any YAML reader (1.1 too) reads the same text again.</summary>
public static partial class YamlText
{
    // Words that YAML 1.1 takes for booleans or nothing.
    private static readonly HashSet<string> Reserved = new(["y", "n", "yes", "no", "on", "off", "true", "false", "null"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The scalar: plain where that is safe also inside <c>[]</c> and <c>{}</c>, else in double quotes.</summary>
    /// <param name="text">Any text.</param>
    public static string Write(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Safe().IsMatch(text) && !Reserved.Contains(text) ? text : Quote(text);
    }

    /// <summary>A list in flow style.</summary>
    /// <param name="texts">Any texts.</param>
    public static string Write(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Write))}]";

    /// <summary>The text in one line that can stand in a comment.</summary>
    /// <param name="text">Any text.</param>
    public static string Comment(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var line = new StringBuilder(text.Length);
        foreach (var c in text) line.Append(IsPrintable(c) ? c : ' ');
        return line.ToString();
    }

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (var c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (IsPrintable(c)) quoted.Append(c);
            else quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        }
        return quoted.Append('"').ToString();
    }

    // YAML 1.1 breaks lines at three more characters than 1.2.
    private static bool IsPrintable(char c) => !char.IsControl(c) && c is not ('\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF');

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*([ ./-][A-Za-z0-9_]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Safe();
}
