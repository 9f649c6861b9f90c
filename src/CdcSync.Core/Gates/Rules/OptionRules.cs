using System.Globalization;
using System.Text;
using CdcSync.Arrow;
using CdcSync.Core.Contracts;
using CdcSync.Core.Shaping;

namespace CdcSync.Core.Gates.Rules;

/// <summary>The bounds of a property's values (<c>logicalTypeOptions</c>) as rules.</summary>
internal static class OptionRules
{
    private const long MicrosecondsPerSecond = 1_000_000;

    /// <summary>Adds the rules of a column.</summary>
    public static void Add(RuleColumn column, ValueOptions options, RuleCollector rules)
    {
        if (options.MinLength is not null || options.MaxLength is not null) Length(column, options, rules);
        if (options.Pattern is { } pattern) Pattern(column, "pattern", pattern, rules);
        if (options.Format is { } format) Format(column, format, rules);
        Bound(column, "minimum", options.Minimum, RangeEnd.Least, isExclusive: false, rules);
        Bound(column, "maximum", options.Maximum, RangeEnd.Greatest, isExclusive: false, rules);
        Bound(column, "exclusiveMinimum", options.ExclusiveMinimum, RangeEnd.Least, isExclusive: true, rules);
        Bound(column, "exclusiveMaximum", options.ExclusiveMaximum, RangeEnd.Greatest, isExclusive: true, rules);
        if (options.MultipleOf is { } unit) Multiple(column, unit, rules);
        // The physical type counts; where there is none, it follows from this.
        if (options.Timezone is { } isZoned && isZoned != column.Type is TimestampType { Timezone: not null }) rules.Leave(column.At, $"'{column.Property}': timezone: {(isZoned ? "true" : "false")}, for it is {column.Type}");
    }

    /// <summary>Adds a rule that the whole text matches an expression.</summary>
    public static void Pattern(RuleColumn column, string name, string pattern, RuleCollector rules)
    {
        if (column.Type is not StringType)
            rules.Leave(column.At, $"'{column.Property}': {name}, for it is {column.Type}");
        else if (Patterns.Compile(pattern) is { } compiled)
            rules.Executed.Add(new PatternRule(name, column.Target, compiled, $"the pattern {pattern}"));
        else
            rules.Fault(column.At, $"'{column.Property}': {name}: '{pattern}' is no regular expression.");
    }

    private static void Length(RuleColumn column, ValueOptions options, RuleCollector rules)
    {
        var name = options.MinLength is null ? "maxLength" : options.MaxLength is null ? "minLength" : "length";
        if (column.Type is not StringType)
            rules.Leave(column.At, $"'{column.Property}': {name}, for it is {column.Type}");
        else if (options.MinLength > options.MaxLength)
            rules.Fault(column.At, $"'{column.Property}': minLength is above maxLength.");
        else
            rules.Executed.Add(new LengthRule(name, column.Target, options.MinLength ?? 0, options.MaxLength));
    }

    // The formats of numbers (i32, f64) say the type, where no physical type says another; those of times how they would be written as text.
    private static void Format(RuleColumn column, string format, RuleCollector rules)
    {
        if (column.Type is not StringType)
        {
            if (ContractType.OfFormat(format) != column.Type) rules.Leave(column.At, $"'{column.Property}': the format {format}, for it is {column.Type}");
            return;
        }
        if (Patterns.OfFormat(format) is { } known) rules.Executed.Add(new PatternRule("format", column.Target, known, $"the format {format}"));
        else rules.Leave(column.At, $"'{column.Property}': the format {format}");
    }

    private static void Bound(RuleColumn column, string name, string? text, RangeEnd end, bool isExclusive, RuleCollector rules)
    {
        if (text is null) return;
        var expected = $"{(end == RangeEnd.Least ? isExclusive ? "above" : "at least" : isExclusive ? "below" : "at most")} {text}";
        if (column.Type is FloatType or DoubleType)
        {
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) rules.Executed.Add(new FloatBoundRule(name, column.Target, number, end, isExclusive, expected));
            else Unreadable();
        }
        else if (column.Scale is { } scale)
        {
            if (ExactNumber.Parse(text) is { } number) rules.Executed.Add(new BoundRule(name, column.Target, Allowed(number, scale, end, isExclusive), end, expected));
            else Unreadable();
        }
        else if (Units(column.Type) is { } perSecond)
        {
            if (Time(column.Type, text) is { } time) rules.Executed.Add(new BoundRule(name, column.Target, Allowed(time, perSecond, end, isExclusive), end, expected));
            else Unreadable();
        }
        else
            rules.Leave(column.At, $"'{column.Property}': {name}, for it is {column.Type}");

