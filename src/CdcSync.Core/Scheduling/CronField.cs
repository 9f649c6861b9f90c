using System.Globalization;

namespace CdcSync.Core.Scheduling;

/// <summary>One of the five fields of a cron expression: the numbers it allows.</summary>
/// <param name="Allowed">A bit per number.</param>
/// <param name="IsAny">True if it begins with <c>*</c> or allows every number: it says nothing of this field, or only how often.</param>
internal readonly record struct CronField(ulong Allowed, bool IsAny)
{
    private static readonly string[] Months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    /// <summary>The five fields: what each is called, its least and greatest number, and the names its numbers have from the least on.</summary>
    public static IReadOnlyList<(string Name, int Min, int Max, IReadOnlyList<string> Names)> Kinds { get; } =
        [("minute", 0, 59, []), ("hour", 0, 23, []), ("day of the month", 1, 31, []), ("month", 1, 12, Months), ("day of the week", 0, 7, Days)];

    /// <summary>True if the number is allowed.</summary>
    public bool Has(int number) => (Allowed >> number & 1) == 1;

    /// <summary>Reads a field: numbers, ranges <c>a-b</c> and steps <c>*/n</c>, <c>a-b/n</c>, <c>a/n</c> in a list.</summary>
    /// <returns>The field, or what is wrong with it.</returns>
    public static (CronField Field, string? Problem) Parse(string text, (string Name, int Min, int Max, IReadOnlyList<string> Names) kind)
    {
        var allowed = 0UL;
        foreach (var part in text.Split(','))
        {
            if (Part(part, kind) is not var (from, to, step) || from > to || step < 1)
                return (default, $"'{part}' is no {kind.Name}: expected {kind.Min} to {kind.Max}{(kind.Names.Count > 0 ? $" or {kind.Names[0]} to {kind.Names[^1]}" : "")}, a range a-b, or steps such as */5.");
            for (var number = from; number <= to; number += step)
                allowed |= 1UL << number;
        }

        // Sunday is 0 and 7.
        if (kind.Max == 7)
            allowed = (allowed | allowed >> 7 & 1) & ~(1UL << 7);
        var all = Enumerable.Range(kind.Min, (kind.Max == 7 ? 6 : kind.Max) - kind.Min + 1).Aggregate(0UL, (bits, n) => bits | 1UL << n);
        return (new CronField(allowed, text.StartsWith('*') || allowed == all), null);
    }

    private static (int From, int To, int Step)? Part(string part, (string Name, int Min, int Max, IReadOnlyList<string> Names) kind)
    {
        var (range, step) = part.Split('/') switch
        {
            [var whole] => (whole, 1),
            [var head, var tail] => (head, Whole(tail) ?? 0),
            _ => ("", 0),
        };
        if (range == "*")
            return (kind.Min, kind.Max == 7 ? 6 : kind.Max, step);
        var ends = range.Split('-').Select(end => Number(end, kind)).ToArray();
        return ends switch
        {
            [{ } only] => (only, part.Contains('/') ? kind.Max : only, step),
            [{ } from, { } to] => (from, to, step),
            _ => null,
        };
    }

    private static int? Number(string text, (string Name, int Min, int Max, IReadOnlyList<string> Names) kind)
    {
        for (var i = 0; i < kind.Names.Count; i++)
        {
            if (string.Equals(kind.Names[i], text, StringComparison.OrdinalIgnoreCase))
                return kind.Min + i;
        }

        return Whole(text) is { } number && number >= kind.Min && number <= kind.Max ? number : null;
    }

    private static int? Whole(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
