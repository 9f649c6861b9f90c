using System.Numerics;
using System.Runtime.CompilerServices;
using CdcSync.Arrow;
using CdcSync.Connectors.Postgres.Wire;

namespace CdcSync.Connectors.Postgres.Source.Values;

/// <summary>smallint, integer, bigint and oid into integer columns.</summary>
/// <typeparam name="TWire">What the wire has, big-endian.</typeparam>
/// <typeparam name="T">What the column holds.</typeparam>
internal sealed class IntegerReader<TWire, T>(FixedWidthBuilder<T> builder) : ValueReader
    where TWire : unmanaged, IBinaryInteger<TWire>, IMinMaxValue<TWire>
    where T : unmanaged, IBinaryInteger<T>
{
    private readonly string _outOfRange = $"found a number out of range, expected {builder.Type}";

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        var wire = TWire.ReadBigEndian(Exactly(value, Unsafe.SizeOf<TWire>()), TWire.MinValue == TWire.Zero);
        var held = T.CreateTruncating(wire);
        if (TWire.CreateTruncating(held) != wire || T.IsNegative(held) != TWire.IsNegative(wire)) return _outOfRange;
        builder.Append(held);
        return null;
    }
}

/// <summary>smallint, integer, bigint and oid into decimal columns.</summary>
internal sealed class WholeDecimalReader<TWire>(FixedWidthBuilder<Int128> builder, Decimal128Type type) : ValueReader
    where TWire : unmanaged, IBinaryInteger<TWire>, IMinMaxValue<TWire>
{
    private readonly string _outOfRange = $"found a number out of range, expected {type}";

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        var wire = Int128.CreateChecked(TWire.ReadBigEndian(Exactly(value, Unsafe.SizeOf<TWire>()), TWire.MinValue == TWire.Zero));
        if (Int128.Abs(wire) >= NumericForm.PowerOf10(type.Precision - type.Scale)) return _outOfRange;
        builder.Append(wire * NumericForm.PowerOf10(type.Scale));
        return null;
    }
}

/// <summary>real and double precision, where the column's width holds the value exactly.</summary>
internal sealed class RealReader<TWire, T>(FixedWidthBuilder<T> builder) : ValueReader
    where TWire : unmanaged, IBinaryFloatingPointIeee754<TWire>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly string _inexact = $"found a number that {builder.Type} does not hold exactly";

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        Exactly(value, Unsafe.SizeOf<TWire>());
        var wire = Unsafe.SizeOf<TWire>() == sizeof(float)
            ? TWire.CreateTruncating(System.Buffers.Binary.BinaryPrimitives.ReadSingleBigEndian(value))
            : TWire.CreateTruncating(System.Buffers.Binary.BinaryPrimitives.ReadDoubleBigEndian(value));
        var held = T.CreateTruncating(wire);
        if (TWire.CreateTruncating(held) != wire && !TWire.IsNaN(wire)) return _inexact;
        builder.Append(held);
        return null;
    }
}

/// <summary>boolean.</summary>
internal sealed class BoolReader(BoolBuilder builder) : ValueReader
{
    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        builder.Append(Exactly(value, 1)[0] != 0);
        return null;
    }
}

/// <summary>numeric into decimal columns, where they hold all its digits.</summary>
internal sealed class DecimalReader(FixedWidthBuilder<Int128> builder, Decimal128Type type) : ValueReader
{
    private readonly NumericReasons _reasons = new(type);

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        var outcome = NumericForm.TryRead(value, type.Precision, type.Scale, out var unscaled);
        if (outcome == NumericOutcome.Fits) builder.Append(unscaled);
        return _reasons.For(outcome);
    }
}

/// <summary>numeric into integer columns, where it has no fraction.</summary>
internal sealed class NumericIntegerReader<T>(FixedWidthBuilder<T> builder) : ValueReader
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private readonly NumericReasons _reasons = new(builder.Type);

    public override ArrayBuilder Builder => builder;

    protected override string? Value(ReadOnlySpan<byte> value)
    {
        var outcome = NumericForm.TryRead(value, Decimal128Type.MaxPrecision, 0, out var whole);
        if (outcome == NumericOutcome.Fits && (whole < Int128.CreateChecked(T.MinValue) || whole > Int128.CreateChecked(T.MaxValue))) outcome = NumericOutcome.OutOfRange;
        if (outcome == NumericOutcome.Fits) builder.Append(T.CreateTruncating(whole));
        return _reasons.For(outcome);
    }
}

/// <summary>What is wrong with a numeric, in words.</summary>
internal sealed class NumericReasons(ArrowType expected)
{
    private readonly string _outOfRange = $"found a number out of range, expected {expected}";
    private readonly string _tooFine = $"found more digits after the point than {expected} holds";
    private readonly string _special = $"found NaN or an infinity, expected {expected}";

    /// <summary>The reason; null where it fits.</summary>
    public string? For(NumericOutcome outcome) => outcome switch
    {
        NumericOutcome.Fits => null,
        NumericOutcome.TooFine => _tooFine,
        NumericOutcome.OutOfRange => _outOfRange,
        NumericOutcome.Special => _special,
        _ => throw ValueReader.OtherType(),
    };
}
