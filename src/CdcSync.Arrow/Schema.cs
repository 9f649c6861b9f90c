namespace CdcSync.Arrow;

/// <summary>The columns of a batch, in order. Immutable; equality is structural.</summary>
public sealed class Schema : IEquatable<Schema>
{
    private readonly Field[] _fields;

    /// <summary>Takes copies of list and metadata.</summary>
    /// <param name="fields">The columns in order; none is allowed, equal names are allowed.</param>
    /// <param name="metadata">Keys and values that travel with the schema; null for none.</param>
    public Schema(IReadOnlyList<Field> fields, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(fields);
        _fields = [.. fields];
        Metadata = MetadataPairs.Copy(metadata);
    }

    /// <summary>The columns in order.</summary>
    public IReadOnlyList<Field> Fields => _fields;

    /// <summary>Keys and values that travel with the schema; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The place of the first field of that name, compared by ordinal, or -1.</summary>
    /// <param name="name">The name to look for.</param>
    public int GetFieldIndex(string name) => Array.FindIndex(_fields, field => field.Name == name);

    /// <summary>Equal fields in the same order and equal metadata.</summary>
    /// <param name="other">The schema to compare with.</param>
    public bool Equals(Schema? other) => ReferenceEquals(this, other)
        || (other is not null && _fields.AsSpan().SequenceEqual(other._fields) && Metadata.SameAs(other.Metadata));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Schema);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var field in _fields) hash.Add(field);
        return hash.ToHashCode();
    }

    /// <summary>The fields, as in <c>(id: int64 not null, name: utf8)</c>.</summary>
    public override string ToString() => $"({string.Join(", ", (object[])_fields)})";
}
