using System.Numerics;

namespace CdcSync.Core.Shaping;

/// <summary>Between integers of any width and sign.</summary>
internal readonly struct IntegerCast<TFrom, TTo> : IValueCast<TFrom, TTo> where TFrom : IBinaryInteger<TFrom> where TTo : IBinaryInteger<TTo>
{
    public bool TryCast(TFrom value, out TTo result)
    {
        result = TTo.CreateTruncating(value);
        return TFrom.CreateTruncating(result) == value && TFrom.IsNegative(value) == TTo.IsNegative(result);
    }
}

/// <summary>0 and 1 to false and true.</summary>
internal readonly struct IntegerToBit<TFrom> : IValueCast<TFrom, byte> where TFrom : IBinaryInteger<TFrom>
{
    public bool TryCast(TFrom value, out byte result)
    {
        result = value == TFrom.One ? (byte)1 : (byte)0;
        return result == 1 || value == TFrom.Zero;
    }
}

/// <summary>Integers to floating point, where it holds them exactly.</summary>
internal readonly struct IntegerToFloat<TFrom, TTo> : IValueCast<TFrom, TTo> where TFrom : IBinaryInteger<TFrom> where TTo : IBinaryFloatingPointIeee754<TTo>
{
    public bool TryCast(TFrom value, out TTo result)
    {
        result = TTo.CreateTruncating(value);
        // By way of 128 bits: the way back to TFrom saturates, and would call 2^63 equal to 2^63 - 1.
        return Int128.CreateSaturating(result) == Int128.CreateTruncating(value);
    }
}

/// <summary>To a wider floating point type: always exact.</summary>
internal readonly struct FloatWidening<TFrom, TTo> : IValueCast<TFrom, TTo> where TFrom : IBinaryFloatingPointIeee754<TFrom> where TTo : IBinaryFloatingPointIeee754<TTo>
{
    public bool TryCast(TFrom value, out TTo result)
    {
        result = TTo.CreateTruncating(value);
        return true;
    }
}

/// <summary>From one scale to another where no digit is lost and the precision suffices.</summary>
/// <param name="shift">The new scale less the old, -38 to 38.</param>
/// <param name="precision">The digits the result may have.</param>
internal readonly struct DecimalRescale(int shift, int precision) : IValueCast<Int128, Int128>
{
    private readonly Int128 _factor = Decimals.PowerOfTen(Math.Abs(shift));
    private readonly Int128 _limit = shift > 0 ? Decimals.Largest(precision) / Decimals.PowerOfTen(shift) : Decimals.Largest(precision);
    private readonly bool _divides = shift < 0;

    public bool TryCast(Int128 value, out Int128 result)
    {
        if (_divides)
        {
            result = value / _factor;
            return result * _factor == value && result <= _limit && result >= -_limit;
        }
        var fits = value <= _limit && value >= -_limit;
        result = fits ? value * _factor : 0;
        return fits;
    }
}

/// <summary>Integers to decimals.</summary>
internal readonly struct IntegerToDecimal<TFrom>(int precision, int scale) : IValueCast<TFrom, Int128> where TFrom : IBinaryInteger<TFrom>
{
    private readonly DecimalRescale _rescale = new(scale, precision);

    public bool TryCast(TFrom value, out Int128 result) => _rescale.TryCast(Int128.CreateTruncating(value), out result);
}

/// <summary>Decimals without a fraction to integers.</summary>
internal readonly struct DecimalToInteger<TTo>(int scale) : IValueCast<Int128, TTo> where TTo : IBinaryInteger<TTo>
{
    private readonly DecimalRescale _rescale = new(-scale, CdcSync.Arrow.Decimal128Type.MaxPrecision);

    public bool TryCast(Int128 value, out TTo result)
    {
        if (_rescale.TryCast(value, out var whole)) return default(IntegerCast<Int128, TTo>).TryCast(whole, out result);
        result = TTo.Zero;
        return false;
    }
}

internal static class Decimals
{
    private static readonly Int128[] Powers = MakePowers();

    internal static Int128 PowerOfTen(int exponent) => Powers[exponent];

    /// <summary>The largest number of that many digits.</summary>
    internal static Int128 Largest(int precision) => Powers[precision] - 1;

    private static Int128[] MakePowers()
    {
        var powers = new Int128[CdcSync.Arrow.Decimal128Type.MaxPrecision + 1];
        powers[0] = 1;
        for (var i = 1; i < powers.Length; i++) powers[i] = powers[i - 1] * 10;
        return powers;
    }
}
