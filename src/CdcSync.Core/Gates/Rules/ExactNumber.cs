using System.Globalization;
using System.Numerics;

namespace CdcSync.Core.Gates.Rules;

/// <summary>A number as a contract writes it: digits and how many of them stand after the point.</summary>
internal readonly record struct ExactNumber(BigInteger Digits, int Scale)
{
    /// <summary>Reads a number of up to 28 digits; null = it is none.</summary>
    public static ExactNumber? Parse(string text)
    {
        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)) return null;
        var scale = number.Scale;
        return new ExactNumber(new BigInteger(number * Power(scale)), scale);
    }

    /// <summary>In units with so many digits after the point; null = it has more digits, or is beyond 128 bits.</summary>
    public Int128? Exactly(int scale) => Divided(scale, out var rest) is var units && rest.IsZero ? Within(units) : null;

    /// <summary>The least number of units that is not below it.</summary>
    public Int128 Ceiling(int scale) => Clamped(Divided(scale, out var rest) + (rest.Sign > 0 ? 1 : 0));

    /// <summary>The greatest number of units that is not above it.</summary>
    public Int128 Floor(int scale) => Clamped(Divided(scale, out var rest) - (rest.Sign < 0 ? 1 : 0));

    private BigInteger Divided(int scale, out BigInteger rest) => BigInteger.DivRem(Digits * BigInteger.Pow(10, Math.Max(scale, 0)), BigInteger.Pow(10, Scale + Math.Max(-scale, 0)), out rest);

    private static Int128? Within(BigInteger units) => units >= (BigInteger)Int128.MinValue && units <= (BigInteger)Int128.MaxValue ? (Int128)units : null;

    private static Int128 Clamped(BigInteger units) => (Int128)BigInteger.Clamp(units, Int128.MinValue, Int128.MaxValue);

    private static decimal Power(int scale)
    {
        var power = 1m;
        for (var i = 0; i < scale; i++) power *= 10;
        return power;
    }
}
