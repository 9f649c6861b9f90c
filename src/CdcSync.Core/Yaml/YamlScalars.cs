using System.Globalization;
using System.Text.RegularExpressions;

namespace CdcSync.Core.Yaml;

/// <summary>What scalars mean, by YAML 1.2's core schema without octal and hexadecimal numbers (a leading zero makes a text: postcodes survive).</summary>
internal static partial class YamlScalars
{
    internal static YamlScalarKind KindOf(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => YamlScalarKind.Null,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => YamlScalarKind.Boolean,
        _ when Integer().IsMatch(text) => YamlScalarKind.Integer,
        _ when Float().IsMatch(text) => YamlScalarKind.Float,
        _ => YamlScalarKind.Text,
    };

    internal static bool? AsBoolean(string text) => KindOf(text) is YamlScalarKind.Boolean ? text[0] is 't' or 'T' : null;

    internal static long? AsInteger(string text) =>
        Integer().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    internal static decimal? AsNumber(string text) =>
        KindOf(text) is YamlScalarKind.Integer or YamlScalarKind.Float && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;

    [GeneratedRegex("^[-+]?(0|[1-9][0-9]*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Float();
}
