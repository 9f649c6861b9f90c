namespace CdcSync.Core.Yaml;

/// <summary>A value of a YAML file, with its place.</summary>
/// <param name="At">Where it starts.</param>
public abstract record YamlNode(FileLocation At)
{
    /// <summary>What it is, for messages: kind and, where short, the text as it stands in the file (references unresolved).</summary>
    public abstract string Describe();
}

/// <summary>A single value.</summary>
/// <param name="At">Where it starts.</param>
/// <param name="Value">The text as it stands in the file, without quotes.</param>
/// <param name="IsPlain">True without quotes: then <c>12</c> is a number and <c>true</c> a boolean, as in YAML 1.2 (and <c>no</c> is text).</param>
public sealed record YamlScalar(FileLocation At, string Value, bool IsPlain) : YamlNode(At)
{
    /// <summary>What the scalar is by YAML 1.2's core schema.</summary>
    public YamlScalarKind Kind => IsPlain ? YamlScalars.KindOf(Value) : YamlScalarKind.Text;

    /// <inheritdoc/>
    public override string Describe() => Kind switch
    {
        YamlScalarKind.Null => "nothing",
        YamlScalarKind.Boolean => $"the boolean {Value}",
        YamlScalarKind.Integer or YamlScalarKind.Float => $"the number {Value}",
        _ when Value.Length is 0 => "an empty text",
        _ when Value.Length > 40 => "a text",
        _ => $"'{Value}'",
    };
}

/// <summary>A list.</summary>
/// <param name="At">Where it starts.</param>
/// <param name="Items">Its items in order.</param>
public sealed record YamlList(FileLocation At, IReadOnlyList<YamlNode> Items) : YamlNode(At)
{
    /// <inheritdoc/>
    public override string Describe() => "a list";
}

/// <summary>A mapping. No key occurs twice.</summary>
/// <param name="At">Where it starts.</param>
/// <param name="Entries">Its entries in the file's order.</param>
public sealed record YamlMap(FileLocation At, IReadOnlyList<YamlEntry> Entries) : YamlNode(At)
{
    /// <summary>The entry of that key, or null.</summary>
    /// <param name="key">The key, compared by ordinal.</param>
    public YamlEntry? Find(string key) => Entries.FirstOrDefault(e => e.Key.Value == key);

    /// <inheritdoc/>
    public override string Describe() => "a mapping";
}

/// <summary>An entry of a mapping.</summary>
/// <param name="Key">The key with its place.</param>
/// <param name="Value">The value.</param>
public sealed record YamlEntry(YamlScalar Key, YamlNode Value);

/// <summary>What a plain scalar is.</summary>
public enum YamlScalarKind
{
    /// <summary>Nothing, <c>~</c> or <c>null</c>.</summary>
    Null,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a point or an exponent.</summary>
    Float,

    /// <summary>Anything else.</summary>
    Text,
}
