using CdcSync.Core.Errors;

namespace CdcSync.Core.Yaml;

/// <summary>Turns nodes into values; what does not fit becomes a finding with its place and null.</summary>
/// <param name="Diagnostics">Takes what is wrong.</param>
/// <param name="References">Resolves <c>${…}</c>; null = a <c>$</c> means nothing (contracts).</param>
public sealed record ReadContext(Diagnostics Diagnostics, References? References = null)
{
    /// <summary>A text. A plain <c>1.0</c> or <c>true</c> is none: it must be quoted, or its meaning would depend on the reader.</summary>
    /// <param name="node">The node.</param>
    /// <param name="path">Where the node hangs, for messages: <c>datasets.orders.source</c>.</param>
    public string? Text(YamlNode node, string path)
    {
        if (Resolve(node, path, "a text") is not { } word) return null;
        if (word.Form is not Form.Plain || YamlScalars.KindOf(word.Value) is YamlScalarKind.Text) return word.Value;
        Wrong(node, path, YamlScalars.KindOf(word.Value) is YamlScalarKind.Null ? "a text" : "a text (in quotes)");
        return null;
    }

    /// <summary>True or false.</summary>
    /// <inheritdoc cref="Text"/>
    public bool? Flag(YamlNode node, string path) => Convert(node, path, "true or false", word => word.Form is Form.Quoted ? null : YamlScalars.AsBoolean(word.Value));

    /// <summary>A whole number.</summary>
    /// <inheritdoc cref="Text"/>
    public long? Integer(YamlNode node, string path) => Convert(node, path, "a whole number", word => word.Form is Form.Quoted ? null : YamlScalars.AsInteger(word.Value));

    /// <summary>A number.</summary>
    /// <inheritdoc cref="Text"/>
    public decimal? Number(YamlNode node, string path) => Convert(node, path, "a number", word => word.Form is Form.Quoted ? null : YamlScalars.AsNumber(word.Value));

    /// <summary>A duration.</summary>
    /// <inheritdoc cref="Text"/>
    public TimeSpan? Duration(YamlNode node, string path) => Convert(node, path, "a duration such as 500ms, 10s, 5m, 1h or 7d", word => Quantity.Duration(word.Value));

    /// <summary>A size in bytes.</summary>
    /// <inheritdoc cref="Text"/>
    public long? Size(YamlNode node, string path) => Convert(node, path, "a size such as 512MiB or 10GiB", word => Quantity.Size(word.Value));

    /// <summary>A mapping, to be read field by field.</summary>
    /// <inheritdoc cref="Text"/>
    public FieldReader? Map(YamlNode node, string path)
    {
        if (node is YamlMap map) return new FieldReader(map, this, path);
        Wrong(node, path, "a mapping");
        return null;
    }

    /// <summary>A list's items; empty where it is none.</summary>
    /// <inheritdoc cref="Text"/>
    public IReadOnlyList<YamlNode> Items(YamlNode node, string path)
    {
        if (node is YamlList list) return list.Items;
        Wrong(node, path, "a list");
        return [];
    }

    private T? Convert<T>(YamlNode node, string path, string expected, Func<Word, T?> convert)
        where T : struct
    {
        // Where a reference does not resolve, that is the finding, not the missing value.
        if (Resolve(node, path, expected) is not { } word) return null;
        var value = convert(word);
        if (value is null) Wrong(node, path, expected);
        return value;
    }

    private Word? Resolve(YamlNode node, string path, string expected)
    {
        if (node is not YamlScalar scalar)
        {
            Wrong(node, path, expected);
            return null;
        }
        if (References is null || !scalar.Value.Contains("${", StringComparison.Ordinal)) return new(scalar.Value, scalar.IsPlain ? Form.Plain : Form.Quoted);
        var text = ReferenceText.Parse(scalar.Value, out var problem);
        if (problem is not null)
        {
            Diagnostics.Error(scalar.At, $"{path}: {problem}");
            return null;
        }
        try
        {
            return new(References.Resolve(text), text.HasReferences ? Form.Resolved : Form.Quoted);
        }
        catch (CdcSyncException e)
        {
            Diagnostics.Error(scalar.At, $"{path}: {e.Message}", e.Code);
            return null;
        }
    }

    private void Wrong(YamlNode node, string path, string expected) => Diagnostics.Error(node.At, $"{path}: expected {expected}, found {node.Describe()}.");

    /// <summary>How a scalar came: a quoted "5" is a text; what a reference resolved to has no quotes of its own and may be any kind of value.</summary>
    private enum Form
    {
        Plain,
        Quoted,
        Resolved,
    }

    private readonly record struct Word(string Value, Form Form);
}