        void Unreadable() => rules.Fault(column.At, $"'{column.Property}': {name}: '{text}' is no {(Units(column.Type) is null ? "number" : column.Type is Date32Type ? "date, as 2026-01-31" : column.Type is TimestampType ? "time, as 2026-01-31T13:05:00" : "time of day, as 13:05:00")}.");
    }

    private static Int128 Allowed(ExactNumber bound, int scale, RangeEnd end, bool isExclusive) => (end, isExclusive) switch
    {
        (RangeEnd.Least, false) => bound.Ceiling(scale),
        (RangeEnd.Least, true) => bound.Floor(scale) + 1,
        (_, false) => bound.Floor(scale),
        _ => bound.Ceiling(scale) - 1,
    };

    // Of a time in microseconds, in the column's own unit.
    private static Int128 Allowed(Int128 microseconds, long perSecond, RangeEnd end, bool isExclusive)
    {
        if (perSecond >= MicrosecondsPerSecond) return (microseconds * (perSecond / MicrosecondsPerSecond)) + (isExclusive ? end == RangeEnd.Least ? 1 : -1 : 0);
        var per = MicrosecondsPerSecond / perSecond;
        var floor = microseconds >= 0 ? microseconds / per : -((-microseconds + per - 1) / per);
        var isWhole = floor * per == microseconds;
        return (end, isExclusive) switch
        {
            (RangeEnd.Least, false) => isWhole ? floor : floor + 1,
            (RangeEnd.Least, true) => floor + 1,
            (_, false) => floor,
            _ => isWhole ? floor - 1 : floor,
        };
    }

    /// <summary>The column's units per second; of a date one per second stands for a day, which it has no less of. Null = it holds no times.</summary>
    private static long? Units(ArrowType type) => type switch
    {
        Date32Type => MicrosecondsPerSecond,
        Time32Type t => CivilTime.PerSecond(t.Unit),
        Time64Type t => CivilTime.PerSecond(t.Unit),
        TimestampType t => CivilTime.PerSecond(t.Unit),
        _ => null,
    };

    // A date counts days; where it stands for a time it is its midnight.
    private static Int128? Time(ArrowType type, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        var isDate = default(DateParser).TryParse(utf8, out var days);
        switch (type)
        {
            case Date32Type:
                return isDate ? days : null;
            case TimestampType timestamp:
                if (isDate) return (Int128)days * CivilTime.SecondsPerDay * MicrosecondsPerSecond;
                if (new TimestampParser(MicrosecondsPerSecond, isInstant: false).TryParse(utf8, out var wall)) return wall;
                return timestamp.Timezone is not null && new TimestampParser(MicrosecondsPerSecond, isInstant: true).TryParse(utf8, out var instant) ? instant : null;
            default:
                return new TimeParser<long>(MicrosecondsPerSecond).TryParse(utf8, out var time) ? time : null;
        }
    }

    private static void Multiple(RuleColumn column, decimal unit, RuleCollector rules)
    {
        var text = unit.ToString(CultureInfo.InvariantCulture);
        if (column.Scale is not { } scale || ExactNumber.Parse(text) is not { } number)
        {
            rules.Leave(column.At, $"'{column.Property}': multipleOf, for it is {column.Type}");
            return;
        }
        // Where the unit is finer than the column's digits, values are counted in the unit's digits.
        var finer = Math.Max(0, number.Scale - scale);
        if (number.Exactly(scale + finer) is { } units && units != 0) rules.Executed.Add(new MultipleRule("multipleOf", column.Target, units, Power(finer), $"a multiple of {text}"));
        else rules.Fault(column.At, $"'{column.Property}': multipleOf: '{text}' has too many digits.");
    }

    private static Int128 Power(int digits)
    {
        Int128 power = 1;
        for (var i = 0; i < digits; i++) power *= 10;
        return power;
    }
}
