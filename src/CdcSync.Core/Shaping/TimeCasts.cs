using System.Numerics;
using CdcSync.Arrow;

namespace CdcSync.Core.Shaping;

/// <summary>Between units of time, where no part of a unit is lost and the range suffices.</summary>
/// <param name="from">Units per second before.</param>
/// <param name="to">Units per second after.</param>
internal readonly struct UnitCast<TFrom, TTo>(long from, long to) : IValueCast<TFrom, TTo> where TFrom : IBinaryInteger<TFrom> where TTo : IBinaryInteger<TTo>
{
    private readonly long _factor = to >= from ? to / from : from / to;
    private readonly bool _divides = to < from;

    public bool TryCast(TFrom value, out TTo result)
    {
        var units = Int128.CreateTruncating(value);
        var cast = _divides ? units / _factor : units * _factor;
        return default(IntegerCast<Int128, TTo>).TryCast(cast, out result) && (!_divides || cast * _factor == units);
    }
}

/// <summary>A date to its midnight on the same calendar.</summary>
/// <param name="perSecond">Units per second of the result.</param>
internal readonly struct DateToTimestamp(long perSecond) : IValueCast<int, long>
{
    private readonly long _perDay = perSecond * CivilTime.SecondsPerDay;

    public bool TryCast(int value, out long result)
    {
        var high = Math.BigMul(value, _perDay, out result);
        return high == result >> 63;
    }
}

/// <summary>The proleptic Gregorian calendar, for any year.</summary>
internal static class CivilTime
{
    internal const int SecondsPerDay = 86_400;

    internal static long PerSecond(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => 1,
        TimeUnit.Millisecond => 1_000,
        TimeUnit.Microsecond => 1_000_000,
        _ => 1_000_000_000,
    };

    // Days to and from year, month, day: eras of 400 years that begin on 1 March, so that the leap day is a year's last.
    internal static long Days(long year, int month, int day)
    {
        if (month <= 2) year--;
        var era = (year >= 0 ? year : year - 399) / 400;
        var yearOfEra = year - (era * 400);
        var dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        return (era * 146_097) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear - 719_468;
    }

    internal static (long Year, int Month, int Day) Date(long days)
    {
        days += 719_468;
        var era = (days >= 0 ? days : days - 146_096) / 146_097;
        var dayOfEra = days - (era * 146_097);
        var yearOfEra = (dayOfEra - (dayOfEra / 1_460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        var dayOfYear = (int)(dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100)));
        var month = ((5 * dayOfYear) + 2) / 153;
        var day = dayOfYear - (((153 * month) + 2) / 5) + 1;
        month = month < 10 ? month + 3 : month - 9;
        return (yearOfEra + (era * 400) + (month <= 2 ? 1 : 0), month, day);
    }

    internal static int DaysInMonth(long year, int month) => month switch
    {
        2 => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };
}
