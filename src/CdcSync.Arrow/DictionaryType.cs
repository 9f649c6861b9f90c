namespace CdcSync.Arrow;

/// <summary>Each row holds a place in a list of values, its dictionary. Columns of this type are read, not built or written: <see cref="DictionaryArray.Decode"/>
/// makes plain ones of them.</summary>
/// <param name="IndexType">The type of the places: an integer of 8, 16, 32 or 64 bits, signed or not.</param>
/// <param name="ValueType">The type of the values.</param>
/// <param name="Ordered">Whether the order of the places is the order of the values.</param>
/// <exception cref="ArgumentException">The places are no integers, or the values dictionary-encoded themselves.</exception>
public sealed record DictionaryType(ArrowType IndexType, ArrowType ValueType, bool Ordered) : ArrowType
{
    /// <summary>The type of the places.</summary>
    public ArrowType IndexType { get; } = IndexType is { TypeId: >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64 }
        ? IndexType : throw new ArgumentException($"The places in a dictionary are integers, not {IndexType}.", nameof(IndexType));
    /// <summary>The type of the values.</summary>
    public ArrowType ValueType { get; } = ValueType is not (null or DictionaryType)
        ? ValueType : throw new ArgumentException("The values of a dictionary have a plain type.", nameof(ValueType));
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Dictionary;
    /// <inheritdoc/>
    public override string Name => "dictionary";
    private protected override string Text => $"{Name}({IndexType}, {ValueType}{(Ordered ? ", ordered" : "")})";
}
