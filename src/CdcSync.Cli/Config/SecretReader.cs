using System.Text;
using System.Text.RegularExpressions;
using CdcSync.Core.Errors;
using CdcSync.Core.Yaml;

namespace CdcSync.Cli.Config;

/// <summary>Reads secrets: by reference, or inline only where the file says <c>allowInlineSecrets: true</c>. No message shows what was found.</summary>
internal sealed partial class SecretReader(ReadContext context, InlineSecrets inline)
{
    // Stands for a reference while a text is searched for what is written out.
    private const char Reference = '\u0001';

    /// <summary>A value that is secret as a whole: a token, a key.</summary>
    internal SecretString? Token(YamlNode node, string path) => Read(node, path, text =>
    {
        var literals = string.Concat(text.Parts.OfType<ReferencePart.Literal>().Select(l => l.Text));
        var isInline = !text.HasReferences || literals is not ("" or KeyBytes.Base64Prefix) || text.Parts.Any(HasDefault);
        return (isInline, isInline ? "(inline)" : Shown(text.Parts));
    });

    /// <summary>A connection string, in which only the password is secret.</summary>
    internal SecretString? Connection(YamlNode node, string path) => Read(node, path, text =>
    {
        var open = new StringBuilder();
        foreach (var part in text.Parts) open.Append(part is ReferencePart.Literal literal ? literal.Text : Reference);
        var isInline = HasPassword(open.ToString()) || text.Parts.OfType<ReferencePart.Environment>().Any(e => e.Default is { } fallback && HasPassword(fallback));
        return (isInline, Fill(Passwords().Replace(open.ToString(), Hide), text.Parts.Where(p => p is not ReferencePart.Literal)));
    });

    private SecretString? Read(YamlNode node, string path, Func<ReferenceText, (bool IsInline, string Shown)> judge)
    {
        var problem = "expected a text, such as a reference ${env:NAME} or ${file:PATH}.";
        if (node is not YamlScalar { Kind: YamlScalarKind.Text, Value.Length: > 0 } scalar || ReferenceText.Parse(scalar.Value, out problem) is not { } text || problem is not null)
        {
            context.Diagnostics.Error(node.At, $"{path}: {problem}");
            return null;
        }
        var (isInline, shown) = judge(text);
        if (isInline && inline is InlineSecrets.Refused)
        {
            context.Diagnostics.Error(node.At, $"{path}: a secret stands in the file. Write a reference such as ${{env:NAME}} or ${{file:/run/secrets/name}}, or set allowInlineSecrets: true.", ErrorCodes.InlineSecret);
            return null;
        }
        var secret = new SecretString(text, context.References!, shown);
        try
        {
            secret.Reveal();
            return secret;
        }
        catch (CdcSyncException e)
        {
            context.Diagnostics.Error(node.At, $"{path}: {e.Message}", e.Code);
            return null;
        }
    }

    private static bool HasDefault(ReferencePart part) => part is ReferencePart.Environment { Default.Length: > 0 };

    private static bool HasPassword(string open) => Passwords().Matches(open).Any(m => m.Groups["value"].Value.Trim(Reference, ' ', '\'', '"').Length > 0);

    private static string Hide(Match match) => match.Groups["value"].Value.Trim(Reference, ' ', '\'', '"').Length is 0 ? match.Value : $"{match.Groups["head"].Value}***{match.Groups["tail"].Value}";

    private static string Shown(IEnumerable<ReferencePart> parts) => string.Concat(parts.Select(Shown));

    private static string Shown(ReferencePart part) => part switch
    {
        ReferencePart.Environment e => $"${{env:{e.Name}{(e.Default is null ? "" : ":-…")}}}",
        ReferencePart.File f => $"${{file:{f.Path}}}",
        ReferencePart.Literal l => l.Text,
        _ => "",
    };

    private static string Fill(string open, IEnumerable<ReferencePart> references)
    {
        using var next = references.GetEnumerator();
        var text = new StringBuilder();
        foreach (var c in open)
        {
            if (c is not Reference) text.Append(c);
            else if (next.MoveNext()) text.Append(Shown(next.Current));
        }
        return text.ToString();
    }

    [GeneratedRegex("""(?<head>\b(password|pwd|pass ?phrase|ssl ?password|access ?token)\s*=\s*)(?<value>"[^"]*"|'[^']*'|[^;]*)(?<tail>)|(?<head>://[^:/@\s]*:)(?<value>[^@\s]*)(?<tail>@)""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Passwords();
}

/// <summary>Whether secrets may stand in the file itself.</summary>
internal enum InlineSecrets
{
    /// <summary>They are errors.</summary>
    Refused,

    /// <summary>They are taken.</summary>
    Allowed,
}
