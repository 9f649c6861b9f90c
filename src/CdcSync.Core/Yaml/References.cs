using System.Text;
using CdcSync.Core.Errors;

namespace CdcSync.Core.Yaml;

/// <summary>A text with references to values that stand elsewhere: <c>${env:NAME}</c>, <c>${env:NAME:-default}</c>, <c>${file:PATH}</c>; <c>$${</c> is a literal <c>${</c>.</summary>
public sealed class ReferenceText
{
    private ReferenceText(IReadOnlyList<ReferencePart> parts) => Parts = parts;

    /// <summary>Its parts in order.</summary>
    public IReadOnlyList<ReferencePart> Parts { get; }

    /// <summary>True if a part refers elsewhere.</summary>
    public bool HasReferences => Parts.Any(p => p is not ReferencePart.Literal);

    /// <summary>Splits a text into its parts.</summary>
    /// <param name="text">The text as it stands in the file.</param>
    /// <param name="problem">What is wrong with a reference; null where all is well.</param>
    /// <returns>The parts; where something is wrong, those in front of it.</returns>
    public static ReferenceText Parse(string text, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = new List<ReferencePart>();
        var literal = new StringBuilder();
        problem = null;
        for (var i = 0; i < text.Length && problem is null;)
        {
            if (text.AsSpan(i).StartsWith("$${"))
            {
                literal.Append("${");
                i += 3;
            }
            else if (text.AsSpan(i).StartsWith("${"))
            {
                var end = text.IndexOf('}', i);
                var part = end < 0 ? null : Reference(text[(i + 2)..end]);
                if (part is null)
                {
                    problem = "expected ${env:NAME}, ${env:NAME:-default} or ${file:PATH}; a literal ${ is written $${.";
                    break;
                }
                Flush(literal, parts);
                parts.Add(part);
                i = end + 1;
            }
            else
            {
                literal.Append(text[i++]);
            }
        }
        Flush(literal, parts);
        return new ReferenceText(parts);
    }

    private static void Flush(StringBuilder literal, List<ReferencePart> parts)
    {
        if (literal.Length > 0) parts.Add(new ReferencePart.Literal(literal.ToString()));
        literal.Clear();
    }

    private static ReferencePart? Reference(string body)
    {
        if (body.StartsWith("file:", StringComparison.Ordinal) && body.Length > 5) return new ReferencePart.File(body[5..]);
        if (!body.StartsWith("env:", StringComparison.Ordinal)) return null;
        var (name, fallback) = body[4..].Split(":-", 2) is [var n, var f] ? (n, f) : (body[4..], null);
        return name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_') ? new ReferencePart.Environment(name, fallback) : null;
    }
}

/// <summary>A part of a <see cref="ReferenceText"/>.</summary>
public abstract record ReferencePart
{
    /// <summary>Text that stands for itself.</summary>
    /// <param name="Text">The text.</param>
    public sealed record Literal(string Text) : ReferencePart;

    /// <summary>The value of an environment variable.</summary>
    /// <param name="Name">The variable.</param>
    /// <param name="Default">Its value where the variable is unset or empty; null = none, unset is an error.</param>
    public sealed record Environment(string Name, string? Default) : ReferencePart;

    /// <summary>The content of a file, without the line end at its end.</summary>
    /// <param name="Path">The file; relative = to the folder of the configuration.</param>
    public sealed record File(string Path) : ReferencePart;
}

/// <summary>Resolves references.</summary>
/// <param name="folder">The folder of the configuration, to which paths are relative and in which relative paths stay.</param>
/// <param name="environment">Gives a variable's value, or null; null = the process's environment.</param>
public sealed class References(string folder, Func<string, string?>? environment = null)
{
    private const int MaxFileBytes = 64 << 10;
    private readonly Func<string, string?> _environment = environment ?? Environment.GetEnvironmentVariable;

    /// <summary>The text with all references resolved, read anew at each call: a rotated secret is found.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="CdcSyncException"><see cref="ErrorCodes.UnresolvedReference"/>: a variable is not set, a file can't be read. The message names the reference only.</exception>
    public string Resolve(ReferenceText text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return string.Concat(text.Parts.Select(Resolve));
    }

    private string Resolve(ReferencePart part) => part switch
    {
        ReferencePart.Literal literal => literal.Text,
        ReferencePart.Environment { Default: { } fallback } variable => _environment(variable.Name) is { Length: > 0 } value ? value : fallback,
        ReferencePart.Environment variable => _environment(variable.Name)
            ?? throw Unresolved($"${{env:{variable.Name}}} is not resolved: the variable is not set.", "Set the variable"),
        ReferencePart.File file => Content(file.Path),
        _ => throw new InvalidOperationException($"no such part: {part.GetType().Name}"),
    };

    private string Content(string path)
    {
        try
        {
            if (ConfinedPath.Resolve(folder, path) is not { } full)
                throw Unresolved($"${{file:{path}}} is not resolved: a relative path stays in the folder of the configuration.", "Write an absolute path");
            using var stream = File.OpenRead(full);
            var buffer = new byte[MaxFileBytes + 1];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > MaxFileBytes) throw Unresolved($"${{file:{path}}} is not resolved: the file is larger than {MaxFileBytes >> 10} KiB.", "Name another file");
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer, 0, length);
            return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var why = e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : $"the file can't be read ({e.GetType().Name})";
            throw Unresolved($"${{file:{path}}} is not resolved: {why}.", "Create the file, or let this user read it");
        }
    }

    private static CdcSyncException Unresolved(string message, string remedy) => new(ErrorCodes.UnresolvedReference, message, $"{remedy}, then run: cdcsync validate");
}

/// <summary>Paths in a configuration: relative ones stay in the tree of its folder.</summary>
public static class ConfinedPath
{
    /// <summary>The full path, or null where a relative path leaves the folder.</summary>
    /// <param name="folder">The folder of the configuration.</param>
    /// <param name="path">An absolute path, taken as it is, or a relative one.</param>
    public static string? Resolve(string folder, string path)
    {
        if (Path.IsPathRooted(path)) return Path.GetFullPath(path);
        var root = Path.GetFullPath(folder);
        var full = Path.GetFullPath(Path.Combine(root, path));
        return full == root || full.StartsWith(Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? full : null;
    }
}
