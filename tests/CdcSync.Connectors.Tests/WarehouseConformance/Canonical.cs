using System.Globalization;
using CdcSync.Arrow;

namespace CdcSync.Connectors.Tests.WarehouseConformance;

/// <summary>
/// The one text of a value, for comparing what was staged with what is found: integers in digits, <c>true</c>/<c>false</c>, decimals with all digits of
/// their scale (<c>12.30</c>), floating point as .NET's shortest round trip, text as it is, bytes in lower-case hex, <c>2026-01-31</c>,
/// <c>23:59:59.123</c> and <c>2026-01-31T23:59:59.123456</c> with all digits of the unit, instants with <c>Z</c> at the end.
/// </summary>
public static class Canonical
{
    public static string? Text(ArrowArray column, int row) => column.IsNull(row) ? null : column switch
    {
        NullArray => null,
        BoolArray a => a.GetValue(row) ? "true" : "false",
        FixedWidthArray<sbyte> a => Invariant(a[row]),
        FixedWidthArray<byte> a => Invariant(a[row]),
        FixedWidthArray<short> a => Invariant(a[row]),
        FixedWidthArray<ushort> a => Invariant(a[row]),
        FixedWidthArray<uint> a => Invariant(a[row]),
        FixedWidthArray<ulong> a => Invariant(a[row]),
        FixedWidthArray<Half> a => Invariant((double)a[row]),
        FixedWidthArray<float> a => Invariant((double)a[row]),
        FixedWidthArray<double> a => Invariant(a[row]),
        FixedWidthArray<int> { Type: Date32Type } a => Date(a[row]),
        FixedWidthArray<int> { Type: Time32Type t } a => Time(a[row], t.Unit),
        FixedWidthArray<int> a => Invariant(a[row]),
        FixedWidthArray<long> { Type: Time64Type t } a => Time(a[row], t.Unit),
        FixedWidthArray<long> { Type: TimestampType t } a => Timestamp(a[row], t),
        FixedWidthArray<long> a => Invariant(a[row]),
        FixedWidthArray<Int128> { Type: Decimal128Type t } a => Decimal(a[row], t.Scale),
        VarLengthArray { Type: StringType } a => a.GetString(row),
        VarLengthArray a => Convert.ToHexStringLower(a.GetBytes(row)),
        FixedSizeBinaryArray a => Convert.ToHexStringLower(a.GetBytes(row)),
        _ => throw new ArgumentException($"no canonical text for {column.Type}", nameof(column)),
    };

    public static string Invariant(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    public static string Decimal(Int128 unscaled, int scale)
    {
        var digits = Int128.Abs(unscaled).ToString(CultureInfo.InvariantCulture);
        if (scale > 0)
        {
            digits = digits.PadLeft(scale + 1, '0');
            digits = $"{digits[..^scale]}.{digits[^scale..]}";
        }
        else if (unscaled != 0)
        {
            digits += new string('0', -scale);
        }
        return unscaled < 0 ? $"-{digits}" : digits;
    }

    public static string Date(int days) => DateOnly.FromDayNumber(days + DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Time(long value, TimeUnit unit)
    {
        var (seconds, fraction) = Split(value, unit);
        return TimeOnly.MinValue.Add(TimeSpan.FromSeconds(seconds)).ToString("HH:mm:ss", CultureInfo.InvariantCulture) + Fraction(fraction, unit);
    }

    public static string Timestamp(long value, TimestampType type)
    {
        var (seconds, fraction) = Split(value, type.Unit);
        return DateTime.UnixEpoch.AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + Fraction(fraction, type.Unit) + (type.Timezone is null ? "" : "Z");
    }

    private static (long Seconds, long Fraction) Split(long value, TimeUnit unit)
    {
        var perSecond = (long)Math.Pow(10, 3 * (int)unit);
        var seconds = Math.DivRem(value, perSecond, out var fraction);
        return fraction < 0 ? (seconds - 1, fraction + perSecond) : (seconds, fraction);
    }

    private static string Fraction(long fraction, TimeUnit unit) => unit == TimeUnit.Second ? "" : "." + fraction.ToString(CultureInfo.InvariantCulture).PadLeft(3 * (int)unit, '0');
}
