using System.Collections.ObjectModel;

namespace CdcSync.Arrow;

/// <summary>A column's name, type, nullability and metadata. Immutable; equality is structural.</summary>
/// <param name="name">The name; may be empty, and may occur twice in a schema.</param>
/// <param name="dataType">The type of its values.</param>
/// <param name="nullable">Whether nulls may occur. A claim about the data: a batch is not checked against it.</param>
/// <param name="metadata">Keys and values that travel with the field; null for none.</param>
public sealed class Field(string name, ArrowType dataType, bool nullable, IReadOnlyDictionary<string, string>? metadata = null) : IEquatable<Field>
{
    /// <summary>The column's name, compared by ordinal.</summary>
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));

    /// <summary>The type of its values.</summary>
    public ArrowType DataType { get; } = dataType ?? throw new ArgumentNullException(nameof(dataType));

    /// <summary>Whether nulls may occur.</summary>
    public bool IsNullable { get; } = nullable;

    /// <summary>Keys and values that travel with the field; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = MetadataPairs.Copy(metadata);

    /// <summary>Equal name, type, nullability and metadata.</summary>
    /// <param name="other">The field to compare with.</param>
    public bool Equals(Field? other) => ReferenceEquals(this, other)
        || (other is not null && Name == other.Name && IsNullable == other.IsNullable && DataType == other.DataType && Metadata.SameAs(other.Metadata));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Field);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, DataType, IsNullable, Metadata.Count);

    /// <summary>As in <c>amount: decimal128(12, 2) not null</c>.</summary>
    public override string ToString() => IsNullable ? $"{Name}: {DataType}" : $"{Name}: {DataType} not null";
}

internal static class MetadataPairs
{
    internal static IReadOnlyDictionary<string, string> Copy(IReadOnlyDictionary<string, string>? metadata) =>
        metadata is null or { Count: 0 } ? ReadOnlyDictionary<string, string>.Empty : new Dictionary<string, string>(metadata).AsReadOnly();

    internal static bool SameAs(this IReadOnlyDictionary<string, string> left, IReadOnlyDictionary<string, string> right)
    {
        if (ReferenceEquals(left, right)) return true;
        if (left.Count != right.Count) return false;
        foreach (var (key, value) in left)
            if (!right.TryGetValue(key, out var other) || other != value) return false;
        return true;
    }
}
