namespace CdcSync.Arrow;

/// <summary>Signed integer of 1 byte.</summary>
public sealed record Int8Type : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static Int8Type Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Int8;
    /// <inheritdoc/>
    public override string Name => "int8";
    internal override Type ElementType => typeof(sbyte);
}

/// <summary>Unsigned integer of 1 byte.</summary>
public sealed record UInt8Type : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static UInt8Type Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.UInt8;
    /// <inheritdoc/>
    public override string Name => "uint8";
    internal override Type ElementType => typeof(byte);
}

/// <summary>Signed integer of 2 bytes.</summary>
public sealed record Int16Type : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static Int16Type Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Int16;
    /// <inheritdoc/>
    public override string Name => "int16";
    internal override Type ElementType => typeof(short);
}

/// <summary>Unsigned integer of 2 bytes.</summary>
public sealed record UInt16Type : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static UInt16Type Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.UInt16;
    /// <inheritdoc/>
    public override string Name => "uint16";
    internal override Type ElementType => typeof(ushort);
}

/// <summary>Signed integer of 4 bytes.</summary>
public sealed record Int32Type : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static Int32Type Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Int32;
    /// <inheritdoc/>
    public override string Name => "int32";
    internal override Type ElementType => typeof(int);
}

/// <summary>Unsigned integer of 4 bytes.</summary>
public sealed record UInt32Type : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static UInt32Type Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.UInt32;
    /// <inheritdoc/>
    public override string Name => "uint32";
    internal override Type ElementType => typeof(uint);
}

/// <summary>Signed integer of 8 bytes.</summary>
public sealed record Int64Type : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static Int64Type Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Int64;
    /// <inheritdoc/>
    public override string Name => "int64";
    internal override Type ElementType => typeof(long);
}

/// <summary>Unsigned integer of 8 bytes.</summary>
public sealed record UInt64Type : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static UInt64Type Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.UInt64;
    /// <inheritdoc/>
    public override string Name => "uint64";
    internal override Type ElementType => typeof(ulong);
}

/// <summary>IEEE 754 binary16.</summary>
public sealed record HalfFloatType : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static HalfFloatType Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.HalfFloat;
    /// <inheritdoc/>
    public override string Name => "halffloat";
    internal override Type ElementType => typeof(Half);
}

/// <summary>IEEE 754 binary32.</summary>
public sealed record FloatType : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static FloatType Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Float;
    /// <inheritdoc/>
    public override string Name => "float";
    internal override Type ElementType => typeof(float);
}

/// <summary>IEEE 754 binary64.</summary>
public sealed record DoubleType : ArrowType
{
    /// <summary>The one instance needed.</summary>
    public static DoubleType Default { get; } = new();
    /// <inheritdoc/>
    public override ArrowTypeId TypeId => ArrowTypeId.Double;
    /// <inheritdoc/>
    public override string Name => "double";
    internal override Type ElementType => typeof(double);
}
