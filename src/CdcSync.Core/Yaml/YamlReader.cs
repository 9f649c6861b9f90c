using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CdcSync.Core.Yaml;

/// <summary>Reads one YAML document into nodes that know their place. Refuses what makes YAML surprising or dangerous: tags, anchors and aliases, merge keys,
/// duplicate keys, keys that are not text, several documents, deep or large files.</summary>
public sealed class YamlReader
{
    /// <summary>The size of a file at the most, in bytes of UTF-8: 1 MiB.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>How deep lists and mappings may nest: 32.</summary>
    public const int MaxDepth = 32;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Scanner _scanner;
    private readonly Parser _events;
    private readonly string _file;
    private readonly Diagnostics _diagnostics;

    private YamlReader(string text, string file, Diagnostics diagnostics)
    {
        _scanner = new Scanner(new StringReader(text));
        _events = new Parser(_scanner);
        _file = file;
        _diagnostics = diagnostics;
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; UTF-8, with or without a byte order mark.</param>
    /// <param name="diagnostics">Takes what is wrong, also that the file is missing or unreadable.</param>
    /// <returns>The document's root; null where the YAML itself is wrong or the file is empty.</returns>
    public static YamlNode? ReadFile(string path, Diagnostics diagnostics)
    {
        ArgumentNullException.ThrowIfNull(diagnostics);
        var start = new FileLocation(path, 1, 1);
        byte[] bytes;
        try
        {
            using var stream = File.OpenRead(path);
            var buffer = new byte[MaxBytes + 1];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > MaxBytes)
            {
                diagnostics.Error(start, $"the file is larger than {MaxBytes >> 20} MiB.");
                return null;
            }
            bytes = buffer[..length];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            diagnostics.Error(start, e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file." : $"the file can't be read ({e.GetType().Name}).");
            return null;
        }
        return Read(bytes, path, diagnostics);
    }

    /// <summary>Reads a document from memory.</summary>
    /// <param name="utf8">The document, with or without a byte order mark.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="diagnostics">Takes what is wrong.</param>
    /// <returns>The document's root; null where the YAML itself is wrong or the document is empty.</returns>
    public static YamlNode? Read(ReadOnlySpan<byte> utf8, string file, Diagnostics diagnostics)
    {
        ArgumentNullException.ThrowIfNull(diagnostics);
        if (utf8.StartsWith(Encoding.UTF8.Preamble)) utf8 = utf8[3..];
        try
        {
            return Read(Utf8.GetString(utf8), file, diagnostics);
        }
        catch (DecoderFallbackException e)
        {
            var line = 1 + utf8[..Math.Clamp(e.Index, 0, utf8.Length)].Count((byte)'\n');
            diagnostics.Error(new(file, line, 1), "the line is not UTF-8.");
            return null;
        }
    }

    /// <summary>Reads a document from text.</summary>
    /// <param name="text">The document.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="diagnostics">Takes what is wrong.</param>
    /// <returns>The document's root; null where the YAML itself is wrong or the document is empty.</returns>
    public static YamlNode? Read(string text, string file, Diagnostics diagnostics)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(diagnostics);
        if (Utf8.GetMaxByteCount(text.Length) > MaxBytes && SizeOf(text) > MaxBytes)
        {
            diagnostics.Error(new(file, 1, 1), $"the file is larger than {MaxBytes >> 20} MiB.");
            return null;
        }
        try
        {
            return new YamlReader(text, file, diagnostics).Document();
        }
        catch (Refusal refusal)
        {
            diagnostics.Error(refusal.At, refusal.Message);
        }
        catch (YamlException e)
        {
            diagnostics.Error(new(file, (int)e.Start.Line, (int)e.Start.Column), $"the YAML is malformed: {Trim(e)}");
        }
        return null;
    }

    private static int SizeOf(string text) => Encoding.UTF8.GetByteCount(text);

    // The parser's own messages begin with the place, which is told already.
    private static string Trim(YamlException e)
    {
        var message = (e.InnerException as YamlException ?? e).Message;
        var end = message.IndexOf("): ", StringComparison.Ordinal);
        message = message.StartsWith('(') && end > 0 ? message[(end + 3)..] : message;
        return message.TrimEnd('.') + ".";
    }

    private YamlNode? Document()
    {
        Advance();
        Advance();
        if (_events.Current is StreamEnd)
        {
            _diagnostics.Error(new(_file, 1, 1), "the file is empty.");
            return null;
        }
        if (_events.Current is DocumentStart { Tags: { } tags } && tags.Any(t => t.Handle is not ("!" or "!!")))
            throw new Refusal(Here(), "%TAG directives are not supported.");
        Advance();
        var root = Node(depth: 0);
        Advance();
        return _events.Current is StreamEnd ? root : throw new Refusal(Here(), "expected one document, found a second one.");
    }

    private YamlNode Node(int depth)
    {
        var at = Here();
        if (_events.Current is AnchorAlias) throw new Refusal(at, "aliases (*name) are not supported: write the value again.");
        if (_events.Current is NodeEvent { Anchor.IsEmpty: false }) throw new Refusal(at, "anchors (&name) are not supported.");
        if (_events.Current is NodeEvent { Tag.IsEmpty: false }) throw new Refusal(at, "tags (!name) are not supported.");
        if (depth > MaxDepth) throw new Refusal(at, $"lists and mappings nest deeper than {MaxDepth}.");
        YamlNode node = _events.Current switch
        {
            Scalar scalar => new YamlScalar(at, scalar.Value, scalar.Style is ScalarStyle.Plain),
            SequenceStart => List(at, depth),
            MappingStart => Map(at, depth),
            var other => throw new Refusal(at, $"unexpected {other?.GetType().Name}."),
        };
        Advance();
        return node;
    }

    private YamlList List(FileLocation at, int depth)
    {
        var items = new List<YamlNode>();
        Advance();
        while (_events.Current is not SequenceEnd) items.Add(Node(depth + 1));
        return new YamlList(at, items);
    }

    private YamlMap Map(FileLocation at, int depth)
    {
        var entries = new List<YamlEntry>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        Advance();
        while (_events.Current is not MappingEnd)
        {
            var name = Node(depth + 1);
            if (name is not YamlScalar key) throw new Refusal(name.At, "a key must be a text.");
            if (key is { IsPlain: true, Value: "<<" }) throw new Refusal(key.At, "merge keys (<<) are not supported.");
            var value = Node(depth + 1);
            if (seen.TryAdd(key.Value, key.At.Line)) entries.Add(new YamlEntry(key, value));
            else _diagnostics.Error(key.At, $"the key '{key.Value}' is there twice; the first is on line {seen[key.Value]}.");
        }
        return new YamlMap(at, entries);
    }

    // The parser's scanner has no exception of its own for some malformed texts, such as a closing brace in an open list.
    private void Advance()
    {
        try
        {
            _events.MoveNext();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or NullReferenceException or FormatException or OverflowException)
        {
            throw new Refusal(At(_scanner.CurrentPosition), "the YAML is malformed here: look for a bracket, brace or quote that is not closed.");
        }
    }

    private FileLocation Here() => At(_events.Current?.Start ?? Mark.Empty);

    private FileLocation At(Mark mark) => new(_file, (int)mark.Line, (int)mark.Column);

    /// <summary>Ends the reading of a document that can't be understood further.</summary>
    private sealed class Refusal(FileLocation at, string message) : Exception(message)
    {
        internal FileLocation At { get; } = at;
    }
}
