namespace CdcSync.Arrow;

/// <summary>A 32-bit integer times 10 to the power of minus <paramref name="Scale"/>.</summary>
/// <param name="Precision">Decimal digits, 1 to 9.</param>
/// <param name="Scale">Digits after the point; may be negative.</param>
/// <exception cref="ArgumentOutOfRangeException">The precision is not in 1..9.</exception>
public sealed record Decimal32Type(int Precision, int Scale) : ArrowType
{
    /// <summary>The most digits 32 bits hold.</summary>
    public const int MaxPrecision = 9;

    /// <summary>Decimal digits, 1 to 9.</summary>
    public int Precision { get; } = Precision is >= 1 and <= MaxPrecision
        ? Precision : throw new ArgumentOutOfRangeException(nameof(Precision), Precision, "1 to 9");
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Decimal32;
    /// <inheritdoc/>
    public override string Name => "decimal32";
    internal override Type ElementType => typeof(int);
    private protected override string Text => $"{Name}({Precision}, {Scale})";
}

/// <summary>A 64-bit integer times 10 to the power of minus <paramref name="Scale"/>.</summary>
/// <param name="Precision">Decimal digits, 1 to 18.</param>
/// <param name="Scale">Digits after the point; may be negative.</param>
/// <exception cref="ArgumentOutOfRangeException">The precision is not in 1..18.</exception>
public sealed record Decimal64Type(int Precision, int Scale) : ArrowType
{
    /// <summary>The most digits 64 bits hold.</summary>
    public const int MaxPrecision = 18;

    /// <summary>Decimal digits, 1 to 18.</summary>
    public int Precision { get; } = Precision is >= 1 and <= MaxPrecision
        ? Precision : throw new ArgumentOutOfRangeException(nameof(Precision), Precision, "1 to 18");
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Decimal64;
    /// <inheritdoc/>
    public override string Name => "decimal64";
    internal override Type ElementType => typeof(long);
    private protected override string Text => $"{Name}({Precision}, {Scale})";
}

/// <summary>A 128-bit integer times 10 to the power of minus <paramref name="Scale"/>.</summary>
/// <param name="Precision">Decimal digits, 1 to 38.</param>
/// <param name="Scale">Digits after the point; may be negative.</param>
/// <exception cref="ArgumentOutOfRangeException">The precision is not in 1..38.</exception>
public sealed record Decimal128Type(int Precision, int Scale) : ArrowType
{
    /// <summary>The most digits 128 bits hold.</summary>
    public const int MaxPrecision = 38;

    /// <summary>Decimal digits, 1 to 38.</summary>
    public int Precision { get; } = Precision is >= 1 and <= MaxPrecision
        ? Precision : throw new ArgumentOutOfRangeException(nameof(Precision), Precision, "1 to 38");
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Decimal128;
    /// <inheritdoc/>
    public override string Name => "decimal128";
    internal override Type ElementType => typeof(Int128);
    private protected override string Text => $"{Name}({Precision}, {Scale})";
}

/// <summary>A 256-bit integer times 10 to the power of minus <paramref name="Scale"/>.</summary>
/// <param name="Precision">Decimal digits, 1 to 76.</param>
/// <param name="Scale">Digits after the point; may be negative.</param>
/// <exception cref="ArgumentOutOfRangeException">The precision is not in 1..76.</exception>
public sealed record Decimal256Type(int Precision, int Scale) : ArrowType
{
    /// <summary>The most digits 256 bits hold.</summary>
    public const int MaxPrecision = 76;

    /// <summary>Decimal digits, 1 to 76.</summary>
    public int Precision { get; } = Precision is >= 1 and <= MaxPrecision
        ? Precision : throw new ArgumentOutOfRangeException(nameof(Precision), Precision, "1 to 76");
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Decimal256;
    /// <inheritdoc/>
    public override string Name => "decimal256";
    internal override Type ElementType => typeof(Int256);
    private protected override string Text => $"{Name}({Precision}, {Scale})";
}
